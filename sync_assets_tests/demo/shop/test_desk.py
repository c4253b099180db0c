"""What a merchant does, and which `updatedAt` moves by it."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.data.goods import Variant
from sync_assets.demo.shop.data.numbering import gid, order_id, product_id
from sync_assets_tests.demo.shop.conftest import Ask, Clock


@pytest.fixture
def later(clock: Clock) -> datetime:
    """The time of the deed, an hour after everything else."""
    return clock.forward(hours=1)


def tracked(site: ShopSite) -> Variant:
    return next(item.variant for item in site.shop.items() if item.variant.tracked)


def times(site: ShopSite, variant: Variant) -> tuple[datetime, datetime, datetime]:
    """Of the product, the variant and the inventory item."""
    product = site.shop.products[variant.product_id]
    now = next(x for x in product.variants if x.id == variant.id)
    return product.updated_at, now.updated_at, now.item_updated_at


def test_an_edited_product_moves_alone(site: ShopSite, later: datetime) -> None:
    before = site.shop.products[product_id(2)]
    site.desk.edit_product(before.id, title="Novo nome", tags=("a",))
    after = site.shop.products[before.id]
    assert (after.title, after.tags, after.updated_at) == ("Novo nome", ("a",), later)
    assert after.variants == before.variants
    assert site.shop.products.by_update()[-1] == (int(later.timestamp()), before.id)


def test_a_new_price_moves_variant_and_product_but_not_the_item(
    site: ShopSite, later: datetime
) -> None:
    variant = tracked(site)
    site.desk.edit_variant(variant.id, price=Decimal("12.34"))
    assert times(site, variant) == (later, later, variant.item_updated_at)


def test_a_new_sku_moves_the_item_too(site: ShopSite, later: datetime) -> None:
    variant = tracked(site)
    site.desk.edit_variant(variant.id, sku="X")
    assert times(site, variant) == (later, later, later)


def test_a_restock_moves_level_variant_and_product_but_not_the_item(
    site: ShopSite, later: datetime
) -> None:
    variant = tracked(site)
    where = site.shop.stock.locations[0].id
    before = site.shop.stock.level(variant, where)
    assert before
    after = site.desk.restock(variant.item_id, where, 5)
    assert after.quantities["available"] == before.quantities["available"] + 5
    assert after.quantities["on_hand"] == before.quantities["on_hand"] + 5
    assert after.updated_at == after.moved_at["available"] == later
    assert after.moved_at["incoming"] == before.moved_at["incoming"]
    assert times(site, variant) == (later, later, variant.item_updated_at)


def test_a_shop_may_keep_its_products_still_when_stock_moves(
    site: ShopSite, later: datetime
) -> None:
    site.shop.habits.stock_moves_products = False
    variant = tracked(site)
    before = times(site, variant)
    level = site.desk.restock(variant.item_id, site.shop.stock.locations[0].id)
    assert times(site, variant) == before
    assert level.updated_at == later


def test_what_is_on_its_way_moves_the_level_only(site: ShopSite, later: datetime) -> None:
    variant = tracked(site)
    before = times(site, variant)
    where = site.shop.stock.locations[0].id
    level = site.desk.move_stock(variant.item_id, where, incoming=7)
    assert (times(site, variant), level.updated_at) == (before, later)


def test_a_refund_moves_the_order_and_its_money(site: ShopSite, later: datetime) -> None:
    order = next(x for x in site.shop.orders if x.financial_status == "PAID" and x.shipping)
    refund = site.desk.refund(order.id)
    after = site.shop.orders[order.id]
    assert (after.updated_at, refund.created_at) == (later, later)
    assert after.financial_status == "PARTIALLY_REFUNDED"  # the shipping stays paid
    assert refund.total == after.refunded == order.total - order.shipping
    assert [after.returned(line.id) for line in order.lines] == [x.quantity for x in order.lines]


def test_what_was_never_paid_is_let_off_and_not_paid_back(site: ShopSite) -> None:
    order = next(x for x in site.shop.orders if not x.received and not x.cancelled_at)
    refund = site.desk.refund(order.id)
    after = site.shop.orders[order.id]
    assert (refund.transactions, after.refunded) == ((), 0)
    assert after.current_total == after.outstanding == order.shipping


def test_a_restocked_refund_makes_things_available_again(site: ShopSite) -> None:
    order = next(x for x in site.shop.orders if x.financial_status == "PAID")
    line = order.lines[0]
    variant = next(x.variant for x in site.shop.items() if x.variant.id == line.variant_id)
    where = site.shop.stock.locations[0].id
    before = site.shop.stock.level(variant, where)
    refund = site.desk.refund(order.id, {line.id: 1}, restock=True)
    after = site.shop.stock.level(variant, where)
    assert before
    assert after
    assert after.quantities["available"] == before.quantities["available"] + 1
    assert (refund.lines[0].restock_type, refund.lines[0].location_id) == ("RETURN", where)


def test_a_cancelled_order_says_why(site: ShopSite, later: datetime) -> None:
    order = site.desk.cancel_order(order_id(2), "FRAUD")
    assert (order.cancelled_at, order.cancel_reason, order.updated_at) == (later, "FRAUD", later)


def test_a_new_order_commits_what_it_sells(site: ShopSite, later: datetime) -> None:
    identity = site.desk.add_order(lines=3)
    order = site.shop.orders[identity]
    assert (order.created_at, order.updated_at, len(order.lines)) == (later, later, 3)
    assert order.financial_status == "PAID"
    assert identity == max(x.id for x in site.shop.orders)
    levels = [level for level in site.shop.levels() if level.updated_at == later]
    assert levels
    assert all(level.moved_at["committed"] == later for level in levels)


def test_a_new_product_is_there_with_its_items(site: ShopSite, data: Ask) -> None:
    identity = site.desk.add_product("Vela", "10.00", variants=2)
    query = """query($id:ID!){product(id:$id){title createdAt variants(first:5){nodes{price
      inventoryItem{inventoryLevels(first:5){nodes{id}}}}}}}"""
    seen = data(query, id=gid("Product", identity))["product"]
    assert seen["title"] == "Vela"
    assert [x["price"] for x in seen["variants"]["nodes"]] == ["10.00", "10.00"]
    assert site.shop.count_items() == len(list(site.shop.items()))


def test_what_is_deleted_leaves_an_event(site: ShopSite, data: Ask, later: datetime) -> None:
    site.desk.delete_product(product_id(4))
    site.desk.delete_order(order_id(9))
    query = """query($q:String!){events(first:10, query:$q){nodes{action createdAt
      ...on BasicEvent{subjectId subjectType subject{__typename}}}}}"""
    told = f"action:destroy AND subject_type:PRODUCT AND created_at:>='{later.isoformat()}'"
    [event] = data(query, q=told)["events"]["nodes"]
    assert event["subjectId"] == gid("Product", product_id(4))
    assert (event["subjectType"], event["subject"]) == ("PRODUCT", None)
    [order] = data(query, q="action:destroy subject_type:ORDER")["events"]["nodes"]
    assert order["subjectId"] == gid("Order", order_id(9))


def test_a_deleted_product_takes_its_items_and_levels_along(site: ShopSite, data: Ask) -> None:
    line = site.shop.orders[order_id(1)].lines[0]
    items = {
        x.variant.item_id for x in site.shop.items() if x.variant.product_id == line.product_id
    }
    site.desk.delete_product(line.product_id)
    left = {item.id for item in site.shop.items()}
    assert not items & left
    assert not items & {level.item_id for level in site.shop.levels()}
    query = (
        "query($id:ID!){order(id:$id){lineItems(first:9){nodes{title product{id} variant{id}}}}}"
    )
    seen = data(query, id=gid("Order", order_id(1)))["order"]["lineItems"]["nodes"][0]
    assert seen == {"title": line.title, "product": None, "variant": None}


def test_a_deleted_variant_is_an_update_of_its_product(site: ShopSite, later: datetime) -> None:
    product = site.shop.products[product_id(5)]
    site.desk.delete_variant(product.variants[3].id)
    after = site.shop.products[product.id]
    assert (len(after.variants), after.updated_at) == (119, later)
    assert not site.shop.stock.has_variant(product.variants[3].id)


def test_an_empty_shop_can_be_filled_by_hand(cache: Path) -> None:
    with ShopSite.start(sizes=Sizes(products=0, orders=0), cache=cache) as site:
        product, order = site.desk.add_product(variants=2), site.desk.add_order()
        assert [x.id for x in site.shop.products] == [product] == [product_id(0)]
        assert [x.id for x in site.shop.orders] == [order] == [order_id(0)]
        assert len(list(site.shop.items())) == 2


def test_an_id_is_never_used_again(site: ShopSite) -> None:
    first = site.desk.add_product()
    site.desk.delete_product(first)
    assert site.desk.add_product() > first


def test_deeds_on_what_is_not_there_fail(site: ShopSite) -> None:
    site.desk.delete_product(product_id(1))
    with pytest.raises(KeyError):
        site.desk.edit_product(product_id(1), title="x")
    with pytest.raises(KeyError):
        site.desk.refund(1)
    with pytest.raises(KeyError):
        site.desk.restock(1, site.shop.stock.locations[0].id)
