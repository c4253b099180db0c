"""A simulated shop with a tenant, and what the tables must hold of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.demo.shop.conftest import cache as cache

SIZES = Sizes(products=20, orders=40)  # number 5 has 120 variants, order 7 has 75 lines


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(cache: Path, clock: Clock) -> Iterator[ShopSite]:
    with ShopSite.start(sizes=SIZES, clock=clock, cache=cache) as site:
        yield site


@pytest.fixture
def tenant(site: ShopSite) -> Tenant:
    """With the app's static token."""
    return Tenant("loja", "shopify", "agency", site.url, Credentials("token", site.token))


@pytest.fixture
def granted(site: ShopSite) -> Tenant:
    """With the app's id and secret, which are good for a token a day."""
    account = Credentials(site.app.client_id, site.app.client_secret)
    return Tenant("loja", "shopify", "agency", site.url, account)
