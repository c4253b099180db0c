"""The files of bulk operations: nothing is kept of one that is not whole, and another is made."""

from collections.abc import Callable

import pytest

from sync_assets.core.errors import RetryLater
from sync_assets.core.tenants import Tenant
from sync_assets.demo.messages import Request
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.bulk.operation import Operation
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import sync

Spoil = Callable[[Operation], None]


def shorter(operation: Operation) -> None:
    """The last record is missing, and the announced size is the old one."""
    lines = operation.path.read_bytes().splitlines(keepends=True)
    operation.path.write_bytes(b"".join(lines[:-1]))


def a_record_less(operation: Operation) -> None:
    """A product and its variants are missing, and the shop gives the size of what there is."""
    lines = operation.path.read_bytes().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"__parentId"' not in line)
    operation.path.write_bytes(b"".join(lines[:last]))
    operation.size = operation.path.stat().st_size


def disordered(operation: Operation) -> None:
    """A variant comes behind another product."""
    lines = operation.path.read_bytes().splitlines(keepends=True)
    operation.path.write_bytes(b"".join([lines[0], *lines[2:], lines[1]]))


def garbled(operation: Operation) -> None:
    """A line is no JSON."""
    operation.path.write_bytes(operation.path.read_bytes().replace(b"{", b"[", 1))


@pytest.fixture
def spoil(site: ShopSite) -> Callable[[Spoil, int], None]:
    """Spoil the files of so many operations, before they are fetched."""

    def add(how: Spoil, times: int) -> None:
        spoilt: set[int] = set()

        def strike(request: Request) -> None:
            if not request.path.startswith("/bulk/") or len(spoilt) == times:
                return
            operation = site.bulk.all[-1]
            if operation.id not in spoilt:
                spoilt.add(operation.id)
                how(operation)

        site.faults.add(strike)

    return add


@pytest.mark.parametrize("how", [shorter, a_record_less, disordered, garbled])
def test_a_file_that_is_not_whole_is_made_anew(
    site: ShopSite,
    tenant: Tenant,
    clock: Clock,
    spoil: Callable[[Spoil, int], None],
    how: Spoil,
):
    spoil(how, 2)
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 3
    assert store.live().keys() == {product.id for product in site.shop.products}
    assert store.dead_letters == {}
    assert len(store.writes) == len(set(store.writes))  # nothing was kept of the spoilt ones


@pytest.mark.parametrize("how", [shorter, a_record_less])
def test_the_next_attempt_does_not_end_at_an_old_file(
    site: ShopSite,
    tenant: Tenant,
    clock: Clock,
    spoil: Callable[[Spoil, int], None],
    how: Spoil,
):
    spoil(how, 3)
    store = MemoryStore()
    with pytest.raises(RetryLater, match="not their whole results"):
        sync(tenant, clock, "products", store)
    assert store.rows == {}
    clock.forward(minutes=5)
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 4
    assert store.live().keys() == {product.id for product in site.shop.products}
