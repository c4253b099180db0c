"""An inventory item belongs to one variant as a rule; some are shared by several, or have none."""

import json
from typing import Any

from sync_assets.core.records import Record, Scalar
from sync_assets.core.tenants import Tenant
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.shop import ShopSite
from sync_assets.sources.shopify.records import to_inventory
from sync_assets.sources.shopify.tables import INVENTORY
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import read


def variant(key: int) -> dict[str, Any]:
    product = {"id": f"gid://shopify/Product/{key // 10}"}
    return {"id": f"gid://shopify/ProductVariant/{key}", "product": product}


def item(*variants: dict[str, Any]) -> Record:
    node = {"id": "gid://shopify/InventoryItem/7", "inventoryLevels": [], "variants": [*variants]}
    return to_inventory({"id": 7, "node": node})


def value(record: Record, column: str) -> Scalar:
    return record.values[[known.name for known in INVENTORY.columns].index(column)]


def test_of_several_variants_the_first_by_id_stands_for_them():
    shared = item(variant(1000), variant(999), variant(2000))
    assert (value(shared, "variant_id"), value(shared, "product_id")) == (999, 99)
    original = value(shared, "original")
    assert isinstance(original, str)
    assert json.loads(original)["variants"] == [variant(999), variant(1000), variant(2000)]


def test_the_order_in_which_variants_come_changes_nothing():
    one, other = item(variant(1), variant(2)), item(variant(2), variant(1))
    assert one.content_hash() == other.content_hash()


def test_an_item_without_a_variant_is_kept():
    assert value(item(), "variant_id") is None


def test_an_item_whose_variants_are_null_has_none(site: ShopSite, tenant: Tenant, clock: Clock):
    def without(request: Request) -> Response | None:
        if b"inventoryItems(first" not in request.body:
            return None
        told = json.loads(request.answer().body)
        for node in told["data"]["inventoryItems"]["nodes"]:
            node["variants"] = None
        return Response.json(told)

    site.faults.add(without)
    found = read(tenant, clock, "inventory", 10**9)
    assert {value(record, "variant_id") for record in found} == {None}
