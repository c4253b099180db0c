"""Whole syncs of a simulated shop into PostgreSQL: the tables equal what the shop holds."""

from decimal import Decimal

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Hint
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets.enqueue import hint
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.truth import check, held
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres


def test_a_first_sync_holds_every_field_of_the_shop(
    platform: Platform, site: ShopSite, tenant: Tenant
):
    platform.tenants.add(tenant)
    counts = sync(platform, tenant.id)
    check(platform, site)
    assert (counts.failed, counts.repaired, counts.updated) == (0, 0, 0)


def test_a_second_sync_writes_nothing(platform: Platform, tenant: Tenant):
    platform.tenants.add(tenant)
    sync(platform, tenant.id)
    counts = sync(platform, tenant.id)
    assert (counts.created, counts.updated, counts.deleted, counts.failed) == (0, 0, 0, 0)


def test_edits_refunds_restocks_and_deletions_arrive(
    platform: Platform, site: ShopSite, tenant: Tenant, clock: Clock
):
    platform.tenants.add(tenant)
    sync(platform, tenant.id)
    clock.forward(hours=1)
    product, other, gone = (
        site.shop.products[key] for key in sorted(p.id for p in site.shop.products)[:3]
    )
    order, second, lost = sorted(order.id for order in site.shop.orders)[:3]
    site.desk.edit_product(product.id, title="Outro nome")
    site.desk.edit_variant(other.variants[0].id, price=Decimal("19.90"))
    site.desk.add_product("Novidade", variants=3)
    site.desk.delete_product(gone.id)
    level = site.shop.stock.levels(product.variants[0])[0]
    site.desk.restock(level.item_id, level.location_id, 7)
    site.desk.refund(order, None, note="volta")
    site.desk.cancel_order(second)
    site.desk.delete_order(lost)
    site.desk.add_order(lines=3)
    sync(platform, tenant.id)
    check(platform, site)
    assert held(platform, "orders")[order]["refunds"][-1]["note"] == "volta"


def test_a_variant_that_was_deleted_leaves_its_product(
    platform: Platform, site: ShopSite, tenant: Tenant, clock: Clock
):
    platform.tenants.add(tenant)
    sync(platform, tenant.id)
    clock.forward(hours=1)
    product = next(p for p in site.shop.products if len(p.variants) > 2)
    site.desk.delete_variant(product.variants[1].id)
    sync(platform, tenant.id)
    check(platform, site, "products")


def test_what_webhooks_told_of_is_looked_at_alone(
    platform: Platform, site: ShopSite, tenant: Tenant, clock: Clock
):
    platform.tenants.add(tenant)
    sync(platform, tenant.id)
    clock.forward(hours=1)
    gone, edited, untold = sorted(product.id for product in site.shop.products)[:3]
    order = min(order.id for order in site.shop.orders)
    site.desk.delete_product(gone)
    site.desk.edit_product(edited, title="Outro nome")
    site.desk.edit_product(untold, title="Ainda não")
    site.desk.refund(order, None)
    told = [Hint("products", "products", gone), Hint("products", "products", edited)]
    hint(platform, tenant.id, [*told, Hint("orders", "orders", order)], asked_by="shopify")
    counts = sync(platform, tenant.id, SyncOptions(hinted=True))
    assert (counts.updated, counts.deleted) == (2, 1)
    products = held(platform, "products")
    assert gone not in products
    assert products[edited]["title"] == "Outro nome"
    assert products[untold]["title"] != "Ainda não"
    check(platform, site, "orders")
