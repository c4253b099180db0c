"""Refunded orders of a bulk operation are read once more, and may be gone or unserved by then."""

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import sync_stream
from sync_assets.core.tenants import Tenant
from sync_assets.demo.messages import Request
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.orders import Order
from sync_assets.demo.shop.troubles import during, internal_error
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import OPTIONS, connected


@pytest.fixture
def refunded(site: ShopSite) -> Order:
    return next(order for order in site.shop.orders if order.refunds)


def sync(tenant: Tenant, clock: Clock, store: MemoryStore) -> Counts:
    with connected(tenant, clock) as connection:
        counts = sync_stream("orders", connection, store, OPTIONS, StopSignal())
    assert counts.adds_up()
    return counts


def test_one_that_was_deleted_meanwhile_is_no_dead_letter(
    site: ShopSite, tenant: Tenant, clock: Clock, refunded: Order
):
    deleted: list[int] = []

    def delete(request: Request) -> None:
        if request.path.startswith("/bulk/") and not deleted:
            deleted.append(refunded.id)
            site.desk.delete_order(refunded.id)

    site.faults.add(delete)
    store = MemoryStore()
    counts = sync(tenant, clock, store)
    assert deleted
    assert (counts.failed, counts.vanished, store.dead_letters) == (0, 1, {})
    assert store.live().keys() == {order.id for order in site.shop.orders}


def test_one_that_is_not_served_is_a_dead_letter_that_says_so(
    site: ShopSite, tenant: Tenant, clock: Clock, refunded: Order
):
    refuses = during(f'gid://shopify/Order/{refunded.id}"', internal_error(), times=None)
    site.faults.add(
        lambda request: refuses(request) if b"refundLineItems" in request.body else None
    )
    store = MemoryStore()
    counts = sync(tenant, clock, store)
    assert counts.failed == 1
    assert store.dead_letters == {
        (refunded.id, "orders"): "the source lists this record but does not serve it"
    }
    others = {order.id for order in site.shop.orders} - {refunded.id}
    assert store.live().keys() == others
