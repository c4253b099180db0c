"""Shopify keeps the contract of a source."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets_tests.contracts.shopify_lab import InventoryLab, OrdersLab, ProductsLab
from sync_assets_tests.contracts.source_contract import SourceContract
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.demo.shop.conftest import cache as cache


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(cache: Path, clock: Clock) -> Iterator[ShopSite]:
    with ShopSite.start(sizes=Sizes(products=20, orders=24), clock=clock, cache=cache) as site:
        yield site


class TestProducts(SourceContract):
    """Products, which are listed first and then read by id."""

    @pytest.fixture
    def lab(self, site: ShopSite, clock: Clock) -> ProductsLab:
        return ProductsLab(site, clock)


class TestOrders(SourceContract):
    """Orders, with connections inside of lists."""

    @pytest.fixture
    def lab(self, site: ShopSite, clock: Clock) -> OrdersLab:
        return OrdersLab(site, clock)


class TestInventory(SourceContract):
    """Inventory, whose contents come with the listing."""

    @pytest.fixture
    def lab(self, site: ShopSite, clock: Clock) -> InventoryLab:
        return InventoryLab(site, clock)
