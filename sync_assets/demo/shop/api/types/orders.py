"""What the API shows of orders, their lines and customers."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.fields import Arguing, Asking, Fields
from sync_assets.demo.shop.api.money import Bag, stamp, stamped
from sync_assets.demo.shop.api.pages import Connection, listed
from sync_assets.demo.shop.api.search import BASIC, Field
from sync_assets.demo.shop.api.types.payments import Applied, Part, tax_lines
from sync_assets.demo.shop.data.numbering import VARIANT, gid
from sync_assets.demo.shop.data.orders import Order

_NOTHING = Decimal(0)


class Later:
    """A record that is made when more than its id is asked for, which is seldom."""

    __slots__ = ("_load", "id", "typename")

    def __init__(self, typename: str, identity: int, load: Callable[[], Any]) -> None:
        self.typename, self.id, self._load = typename, identity, load

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the record's
        return getattr(self._load(), name)


def _lines(order: Order, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    return listed([Part(order, line) for line in order.lines], call.wanted(arguments))


def _product(part: Part, call: Call) -> Later | None:
    identity, products = part.x.product_id, call.shop.products
    there = identity in products
    return Later("Product", identity, lambda: products[identity]) if there else None


def _variant(part: Part, call: Call) -> Later | None:
    identity, stock = part.x.variant_id, call.shop.stock
    there = stock.has_variant(identity)
    return (
        Later("ProductVariant", identity, lambda: stock.variant(identity, VARIANT))
        if there
        else None
    )


def _refunds(order: Order, _call: Call, first: int | None = None) -> list[Part]:
    return [Part(order, refund) for refund in order.refunds][:first]


def _transactions(order: Order, _call: Call, first: int | None = None, **_: object) -> list[Part]:
    return [Part(order, entry) for entry in order.transactions][:first]


def _discounts(order: Order, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    applied = [Applied(order, order.discount)] if order.discount else []
    return listed(applied, call.wanted(arguments))


def _total(part: Part) -> Decimal:
    return part.x.unit_price * part.x.quantity


def _discounted(part: Part, _call: Call, *, withCodeDiscounts: bool = False) -> Bag:  # noqa: N803 - the API names it
    """Without what was taken off the whole order; codes, as all are here, only when asked for."""
    off = part.x.discount if withCodeDiscounts else _NOTHING
    return Bag(_total(part) - off, part.order)


def _current_quantity(part: Part) -> int:
    return part.x.quantity - part.order.returned(part.x.id)


def _current_subtotal(order: Order) -> Decimal:
    given_back = (line.subtotal for refund in order.refunds for line in refund.lines)
    return order.subtotal - sum(given_back, _NOTHING)


def _current_tax(order: Order) -> Decimal:
    given_back = (line.tax for refund in order.refunds for line in refund.lines)
    return order.tax - sum(given_back, _NOTHING)


def _shown_status(order: Order) -> str:
    closed = order.closed_at is not None and order.cancelled_at is None
    return "cancelled" if order.cancelled_at else "closed" if closed else "open"


ORDER_SEARCH: Mapping[str, Field] = BASIC | {
    "processed_at": Field("time", lambda _, load: int(load().processed_at.timestamp())),
    "name": Field("text", lambda _, load: (load().name, str(load().number))),
    "status": Field("list", lambda _, load: (_shown_status(load()), "any")),
    "financial_status": Field("list", lambda _, load: load().financial_status),
    "fulfillment_status": Field("list", lambda _, load: load().fulfillment_status),
    "test": Field("text", lambda _, load: load().test),
    "tag": Field("text", lambda _, load: load().tags),
    "sku": Field("text", lambda _, load: tuple(line.sku for line in load().lines)),
}

ORDER: Fields = {
    "id": lambda x: gid("Order", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "name": lambda x: x.name,
    "number": lambda x: x.number,
    "email": lambda x: x.customer.email if x.customer else None,
    "customer": lambda x: x.customer,
    "note": lambda x: x.note,
    "tags": lambda x: x.tags,
    "test": lambda x: x.test,
    "confirmed": lambda _: True,
    "sourceName": lambda x: x.source,
    "currencyCode": lambda x: x.currency,
    "presentmentCurrencyCode": lambda x: x.presentment,
    "taxesIncluded": lambda x: x.taxes_included,
    "displayFinancialStatus": lambda x: x.financial_status,
    "displayFulfillmentStatus": lambda x: x.fulfillment_status,
    "cancelReason": lambda x: x.cancel_reason,
    "cancelledAt": lambda x: stamped(x.cancelled_at),
    "closed": lambda x: x.closed_at is not None,
    "closedAt": lambda x: stamped(x.closed_at),
    "createdAt": lambda x: stamp(x.created_at),
    "processedAt": lambda x: stamp(x.processed_at),
    "updatedAt": lambda x: stamp(x.updated_at),
    "fullyPaid": lambda x: x.received >= x.total,
    "unpaid": lambda x: x.received == 0,
    "edited": lambda _: False,
    "discountCode": lambda x: x.discount.code if x.discount else None,
    "discountCodes": lambda x: [x.discount.code] if x.discount else [],
    "paymentGatewayNames": lambda x: sorted({entry.gateway for entry in x.transactions}),
    "subtotalLineItemsQuantity": lambda x: sum(line.quantity for line in x.lines),
    "currentSubtotalLineItemsQuantity": lambda x: sum(
        line.quantity - x.returned(line.id) for line in x.lines
    ),
    "subtotalPriceSet": lambda x: Bag(x.subtotal, x),
    "totalPriceSet": lambda x: Bag(x.total, x),
    "originalTotalPriceSet": lambda x: Bag(x.total, x),
    "totalTaxSet": lambda x: Bag(x.tax, x),
    "totalDiscountsSet": lambda x: Bag(x.discounts, x),
    "totalShippingPriceSet": lambda x: Bag(x.shipping, x),
    "totalRefundedSet": lambda x: Bag(x.refunded, x),
    "totalReceivedSet": lambda x: Bag(x.received, x),
    "totalOutstandingSet": lambda x: Bag(x.outstanding, x),
    "netPaymentSet": lambda x: Bag(x.received - x.refunded, x),
    "currentTotalPriceSet": lambda x: Bag(x.current_total, x),
    "currentSubtotalPriceSet": lambda x: Bag(_current_subtotal(x), x),
    "currentTotalTaxSet": lambda x: Bag(_current_tax(x), x),
    "currentTotalDiscountsSet": lambda x: Bag(x.discounts, x),
    "currentShippingPriceSet": lambda x: Bag(x.shipping, x),
    "lineItems": Arguing(_lines),
    "refunds": Arguing(_refunds),
    "transactions": Arguing(_transactions),
    "discountApplications": Arguing(_discounts),
}
LINE: Fields = {
    "id": lambda x: gid("LineItem", x.id),
    "title": lambda x: x.x.title,
    "name": lambda x: f"{x.x.title} - {x.x.variant_title}",
    "variantTitle": lambda x: x.x.variant_title,
    "sku": lambda x: x.x.sku,
    "vendor": lambda x: x.x.vendor,
    "quantity": lambda x: x.x.quantity,
    "currentQuantity": _current_quantity,
    "refundableQuantity": _current_quantity,
    "isGiftCard": lambda _: False,
    "requiresShipping": lambda _: True,
    "taxable": lambda _: True,
    "product": Asking(_product),
    "variant": Asking(_variant),
    "originalUnitPriceSet": lambda x: Bag(x.x.unit_price, x.order),
    "originalTotalSet": lambda x: Bag(_total(x), x.order),
    "discountedUnitPriceSet": lambda x: Bag(x.x.unit_price, x.order),
    # Codes are taken off the whole order, which only the allocations tell of.
    "discountedTotalSet": Arguing(_discounted),
    "discountedUnitPriceAfterAllDiscountsSet": lambda x: Bag(
        x.x.unit_price - x.x.discount / x.x.quantity, x.order
    ),
    "totalDiscountSet": lambda x: Bag(_NOTHING, x.order),
    "discountAllocations": lambda x: (
        [Applied(x.order, x.order.discount, x.x.discount)] if x.order.discount else []
    ),
    "taxLines": Arguing(tax_lines),
}
CUSTOMER: Fields = {
    "id": lambda x: gid("Customer", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "firstName": lambda x: x.first_name,
    "lastName": lambda x: x.last_name,
    "displayName": lambda x: f"{x.first_name} {x.last_name}",
    "email": lambda x: x.email,
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.created_at),
}

SERVED: Mapping[str, Fields] = {
    "Order": ORDER,
    "LineItem": LINE,
    "Customer": CUSTOMER,
}
