"""Shopify: products, inventory and orders, over its Admin GraphQL API."""

from sync_assets.sources.shopify.source import Shopify

__all__ = ["Shopify"]
