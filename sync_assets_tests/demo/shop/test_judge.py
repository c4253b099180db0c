"""An independent client reads the shop: Shopify's own library for Python, which is not ours."""

import importlib
import json
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.goods import QUANTITIES, Level, Product
from sync_assets.demo.shop.data.orders import Line, Order, Refund
from sync_assets_tests.demo.shop.conftest import moment

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, of old Pythons
    shopify: Any = importlib.import_module("shopify")

Execute = Callable[..., dict[str, Any]]

BAG = "{shopMoney{amount currencyCode} presentmentMoney{amount currencyCode}}"
PAGE = "pageInfo{hasNextPage endCursor}"
PRODUCTS = f"""query($after:String){{products(first:7, after:$after, sortKey:UPDATED_AT){{
  nodes{{id legacyResourceId title handle descriptionHtml vendor productType status tags
    createdAt updatedAt publishedAt options{{name position values}}
    variants(first:250){{nodes{{id title sku barcode price compareAtPrice position createdAt
      updatedAt selectedOptions{{name value}} inventoryItem{{id tracked unitCost{{amount}}}}}}}}}}
  {PAGE}}}}}"""
ITEMS = f"""query($after:String){{inventoryItems(first:50, after:$after){{
  nodes{{id sku tracked createdAt updatedAt inventoryLevels(first:20){{nodes{{id createdAt updatedAt
    location{{id}} quantities(names:{json.dumps(QUANTITIES)}){{name quantity updatedAt}}}}}}}}
  {PAGE}}}}}"""
ORDERS = f"""query($after:String){{orders(first:9, after:$after, sortKey:UPDATED_AT){{
  nodes{{id name createdAt updatedAt cancelledAt cancelReason closedAt test note tags
    displayFinancialStatus displayFulfillmentStatus currencyCode presentmentCurrencyCode
    taxesIncluded discountCodes customer{{id email}}
    totalPriceSet{BAG} subtotalPriceSet{BAG} totalTaxSet{BAG} totalDiscountsSet{BAG}
    totalShippingPriceSet{BAG} totalRefundedSet{BAG} currentTotalPriceSet{BAG}
    transactions(first:20){{id kind status gateway amountSet{BAG} createdAt}}
    lineItems(first:100){{nodes{{id title variantTitle sku vendor quantity currentQuantity
      product{{id}} variant{{id}} originalUnitPriceSet{BAG} totalDiscountSet{BAG}
      discountAllocations{{allocatedAmountSet{BAG}}}
      taxLines{{priceSet{BAG}}}}}}}
    refunds{{id note createdAt totalRefundedSet{BAG} refundLineItems(first:100){{nodes{{id quantity
      restockType lineItem{{id}} location{{id}} priceSet{BAG} subtotalSet{BAG}
      totalTaxSet{BAG}}}}}}}}}
  {PAGE}}}}}"""


@pytest.fixture
def execute(site: ShopSite) -> Iterator[Execute]:
    # The library makes a host of the first label and a domain: 127 and 0.0.1.
    port = urllib.parse.urlsplit(site.url).port
    shopify.Session.setup(protocol="http", myshopify_domain="0.0.1", port=port)
    session = shopify.Session("127.0.0.1", "2026-10", site.token)
    shopify.ShopifyResource.activate_session(session)

    def execute(query: str, **variables: Any) -> dict[str, Any]:
        answer = json.loads(shopify.GraphQL().execute(query, variables))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    yield execute
    shopify.ShopifyResource.clear_session()
    shopify.Session.setup(protocol="https", myshopify_domain="myshopify.com", port=None)


def read_all(execute: Execute, query: str, root: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = execute(query, after=after)[root]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def number(gid: str) -> int:
    return int(gid.rsplit("/", 1)[-1].partition("?")[0])


def of_shop(bag: dict[str, Any]) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def optional(text: str | None) -> object:
    return moment(text) if text else None


def test_it_reads_every_product_as_it_is(site: ShopSite, execute: Execute) -> None:
    found = read_all(execute, PRODUCTS, "products")
    assert [number(x["id"]) for x in found] == [x for _, x in site.shop.products.by_update()]
    for seen in found:
        compare_product(seen, site.shop.products[number(seen["id"])])


def compare_product(seen: dict[str, Any], product: Product) -> None:
    told = (seen["title"], seen["handle"], seen["descriptionHtml"], seen["vendor"])
    assert told == (product.title, product.handle, product.description_html, product.vendor)
    assert (seen["productType"], seen["status"]) == (product.product_type, product.status)
    assert seen["tags"] == list(product.tags)
    times = (moment(seen["createdAt"]), moment(seen["updatedAt"]), optional(seen["publishedAt"]))
    assert times == (product.created_at, product.updated_at, product.published_at)
    assert [(x["name"], tuple(x["values"])) for x in seen["options"]] == [
        (x.name, x.values) for x in product.options
    ]
    variants = seen["variants"]["nodes"]
    assert len(variants) == len(product.variants)
    for one, variant in zip(variants, product.variants, strict=True):
        ids = (number(one["id"]), number(one["inventoryItem"]["id"]), one["position"])
        assert ids == (variant.id, variant.item_id, variant.position)
        assert (one["title"], one["sku"], one["barcode"]) == (
            variant.title, variant.sku, variant.barcode,
        )  # fmt: skip
        assert Decimal(one["price"]) == variant.price
        before = one["compareAtPrice"]
        assert (Decimal(before) if before else None) == variant.compare_at_price
        cost = one["inventoryItem"]["unitCost"]
        assert (Decimal(cost["amount"]) if cost else None) == variant.unit_cost
        chosen = tuple((x["name"], x["value"]) for x in one["selectedOptions"])
        assert chosen == variant.choices
        assert moment(one["updatedAt"]) == variant.updated_at


def test_it_reads_every_level_of_the_inventory(site: ShopSite, execute: Execute) -> None:
    found = read_all(execute, ITEMS, "inventoryItems")
    items = list(site.shop.items())
    assert [number(x["id"]) for x in found] == [item.id for item in items]
    for seen, item in zip(found, items, strict=True):
        assert (seen["sku"], seen["tracked"]) == (item.variant.sku, item.variant.tracked)
        assert moment(seen["updatedAt"]) == item.updated_at
    seen_levels = [level for item in found for level in item["inventoryLevels"]["nodes"]]
    levels = list(site.shop.levels())
    assert len(seen_levels) == len(levels) > len(items)
    for seen, level in zip(seen_levels, levels, strict=True):
        compare_level(seen, level)


def compare_level(seen: dict[str, Any], level: Level) -> None:
    assert seen["id"].endswith(f"/{level.location_id}?inventory_item_id={level.item_id}")
    assert number(seen["location"]["id"]) == level.location_id
    assert moment(seen["updatedAt"]) == level.updated_at
    quantities = {x["name"]: x["quantity"] for x in seen["quantities"]}
    assert quantities == level.quantities
    moved = {x["name"]: moment(x["updatedAt"]) for x in seen["quantities"]}
    assert moved == level.moved_at


def test_it_reads_every_order_to_the_cent(site: ShopSite, execute: Execute) -> None:
    found = read_all(execute, ORDERS, "orders")
    assert [number(x["id"]) for x in found] == [x for _, x in site.shop.orders.by_update()]
    for seen in found:
        compare_order(seen, site.shop.orders[number(seen["id"])])


def compare_order(seen: dict[str, Any], order: Order) -> None:
    assert (seen["name"], seen["test"], seen["note"]) == (order.name, order.test, order.note)
    assert seen["tags"] == list(order.tags)
    times = (moment(seen["createdAt"]), moment(seen["updatedAt"]))
    assert times == (order.created_at, order.updated_at)
    assert optional(seen["cancelledAt"]) == order.cancelled_at
    assert seen["cancelReason"] == order.cancel_reason
    assert seen["displayFinancialStatus"] == order.financial_status
    assert seen["displayFulfillmentStatus"] == order.fulfillment_status
    assert (seen["currencyCode"], seen["presentmentCurrencyCode"]) == (
        order.currency, order.presentment,
    )  # fmt: skip
    assert (seen["customer"] or {}).get("email") == (order.customer and order.customer.email)
    assert seen["discountCodes"] == ([order.discount.code] if order.discount else [])
    money = {
        "totalPriceSet": order.total, "subtotalPriceSet": order.subtotal,
        "totalTaxSet": order.tax, "totalDiscountsSet": order.discounts,
        "totalShippingPriceSet": order.shipping, "totalRefundedSet": order.refunded,
        "currentTotalPriceSet": order.total - order.refunded,
    }  # fmt: skip
    assert {name: of_shop(seen[name]) for name in money} == money
    shown = seen["totalPriceSet"]["presentmentMoney"]
    exchanged = (order.total * order.rate).quantize(Decimal("0.01"))
    assert (Decimal(shown["amount"]), shown["currencyCode"]) == (exchanged, order.presentment)
    sales = [(number(x["id"]), x["kind"], of_shop(x["amountSet"])) for x in seen["transactions"]]
    assert sales == [(x.id, x.kind, x.amount) for x in order.transactions]
    for one, line in zip(seen["lineItems"]["nodes"], order.lines, strict=True):
        compare_line(one, line, order)
    for one, refund in zip(seen["refunds"], order.refunds, strict=True):
        compare_refund(one, refund)


def compare_line(seen: dict[str, Any], line: Line, order: Order) -> None:
    texts = (number(seen["id"]), seen["title"], seen["variantTitle"], seen["sku"], seen["vendor"])
    assert texts == (line.id, line.title, line.variant_title, line.sku, line.vendor)
    bought = (number(seen["product"]["id"]), number(seen["variant"]["id"]))
    assert bought == (line.product_id, line.variant_id)
    left = line.quantity - order.returned(line.id)
    assert (seen["quantity"], seen["currentQuantity"]) == (line.quantity, left)
    taxes = sum(of_shop(tax["priceSet"]) for tax in seen["taxLines"])
    allocations = seen["discountAllocations"]
    discount = sum(of_shop(share["allocatedAmountSet"]) for share in allocations)
    amounts = (of_shop(seen["originalUnitPriceSet"]), discount, taxes)
    assert amounts == (line.unit_price, line.discount, line.tax)
    assert of_shop(seen["totalDiscountSet"]) == 0  # codes are taken off the whole order


def compare_refund(seen: dict[str, Any], refund: Refund) -> None:
    assert number(seen["id"]) == refund.id
    assert moment(seen["createdAt"]) == refund.created_at
    assert of_shop(seen["totalRefundedSet"]) == refund.total
    for one, line in zip(seen["refundLineItems"]["nodes"], refund.lines, strict=True):
        ids = (number(one["id"]), number(one["lineItem"]["id"]), one["quantity"])
        assert ids == (line.id, line.line_id, line.quantity)
        where = number(one["location"]["id"]) if one["location"] else None
        assert (one["restockType"], where) == (line.restock_type, line.location_id)
        amounts = (of_shop(one["subtotalSet"]), of_shop(one["totalTaxSet"]))
        assert amounts == (line.subtotal, line.tax)


def test_the_shop_has_what_a_sync_stumbles_over(site: ShopSite) -> None:
    """A comparison of orders proves little when all are alike."""
    orders = list(site.shop.orders)
    assert {order.presentment for order in orders} == {"BRL", "USD"}
    assert any(order.refunds for order in orders)
    assert any(order.discount for order in orders)
    assert any(order.cancelled_at for order in orders)
    assert max(len(order.lines) for order in orders) == 75
    assert max(len(product.variants) for product in site.shop.products) == 120


def test_it_reads_the_schema_by_introspection(execute: Execute) -> None:
    query = '{__schema{queryType{name} types{name}} __type(name:"Order"){fields{name}}}'
    seen = execute(query)
    assert seen["__schema"]["queryType"]["name"] == "QueryRoot"
    assert len(seen["__schema"]["types"]) > 3000
    assert "currentTotalPriceSet" in {field["name"] for field in seen["__type"]["fields"]}
