"""What a shop has sold and given back, in Python's types: aware times, decimal money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Customer:
    """As little as an order needs."""

    typename: ClassVar[str] = "Customer"
    id: int
    first_name: str
    last_name: str
    email: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order: `discount` and `tax` are the whole line's, in shop money."""

    typename: ClassVar[str] = "LineItem"
    id: int
    product_id: int
    variant_id: int
    title: str
    variant_title: str
    sku: str
    vendor: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class RefundLine:
    """So many of one line given back; `subtotal` and `tax` are for all of them."""

    typename: ClassVar[str] = "RefundLineItem"
    id: int
    line_id: int
    quantity: int
    price: Decimal
    subtotal: Decimal
    tax: Decimal
    restock_type: str
    location_id: int | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money in or out; `parent_id` is the sale that a refund gives back."""

    typename: ClassVar[str] = "OrderTransaction"
    id: int
    kind: str
    status: str
    amount: Decimal
    gateway: str
    test: bool
    created_at: datetime
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """What was given back at one moment."""

    typename: ClassVar[str] = "Refund"
    id: int
    note: str | None
    lines: tuple[RefundLine, ...]
    transactions: tuple[Transaction, ...]
    created_at: datetime

    @property
    def processed_at(self) -> datetime:
        """When the gateway had paid it back, of which the shop heard a moment later."""
        return self.created_at - timedelta(seconds=2)

    @property
    def updated_at(self) -> datetime:
        """When it was last looked at."""
        return self.created_at + timedelta(seconds=1)

    @property
    def total(self) -> Decimal:
        """The money that went out."""
        return sum((entry.amount for entry in self.transactions), Decimal(0))


@dataclass(frozen=True, slots=True)
class Discount:
    """A code that took a percentage off every line."""

    typename: ClassVar[str] = "DiscountCodeApplication"
    code: str
    percentage: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order in shop money; presentment money is `rate` times as much, in `presentment`."""

    typename: ClassVar[str] = "Order"
    id: int
    number: int
    customer: Customer | None
    currency: str
    presentment: str
    rate: Decimal
    taxes_included: bool
    shipping: Decimal
    lines: tuple[Line, ...]
    discount: Discount | None
    transactions: tuple[Transaction, ...]
    refunds: tuple[Refund, ...]
    fulfillment_status: str
    source: str
    note: str | None
    tags: tuple[str, ...]
    test: bool
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None

    @property
    def name(self) -> str:
        """What people call it: `#1001`."""
        return f"#{self.number}"

    @property
    def processed_at(self) -> datetime:
        """When it was sold; a till may have been offline for a minute by then."""
        return self.created_at - timedelta(minutes=self.source == "pos")

    @property
    def subtotal(self) -> Decimal:
        """The lines after discounts, as sold."""
        return sum((x.unit_price * x.quantity - x.discount for x in self.lines), Decimal(0))

    @property
    def discounts(self) -> Decimal:
        """All that was taken off."""
        return sum((line.discount for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """All taxes, whether the prices include them or not."""
        return sum((line.tax for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What was asked of the customer, as sold."""
        return self.subtotal + self.shipping + (Decimal(0) if self.taxes_included else self.tax)

    @property
    def refunded(self) -> Decimal:
        """What has been given back."""
        return sum((refund.total for refund in self.refunds), Decimal(0))

    @property
    def given_back(self) -> Decimal:
        """What was asked for the things that came back, paid for or not."""
        lines = [line for refund in self.refunds for line in refund.lines]
        taxes = Decimal(0) if self.taxes_included else sum((x.tax for x in lines), Decimal(0))
        return sum((line.subtotal for line in lines), taxes)

    @property
    def current_total(self) -> Decimal:
        """What is asked of the customer now."""
        return self.total - self.given_back

    @property
    def outstanding(self) -> Decimal:
        """What the customer owes; less than nothing where the shop does."""
        return self.current_total - self.received + self.refunded

    @property
    def received(self) -> Decimal:
        """What the customer has paid."""
        paid = (x.amount for x in self.transactions if x.kind == "SALE" and x.status == "SUCCESS")
        return sum(paid, Decimal(0))

    @property
    def financial_status(self) -> str:
        """As the admin shows it."""
        if self.received == 0:
            return "VOIDED" if self.cancelled_at else "PENDING"
        if self.refunded == 0:
            return "PAID"
        return "REFUNDED" if self.refunded >= self.received else "PARTIALLY_REFUNDED"

    def returned(self, line_id: int) -> int:
        """How many of a line have been refunded."""
        lines = (entry for refund in self.refunds for entry in refund.lines)
        return sum(entry.quantity for entry in lines if entry.line_id == line_id)
