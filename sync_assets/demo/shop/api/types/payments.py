"""What the API shows of refunds, transactions, discounts and taxes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.fields import Arguing, Asking, Fields
from sync_assets.demo.shop.api.money import BAG, MONEY, Bag, stamp
from sync_assets.demo.shop.api.pages import Connection, listed
from sync_assets.demo.shop.data.numbering import gid
from sync_assets.demo.shop.data.orders import Discount, Order

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A line, refund or transaction, or a refund's line, with the order that gives it its money."""

    order: Order
    x: Any
    refund: Any = None

    @property
    def id(self) -> int:
        """The part's own."""
        return self.x.id

    @property
    def typename(self) -> str:
        """The part's own."""
        return self.x.typename


@dataclass(frozen=True, slots=True)
class Applied:
    """A discount, or a share of it, with the order that it was taken off."""

    typename: ClassVar[str] = "DiscountCodeApplication"
    order: Order
    discount: Discount
    amount: Decimal = _NOTHING
    id: int = 0


@dataclass(frozen=True, slots=True)
class Percentage:
    """One of the two kinds of a discount's value."""

    typename: ClassVar[str] = "PricingPercentageValue"
    percentage: float


def _refund_lines(part: Part, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    lines = [Part(part.order, line, part.x) for line in part.x.lines]
    return listed(lines, call.wanted(arguments))


def _refund_transactions(part: Part, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    entries = [Part(part.order, entry) for entry in part.x.transactions]
    return listed(entries, call.wanted(arguments))


def no_page(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """A connection that is always empty here."""
    return listed([], call.wanted(arguments))


def tax_lines(part: Part, _call: Call, first: int | None = None) -> list[Part]:
    """A line's taxes: there is one."""
    return [part][:first]


def _line_of(part: Part) -> Part:
    return Part(part.order, next(x for x in part.order.lines if x.id == part.x.line_id))


def _parent(part: Part) -> Part | None:
    entries = (entry for entry in part.order.transactions if entry.id == part.x.parent_id)
    found = next(entries, None)
    return Part(part.order, found) if found else None


def _location(part: Part, call: Call) -> object:
    return next((y for y in call.shop.stock.locations if y.id == part.x.location_id), None)


ALLOCATION: Fields = {
    "allocatedAmountSet": lambda x: Bag(x.amount, x.order),
    "discountApplication": lambda x: x,
}
CODE: Fields = {
    "code": lambda x: x.discount.code,
    "index": lambda _: 0,
    "allocationMethod": lambda _: "ACROSS",
    "targetSelection": lambda _: "ALL",
    "targetType": lambda _: "LINE_ITEM",
    "value": lambda x: Percentage(float(x.discount.percentage)),
}
TAX: Fields = {
    "title": Asking(lambda _, call: "ICMS" if call.shop.market.country == "BR" else "Sales tax"),
    "priceSet": lambda x: Bag(x.x.tax, x.order),
    "rate": Asking(lambda _, call: call.shop.market.tax / 100),
    "ratePercentage": Asking(lambda _, call: float(call.shop.market.tax)),
}
REFUND: Fields = {
    "id": lambda x: gid("Refund", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "note": lambda x: x.x.note,
    "createdAt": lambda x: stamp(x.x.created_at),
    "processedAt": lambda x: stamp(x.x.processed_at),
    "updatedAt": lambda x: stamp(x.x.updated_at),
    "order": lambda x: x.order,
    "totalRefundedSet": lambda x: Bag(x.x.total, x.order),
    "refundLineItems": Arguing(_refund_lines),
    "transactions": Arguing(_refund_transactions),
    "orderAdjustments": Arguing(no_page),
    "refundShippingLines": Arguing(no_page),
    "duties": lambda _: [],
}
REFUND_LINE: Fields = {
    "id": lambda x: gid("RefundLineItem", x.id),
    "lineItem": _line_of,
    "location": Asking(_location),
    "quantity": lambda x: x.x.quantity,
    "restockType": lambda x: x.x.restock_type,
    "restocked": lambda x: x.x.restock_type == "RETURN",
    "priceSet": lambda x: Bag(x.x.price, x.order),
    "subtotalSet": lambda x: Bag(x.x.subtotal, x.order),
    "totalTaxSet": lambda x: Bag(x.x.tax, x.order),
}
TRANSACTION: Fields = {
    "id": lambda x: gid("OrderTransaction", x.id),
    "kind": lambda x: x.x.kind,
    "status": lambda x: x.x.status,
    "gateway": lambda x: x.x.gateway,
    "formattedGateway": lambda x: x.x.gateway,
    "test": lambda x: x.x.test,
    "amountSet": lambda x: Bag(x.x.amount, x.order),
    "order": lambda x: x.order,
    "parentTransaction": _parent,
    "errorCode": lambda _: None,
    "paymentId": lambda _: None,
    "createdAt": lambda x: stamp(x.x.created_at),
    "processedAt": lambda x: stamp(x.x.created_at),
}

SERVED: Mapping[str, Fields] = {
    "TaxLine": TAX,
    "DiscountAllocation": ALLOCATION,
    "DiscountCodeApplication": CODE,
    "Refund": REFUND,
    "RefundLineItem": REFUND_LINE,
    "OrderTransaction": TRANSACTION,
    "MoneyV2": MONEY,
    "MoneyBag": BAG,
    "PricingPercentageValue": {"percentage": lambda x: x.percentage},
}
