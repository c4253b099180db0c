"""After the first load what changed is listed; deletions come from events and from reconciling."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.truth import check, held
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres


@pytest.fixture
def synced(platform: Platform, site: ShopSite, tenant: Tenant, clock: Clock) -> Platform:
    """In step, two hours ago."""
    platform.tenants.add(tenant)
    for _ in range(2):  # what was sold shortly before the first load is read again by the second
        sync(platform, tenant.id)
        clock.forward(hours=2)
    site.received.clear()
    return platform


def asked(site: ShopSite, root: str) -> list[dict[str, Any]]:
    """The variables of all questions that listed this, since the shop's log was cleared."""
    bodies = [json.loads(x.body) for x in site.received if x.path.endswith("/graphql.json")]
    return [x["variables"] for x in bodies if f"{root}(first: $first" in x["query"]]


def test_a_question_for_what_changed_has_its_time_in_single_quotes(
    synced: Platform, site: ShopSite, clock: Clock
):
    sync(synced, "loja")
    since = clock.now - timedelta(hours=2, minutes=10) - timedelta(hours=1)
    for root in ("products", "orders"):
        (variables,) = asked(site, root)
        assert variables["query"] == f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'"


def test_what_did_not_change_is_neither_listed_nor_read(synced: Platform, site: ShopSite):
    edited = min(order.id for order in site.shop.orders)
    site.desk.edit_order(edited, note="urgente")
    counts = sync(synced, "loja", stream="orders")
    assert (counts.seen, counts.updated) == (1, 1)
    assert held(synced, "orders")[edited]["note"] == "urgente"


def test_what_the_listing_repeats_is_not_read_again(synced: Platform, site: ShopSite, clock: Clock):
    site.desk.edit_order(min(order.id for order in site.shop.orders), note="urgente")
    sync(synced, "loja", stream="orders")
    clock.forward(minutes=50)  # within the hour that the shop's search may be late
    sync(synced, "loja", stream="orders")
    clock.forward(minutes=50)
    site.received.clear()
    counts = sync(synced, "loja", stream="orders")
    assert (counts.seen, counts.unchanged) == (1, 1)
    assert not [x for x in site.received if b"nodes(ids: $ids)" in x.body]


def test_events_tell_what_was_deleted(synced: Platform, site: ShopSite):
    product = min(product.id for product in site.shop.products)
    order = min(order.id for order in site.shop.orders)
    site.desk.delete_product(product)
    site.desk.delete_order(order)
    for stream in ("products", "orders"):
        assert sync(synced, "loja", stream=stream).deleted == 1
    check(synced, site, "products", "orders")
    assert all("updated_at" in x["query"] for x in asked(site, "orders"))


def test_a_deletion_without_an_event_is_found_within_a_day(
    synced: Platform, site: ShopSite, clock: Clock
):
    order = min(order.id for order in site.shop.orders)
    site.desk.delete_order(order)
    site.shop.events.clear()
    assert sync(synced, "loja", stream="orders").deleted == 0
    clock.forward(hours=24)
    assert sync(synced, "loja", stream="orders").deleted == 1
    check(synced, site, "orders")


def test_an_event_of_something_that_is_there_deletes_nothing(synced: Platform, site: ShopSite):
    order = min(order.id for order in site.shop.orders)
    site.shop.record("destroy", "ORDER", f"gid://shopify/Order/{order}", "a mistake")
    counts = sync(synced, "loja", stream="orders")
    assert (counts.unchanged, counts.deleted) == (1, 0)
    check(synced, site, "orders")


def test_inventory_has_no_cursor_to_lose_anything_behind(synced: Platform, site: ShopSite):
    product = next(iter(site.shop.products))
    level = site.shop.stock.levels(product.variants[0])[0]
    site.desk.restock(level.item_id, level.location_id, 7)
    sync(synced, "loja", stream="inventory")
    assert all("query" not in variables for variables in asked(site, "inventoryItems"))
    check(synced, site, "inventory")


def test_a_full_sync_of_a_large_shop_is_one_bulk_operation(
    synced: Platform, site: ShopSite, tenant: Tenant
):
    large = replace(tenant, settings={"bulk_from": "10"})
    synced.tenants.update(large)
    counts = sync(synced, "loja", SyncOptions(full=True), stream="orders")
    assert [x.state for x in site.bulk.all] == ["COMPLETED"]
    assert (counts.seen, counts.unchanged) == (40, 40)
    assert asked(site, "orders") == []
