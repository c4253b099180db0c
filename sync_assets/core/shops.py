"""A shop's month in figures, whatever the platform: what is asked of a source, and the answer.

Money is `Decimal` from PostgreSQL's `numeric` to the last place where it is shown, and never
added up over currencies.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class ShopQueries:
    """Where a source keeps what a shop's figures are made of.

    Each is a SELECT over the tenant's live rows, with the parameters `%(start)s` and `%(until)s`
    (two times of which the second does not count any more), and these columns:

    Attributes:
        stream: whose asset carries the figures; it comes after those that they are made of.
        takings: a row for each order and each refund of the month: `currency`, `at` (when it
            counts), `orders` and `refunds` (1 for what it is, 0 for the other), `revenue` and
            `refunded` (0 where it is the other).
        sales: a row for each line that was sold or given back in the month: `currency`,
            `product_id` (NULL where it has none), `title`, `units` and `revenue`, both negative for
            what was given back.
        stock: a row for each variant whose stock is counted, as it is now: `product_id`, `product`,
            `variant_id`, `variant`, `sku`, `on_sale` and `available`, over all places.
    """

    stream: str
    takings: str
    sales: str
    stock: str


@dataclass(frozen=True, slots=True)
class Takings:
    """What orders brought and refunds took, in one currency."""

    currency: str
    orders: int
    revenue: Decimal
    refunds: int
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        """What is left of the revenue."""
        return self.revenue - self.refunded

    def __add__(self, other: "Takings") -> "Takings":
        """Both together; they are of one currency."""
        return Takings(
            self.currency,
            self.orders + other.orders,
            self.revenue + other.revenue,
            self.refunds + other.refunds,
            self.refunded + other.refunded,
        )


@dataclass(frozen=True, slots=True)
class DayTakings:
    """A currency's takings of a day in the shop's zone."""

    day: date
    takings: Takings


@dataclass(frozen=True, slots=True)
class ProductSales:
    """A product's sales in one currency, less what was given back.

    Attributes:
        product_id: None for what was sold without being a product.
        by_revenue: its place among the currency's products, from 1.
        by_units: the same by units.
    """

    currency: str
    product_id: int | None
    title: str
    units: int
    revenue: Decimal
    by_revenue: int
    by_units: int


@dataclass(frozen=True, slots=True)
class EmptyStock:
    """A variant of which nothing is available; less than nothing where it was oversold.

    Attributes:
        on_sale: could it be bought, if there were any?
    """

    product_id: int
    product: str
    variant_id: int
    variant: str
    sku: str
    on_sale: bool
    available: int


@dataclass(frozen=True, slots=True)
class ShopSummary:
    """A shop's month.

    Attributes:
        month: such as `2026-10`.
        zone: by whose clocks.
        start: its first moment.
        until: the first moment that does not belong to it any more.
        most: how many products of a currency, and variants, are told at most.
        days: of each currency, those on which something happened, in order.
        products: those that are among the best of their currency by revenue or by units.
        empty: variants of which nothing is available now, the first `most`.
        empty_total: how many there are.
    """

    tenant_id: str
    month: str
    zone: str
    start: datetime
    until: datetime
    most: int
    days: Sequence[DayTakings]
    products: Sequence[ProductSales]
    empty: Sequence[EmptyStock]
    empty_total: int

    @property
    def takings(self) -> list[Takings]:
        """Of each currency, the one with most orders first."""
        found: dict[str, Takings] = {}
        for each in self.days:
            takings = each.takings
            before = found.get(takings.currency)
            found[takings.currency] = takings if before is None else before + takings
        return sorted(found.values(), key=lambda takings: (-takings.orders, takings.currency))

    @property
    def orders(self) -> int:
        """Orders of all currencies."""
        return sum(each.orders for each in self.takings)

    @property
    def best_by_revenue(self) -> list[ProductSales]:
        """The best of each currency, currency by currency."""
        return self._best(lambda product: product.by_revenue)

    @property
    def best_by_units(self) -> list[ProductSales]:
        """The same by units."""
        return self._best(lambda product: product.by_units)

    def as_dict(self) -> dict[str, Any]:
        """For programs: money as text, which JSON has no exact number for."""
        return {
            "tenant": self.tenant_id,
            "month": self.month,
            "timezone": self.zone,
            "start": self.start.isoformat(),
            "until": self.until.isoformat(),
            "orders": self.orders,
            "currencies": [_takings(each) for each in self.takings],
            "days": [{"day": each.day.isoformat(), **_takings(each.takings)} for each in self.days],
            "best_by_revenue": [_product(each) for each in self.best_by_revenue],
            "best_by_units": [_product(each) for each in self.best_by_units],
            "stock_at_zero": {
                "total": self.empty_total,
                "variants": [asdict(each) for each in self.empty],
            },
        }

    def _best(self, place: Callable[[ProductSales], int]) -> list[ProductSales]:
        """In the order of the currencies; one in which only goods moved comes last."""
        order = {takings.currency: number for number, takings in enumerate(self.takings)}
        best = [product for product in self.products if place(product) <= self.most]
        return sorted(best, key=lambda each: (order.get(each.currency, len(order)), place(each)))


def exact(amount: Decimal) -> str:
    """Every digit of an amount, without an exponent."""
    return f"{amount:f}"


def shown(amount: Decimal) -> str:
    """An amount as people write it: with cents at least, and never rounded."""
    places = len(exact(amount).partition(".")[2])
    return f"{amount:,.{max(places, 2)}f}"


def _takings(takings: Takings) -> dict[str, Any]:
    return {
        "currency": takings.currency,
        "orders": takings.orders,
        "revenue": exact(takings.revenue),
        "refunds": takings.refunds,
        "refunded": exact(takings.refunded),
        "net": exact(takings.net),
    }


def _product(sales: ProductSales) -> dict[str, Any]:
    return {
        "currency": sales.currency,
        "product_id": sales.product_id,
        "title": sales.title,
        "units": sales.units,
        "revenue": exact(sales.revenue),
    }
