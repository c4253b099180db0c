"""Large shops are read by bulk operations, which fail, end, and survive whoever began them."""

import contextlib
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import SyncOptions
from sync_assets.core.records import Record
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import sync_stream
from sync_assets.core.tenants import Tenant
from sync_assets.demo.faults import Fault, truncated
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.troubles import during, internal_error
from sync_assets.sources.shopify import Shopify
from sync_assets.sources.shopify.bulk import Pauses
from sync_assets.sources.shopify.connection import ShopifyConnection, Sizes
from sync_assets_tests.contracts.wordpress_lab import Impatient
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.demo.shop.conftest import Clock

STREAMS = ["products", "inventory", "orders"]
streams = pytest.mark.parametrize("stream", STREAMS)
OPTIONS = SyncOptions(batch_size=7)
QUICK = Pauses(looks=0.01)


def source(clock: Clock, bulk_from: int = 1, pauses: Pauses = QUICK) -> Shopify:
    sizes = Sizes(bulk_from=bulk_from, pauses=pauses)
    return Shopify(allow_private=True, backoff=Impatient(base=0.01), sizes=sizes, clock=clock)


@contextlib.contextmanager
def connected(tenant: Tenant, clock: Clock, bulk_from: int = 1) -> Generator[ShopifyConnection]:
    shop = source(clock, bulk_from)
    with shop.connect(tenant, OPTIONS, StopSignal()) as connection:
        assert isinstance(connection, ShopifyConnection)
        yield connection


def sync(
    tenant: Tenant, clock: Clock, stream: str, store: MemoryStore, *, full: bool = False
) -> None:
    options = replace(OPTIONS, full=full)
    with connected(tenant, clock) as connection:
        assert sync_stream(stream, connection, store, options, StopSignal()).adds_up()


def keys_of(site: ShopSite, stream: str) -> set[int]:
    """What there is of a stream."""
    shop = site.shop
    if stream == "inventory":
        return {item.id for item in shop.items()}
    return {record.id for record in (shop.products if stream == "products" else shop.orders)}


def read(tenant: Tenant, clock: Clock, stream: str, bulk_from: int) -> list[Record]:
    """Every record, as a first load reads it."""
    with connected(tenant, clock, bulk_from) as connection:
        (collection,) = connection.collections(stream)
        collection = collection.with_contents()
        found: dict[int, Record] = {}
        for page in collection.listing():
            keys = [sighting.key for sighting in page.sightings]
            payloads = page.payloads if collection.inline else collection.fetch(keys).payloads
            found |= {record.key: record for record in map(collection.to_record, payloads)}
        return list(found.values())


def records(tenant: Tenant, clock: Clock, stream: str, bulk_from: int) -> dict[int, bytes]:
    """The hash of every record, as a first load reads it."""
    found = read(tenant, clock, stream, bulk_from)
    return {record.key: record.content_hash() for record in found}


@streams
def test_a_bulk_operation_reads_what_pages_read(
    site: ShopSite, tenant: Tenant, clock: Clock, stream: str
):
    in_bulk = records(tenant, clock, stream, bulk_from=1)
    assert len(site.bulk.all) == 1
    assert in_bulk == records(tenant, clock, stream, bulk_from=10**9)
    assert len(in_bulk) >= 20


def test_only_orders_with_refunds_are_read_once_more_and_together(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    """A question for one order costs half as much as one for a hundred."""
    for key in site.shop.orders.by_id()[::4]:
        if not site.shop.orders[key].refunds:
            site.desk.refund(key, None)
    lacking = sum(bool(order.refunds) for order in site.shop.orders)
    for stream in STREAMS:
        records(tenant, clock, stream, bulk_from=1)
    bodies = [request.body for request in site.received if b"nodes(ids" in request.body]
    assert len(bodies) == -(-lacking // OPTIONS.batch_size) > 1
    assert sum(body.count(b"gid://shopify/Order/") for body in bodies) == lacking


def test_a_small_shop_is_read_without_one(site: ShopSite, tenant: Tenant, clock: Clock):
    records(tenant, clock, "products", bulk_from=21)
    assert site.bulk.all == []


@pytest.mark.parametrize(("more", "operations"), [(0, 1), (1, 0)])
def test_inventory_is_large_by_its_variants(
    site: ShopSite, tenant: Tenant, clock: Clock, more: int, operations: int
):
    variants = sum(len(product.variants) for product in site.shop.products)
    assert variants > 5 * len(site.shop.products)
    records(tenant, clock, "inventory", bulk_from=variants + more)
    assert len(site.bulk.all) == operations


def test_an_operation_that_fails_half_way_is_begun_again(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.bulk.knobs.fails_after = 30
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert [x.state for x in site.bulk.all] == ["FAILED", "COMPLETED"]
    assert store.live().keys() == {product.id for product in site.shop.products}


def test_partial_data_is_never_taken_for_a_result(site: ShopSite, tenant: Tenant, clock: Clock):
    store = MemoryStore()
    site.bulk.knobs.fails_after = 30

    def fail_again(_: object) -> None:
        site.bulk.knobs.fails_after = 30

    site.faults.add(fail_again)
    with pytest.raises(RetryLater, match="bulk"):
        sync(tenant, clock, "products", store)
    assert all(x.partial_data_url for x in site.bulk.all)
    assert (store.rows, store.checkpoints["products"].loaded) == ({}, False)


def test_a_download_that_breaks_off_is_begun_anew(site: ShopSite, tenant: Tenant, clock: Clock):
    site.faults.add(Fault(truncated(), path="/bulk/", times=2))
    store = MemoryStore()
    sync(tenant, clock, "orders", store)
    assert store.live().keys() == {order.id for order in site.shop.orders}
    assert len(site.bulk.all) == 1


def test_an_operation_whose_beginning_was_not_heard_of_is_not_begun_twice(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.bulk.knobs.waits = 0.2
    site.faults.add(during("bulkOperationRunQuery", truncated()))
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 1
    assert len(store.live()) == 20


@pytest.mark.parametrize("waits", [0.2, 0.0], ids=["under way", "done by then"])
@pytest.mark.parametrize("stream", ["products", "inventory"])
def test_where_the_shop_allows_five_none_is_begun_twice_either(
    site: ShopSite, tenant: Tenant, clock: Clock, stream: str, waits: float
):
    site.bulk.knobs.at_once, site.bulk.knobs.waits = 5, waits
    site.faults.add(during("bulkOperationRunQuery", truncated(), times=2))
    sync(tenant, clock, stream, MemoryStore())
    assert len(site.bulk.all) == 1


def test_a_beginning_that_was_not_heard_is_asked_for_again(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.faults.add(during("bulkOperationRunQuery", internal_error(), times=2))
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 1
    assert len(store.live()) == 20


class Killed(Exception):
    pass


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_after_a_crash_the_same_operation_is_read_on(
    site: ShopSite, tenant: Tenant, clock: Clock, writes: int
):
    calls: list[str] = []

    def die(call: str) -> None:
        calls.append(call)
        if calls.count("write") > writes:
            raise Killed

    store = MemoryStore(hook=die)
    with pytest.raises(Killed):
        sync(tenant, clock, "orders", store)
    store.hook = lambda _: None
    clock.forward(minutes=5)
    sync(tenant, clock, "orders", store)
    assert store.live().keys() == {order.id for order in site.shop.orders}
    assert len(site.bulk.all) == 1


class DiesWhileWaiting(MemoryStore):
    """The store of a process that is killed in front of an operation that is not done."""

    dies = True

    def progress(self, counts: Counts) -> None:
        if self.dies:
            raise Killed
        super().progress(counts)


@streams
def test_an_operation_under_way_is_joined(
    site: ShopSite, tenant: Tenant, clock: Clock, stream: str
):
    site.bulk.knobs.waits = 0.3
    store = DiesWhileWaiting()
    for _ in range(3):
        with pytest.raises(Killed):
            sync(tenant, clock, stream, store)
        clock.forward(seconds=20)
    store.dies = False
    sync(tenant, clock, stream, store)
    assert len(site.bulk.all) == 1
    assert store.live().keys() == keys_of(site, stream)


def test_another_attempt_at_a_full_sync_joins_its_operation(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    store = DiesWhileWaiting()
    store.dies = False
    sync(tenant, clock, "orders", store)
    clock.forward(hours=1)
    site.bulk.knobs.waits = 0.3
    store.dies = True
    for _ in range(3):
        with pytest.raises(Killed):
            sync(tenant, clock, "orders", store, full=True)
        clock.forward(seconds=20)
    store.dies = False
    sync(tenant, clock, "orders", store, full=True)
    assert len(site.bulk.all) == 2


def test_what_changed_after_a_joined_operation_began_is_found_by_the_next_sync(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.bulk.knobs.waits = 0.1
    store = DiesWhileWaiting()
    with pytest.raises(Killed):
        sync(tenant, clock, "products", store)
    store.dies = False
    site.bulk.join()
    key = min(product.id for product in site.shop.products)
    site.desk.edit_product(key, title="In the very second of the operation")
    clock.forward(hours=1)
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 1
    sync(tenant, clock, "products", store)
    assert store.rows[key].record.values[0] == "In the very second of the operation"


def test_nobody_elses_operation_is_taken_for_ours(site: ShopSite, tenant: Tenant, clock: Clock):
    sync(tenant, clock, "products", MemoryStore())
    site.desk.delete_product(min(product.id for product in site.shop.products))
    clock.forward(minutes=1)
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 2
    assert store.live().keys() == {product.id for product in site.shop.products}


def test_another_app_part_s_operation_is_waited_for(site: ShopSite, tenant: Tenant, clock: Clock):
    site.bulk.knobs.waits = 0.2
    with connected(tenant, clock) as connection:
        (products,) = connection.collections("products")
        (orders,) = connection.collections("orders")
        first = products.with_contents().listing()
        next(first)
        found = [x for page in orders.with_contents().listing() for x in page.sightings]
    assert len(found) == 40
    assert [x.state for x in site.bulk.all] == ["COMPLETED", "COMPLETED"]


def test_an_expired_address_is_asked_for_again(site: ShopSite, tenant: Tenant, clock: Clock):
    site.bulk.knobs.url_lasts = timedelta(0)

    def lasting(_: object) -> None:
        if len(site.bulk.all) >= 1 and site.bulk.all[0].status == "EXPIRED":
            site.bulk.knobs.url_lasts = timedelta(days=7)

    site.faults.add(lasting)
    store = MemoryStore()
    sync(tenant, clock, "products", store)
    assert len(site.bulk.all) == 2
    assert len(store.live()) == 20


def test_inventory_is_read_anew_by_every_sync(site: ShopSite, tenant: Tenant, clock: Clock):
    store = MemoryStore()
    sync(tenant, clock, "inventory", store)
    level = next(x for p in site.shop.products for x in site.shop.stock.levels(p.variants[0]))
    site.desk.restock(level.item_id, level.location_id, 5)
    clock.forward(minutes=1)
    store.writes.clear()
    sync(tenant, clock, "inventory", store)
    assert store.writes == [level.item_id]
    assert len(site.bulk.all) == 2
