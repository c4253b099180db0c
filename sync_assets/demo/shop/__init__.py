"""A simulated Shopify shop: the published Admin GraphQL schema, executed over a made-up shop."""

from sync_assets.demo.shop.data.sizes import Sizes
from sync_assets.demo.shop.site import ShopSite

__all__ = ["ShopSite", "Sizes"]
