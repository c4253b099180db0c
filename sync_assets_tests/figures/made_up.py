"""A month that no shop had, with what is hard to write down."""

from datetime import date
from decimal import Decimal

from sync_assets.core.months import Month
from sync_assets.core.shops import DayTakings, EmptyStock, ProductSales, ShopSummary, Takings
from sync_assets_tests.figures.selling import ZONE

HARD = 'Chá "da casa" | <b>*novo*</b>, $5 a $9\n_ótimo_'


def takings(currency: str = "BRL", revenue: str = "0.30", orders: int = 2) -> Takings:
    return Takings(currency, orders, Decimal(revenue), 1, Decimal("0.1"))


def summary(*found: Takings, products: int = 2, empty: int = 3) -> ShopSummary:
    """A day with these takings, so many products of each currency, so many without stock."""
    start, until = Month(2026, 10).span(ZONE)
    return ShopSummary(
        "loja", "2026-10", ZONE.key, start, until, most=10,
        days=[DayTakings(date(2026, 10, 7), each) for each in found],
        products=[
            ProductSales(each.currency, None if place else 2**60, f"{HARD} {place}", place,
                         each.revenue, place + 1, products - place)
            for each in found for place in range(products)
        ],
        empty=[EmptyStock(2**60, HARD, 7, "Único", "SKU-1", False, -n) for n in range(empty)],
        empty_total=empty * 1000,
    )  # fmt: skip
