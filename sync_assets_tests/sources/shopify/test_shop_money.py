"""What the lines of an order were sold for is its subtotal, whatever was taken off."""

from decimal import Decimal

import pytest

from sync_assets.core.records import Record
from sync_assets.core.tenants import Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets.sources.shopify.tables import LINES, ORDERS
from sync_assets_tests.demo.shop.conftest import Ask, Clock
from sync_assets_tests.demo.shop.conftest import ask as ask
from sync_assets_tests.demo.shop.conftest import data as data
from sync_assets_tests.demo.shop.conftest import session as session
from sync_assets_tests.sources.shopify.test_shop_bulk import read

_BAG = "{shopMoney{amount}}"
_LINE = (
    "query($id: ID!) { order(id: $id) { lineItems(first: 1) { nodes { id "
    f"originalTotalSet{_BAG} discounted: discountedTotalSet{_BAG} "
    f"withCodes: discountedTotalSet(withCodeDiscounts: true){_BAG} totalDiscountSet{_BAG} "
    "} } } }"
)


@pytest.mark.parametrize("bulk_from", [1, 10**9], ids=["bulk", "pages"])
def test_the_totals_of_the_lines_are_the_orders_subtotal(
    site: ShopSite, tenant: Tenant, clock: Clock, bulk_from: int
):
    subtotal = [column.name for column in ORDERS.columns].index("subtotal")
    found = read(tenant, clock, "orders", bulk_from)
    assert {order.key for order in found} == {order.id for order in site.shop.orders}
    assert sum(order.discount is not None for order in site.shop.orders) > 3
    assert any(order.refunds for order in site.shop.orders)
    for order in found:
        assert sum(_lines(order, "total")) == order.values[subtotal], order.key


def test_a_lines_discount_is_its_share_of_the_code(site: ShopSite, tenant: Tenant, clock: Clock):
    for order in read(tenant, clock, "orders", 10**9):
        wanted = [line.discount for line in site.shop.orders[order.key].lines]
        assert _lines(order, "discount") == wanted


def test_the_shop_hides_codes_from_a_lines_own_discount(site: ShopSite, data: Ask):
    order = next(order for order in site.shop.orders if order.discount)
    (line,) = data(_LINE, id=f"gid://shopify/Order/{order.id}")["order"]["lineItems"]["nodes"]
    sold = order.lines[0]
    whole = sold.unit_price * sold.quantity
    assert _amount(line, "originalTotalSet") == _amount(line, "discounted") == whole
    assert _amount(line, "withCodes") == whole - sold.discount
    assert _amount(line, "totalDiscountSet") == 0


def _lines(order: Record, column: str) -> list[Decimal]:
    place = [known.name for known in LINES.columns].index(column)
    values = [line.values[place] for line in order.children[0]]
    return [value for value in values if isinstance(value, Decimal)]


def _amount(line: dict[str, dict[str, dict[str, str]]], name: str) -> Decimal:
    return Decimal(line[name]["shopMoney"]["amount"])
