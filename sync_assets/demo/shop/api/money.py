"""Money as the API writes it, in the shop's currency and in the customer's."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from sync_assets.demo.shop.api.fields import Fields
from sync_assets.demo.shop.data.orders import Order

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency."""

    typename: ClassVar[str] = "MoneyV2"
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Bag:
    """An amount in shop money and, by the order's rate, in presentment money."""

    typename: ClassVar[str] = "MoneyBag"
    amount: Decimal
    order: Order

    @property
    def presentment(self) -> Decimal:
        """What the customer saw."""
        return (self.amount * self.order.rate).quantize(_CENT)


def decimal(amount: Decimal) -> str:
    """`MoneyV2.amount`: `399.0`, `18.5`, `29.99`; a `Money` scalar keeps its cents instead."""
    text = f"{amount:f}"
    if "." not in text:
        return f"{text}.0"
    short = text.rstrip("0")
    return f"{short}0" if short.endswith(".") else short


def cents(amount: Decimal) -> str:
    """The `Money` scalar: `399.00`."""
    return f"{amount:.2f}"


def stamp(moment: datetime) -> str:
    """The `DateTime` scalar: `2026-10-01T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamped(moment: datetime | None) -> str | None:
    """The same of a moment that may never come."""
    return stamp(moment) if moment else None


MONEY: Fields = {
    "amount": lambda money: decimal(money.amount),
    "currencyCode": lambda money: money.currency,
}
BAG: Fields = {
    "shopMoney": lambda bag: Money(bag.amount, bag.order.currency),
    "presentmentMoney": lambda bag: Money(bag.presentment, bag.order.presentment),
}
