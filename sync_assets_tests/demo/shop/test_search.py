"""Shopify's search syntax and the traps in it."""

import json
from datetime import UTC, datetime

import pytest

from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.numbering import gid, order_id, product_id
from sync_assets_tests.demo.shop.conftest import Ask, Clock

MIDDAY = datetime(2026, 10, 21, 12, tzinfo=UTC)


def found(data: Ask, root: str, query: str) -> list[str]:
    asked = f"{{{root}(first:250, query:{json.dumps(query)}){{nodes{{id}}}}}}"
    return [node["id"] for node in data(asked)[root]["nodes"]]


@pytest.fixture
def edited(site: ShopSite, clock: Clock) -> list[str]:
    """Two products edited on the 21st: at 12:00 and at 14:00, UTC."""
    site.desk.edit_product(product_id(2), title="Primeiro")
    clock.forward(hours=2)
    site.desk.edit_product(product_id(4), title="Segundo")
    return [gid("Product", product_id(2)), gid("Product", product_id(4))]


def test_a_quoted_time_is_compared_to_the_second(data: Ask, edited: list[str]) -> None:
    assert found(data, "products", "updated_at:>'2026-10-21T11:59:59Z'") == edited
    assert found(data, "products", "updated_at:>'2026-10-21T12:00:00Z'") == edited[1:]
    assert found(data, "products", "updated_at:>='2026-10-21T12:00:00Z'") == edited


def test_an_offset_is_understood(data: Ask, edited: list[str]) -> None:
    assert found(data, "products", "updated_at:>'2026-10-21T09:00:00-03:00'") == edited[1:]


def test_without_an_offset_a_time_is_the_shops(data: Ask, edited: list[str]) -> None:
    assert found(data, "products", "updated_at:>'2026-10-21T09:00:00'") == edited[1:]


def test_an_unquoted_time_loses_its_time_of_day(data: Ask, edited: list[str]) -> None:
    assert found(data, "products", "updated_at:>2026-10-21T13:00:00Z") == edited


def test_a_comparison_with_nothing_is_an_error(ask: Ask) -> None:
    answer = ask('{products(first:1, query:"updated_at:>"){nodes{id}}}')
    assert "no value" in answer["errors"][0]["message"]
    assert answer["data"] is None


@pytest.mark.parametrize("query", ["updated_at:>'yesterday'", "(id:1", "id:>x", "title:a OR"])
def test_nonsense_is_an_error(ask: Ask, query: str) -> None:
    answer = ask(f"{{products(first:1, query:{json.dumps(query)}){{nodes{{id}}}}}}")
    assert answer["errors"]


def test_an_unknown_field_does_not_filter_but_warns(ask: Ask) -> None:
    answer = ask("{products(first:250, query:\"modified_at:>'2030-01-01'\"){nodes{id}}}")
    assert len(answer["data"]["products"]["nodes"]) == 20
    [warned] = answer["extensions"]["search"]
    assert warned["path"] == ["products"]
    assert [(x["field"], x["code"]) for x in warned["warnings"]] == [
        ("modified_at", "invalid_field")
    ]


def test_terms_are_joined_by_and_unless_told(data: Ask, edited: list[str]) -> None:
    since = "updated_at:>='2026-10-21T12:00:00Z'"
    assert found(data, "products", f"{since} updated_at:<'2026-10-21T13:00:00Z'") == edited[:1]
    assert found(data, "products", f"{since} AND title:Segundo") == edited[1:]
    either = "title:Primeiro OR title:'Segundo'"
    assert found(data, "products", either) == edited
    assert found(data, "products", f"{since} AND NOT ({either})") == []
    assert found(data, "products", f"{since} -title:Primeiro") == edited[1:]


def test_a_lower_bound_behind_an_or_does_not_hide_the_rest(data: Ask) -> None:
    first = gid("Product", product_id(0))
    query = f"updated_at:>'2030-01-01' OR id:{product_id(0)}"
    asked = f"{{products(first:9, sortKey:UPDATED_AT, query:{json.dumps(query)}){{nodes{{id}}}}}}"
    assert [x["id"] for x in data(asked)["products"]["nodes"]] == [first]


def test_ids_are_compared_as_numbers(data: Ask) -> None:
    last = gid("Order", order_id(39))
    assert found(data, "orders", f"id:>{order_id(38)}") == [last]
    assert found(data, "orders", f"id:{order_id(39)}") == [last]


def test_orders_are_found_by_what_they_are(site: ShopSite, data: Ask) -> None:
    paid = [gid("Order", x.id) for x in site.shop.orders if x.financial_status == "PAID"]
    assert found(data, "orders", "financial_status:paid") == paid
    site.desk.cancel_order(order_id(3))
    assert gid("Order", order_id(3)) in found(data, "orders", "status:cancelled")
    assert len(found(data, "orders", "status:any")) == 40


def test_products_are_found_by_a_list_of_statuses(site: ShopSite, data: Ask) -> None:
    drafts = [gid("Product", x.id) for x in site.shop.products if x.status != "ACTIVE"]
    assert found(data, "products", "status:draft,archived") == drafts
    assert drafts


def test_items_and_levels_are_found_by_their_own_times(
    site: ShopSite, clock: Clock, data: Ask
) -> None:
    variant = site.shop.products[product_id(2)].variants[0]
    site.desk.edit_variant(variant.id, sku="NEW")
    since = "updated_at:>='2026-10-21T12:00:00Z'"
    item = gid("InventoryItem", variant.item_id)
    assert found(data, "inventoryItems", since) == [item]
    clock.forward(hours=1)
    where = site.shop.stock.locations[0].id
    site.desk.restock(variant.item_id, where)
    assert found(data, "inventoryItems", "updated_at:>='2026-10-21T13:00:00Z'") == []
    asked = """query($id:ID!){inventoryItem(id:$id){inventoryLevels(first:9,
      query:"updated_at:>='2026-10-21T13:00:00Z'"){nodes{location{id}}}}}"""
    levels = data(asked, id=item)["inventoryItem"]["inventoryLevels"]["nodes"]
    assert levels == [{"location": {"id": gid("Location", where)}}]
