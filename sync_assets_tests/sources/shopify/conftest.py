"""A simulated shop with a tenant, and what the tables must hold of it."""

import pytest

from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets_tests.demo.shop.conftest import SIZES as SIZES
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.demo.shop.conftest import clock as clock
from sync_assets_tests.demo.shop.conftest import site as site


@pytest.fixture
def tenant(site: ShopSite) -> Tenant:
    """With the app's static token."""
    return Tenant("loja", "shopify", "agency", site.url, Credentials("token", site.token))


@pytest.fixture
def granted(site: ShopSite) -> Tenant:
    """With the app's id and secret, which are good for a token a day."""
    account = Credentials(site.app.client_id, site.app.client_secret)
    return Tenant("loja", "shopify", "agency", site.url, account)
