"""A shop's month as pandas frames, with every amount as exact as PostgreSQL has it.

Their columns are of Python's own objects: `Decimal` for money, `int` for what is counted, None for
nothing. pandas' own types would make floats of some of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import pandas as pd

from sync_assets.core.shops import ShopSummary, Takings

TOTALS = ("currency", "orders", "revenue", "refunds", "refunded", "net")
PRODUCTS = ("currency", "product_id", "title", "units", "revenue")
STOCK = ("product_id", "product", "variant_id", "variant", "sku", "on_sale", "available")


def frames(summary: ShopSummary) -> dict[str, pd.DataFrame]:
    """The month's tables by name: `totals`, `days`, `best_by_revenue`, …, as in its JSON."""
    days = ({"day": each.day, **_total(each.takings)} for each in summary.days)
    return {
        "totals": _frame(TOTALS, map(_total, summary.takings)),
        "days": _frame(("day", *TOTALS), days),
        "best_by_revenue": _frame(PRODUCTS, map(asdict, summary.best_by_revenue)),
        "best_by_units": _frame(PRODUCTS, map(asdict, summary.best_by_units)),
        "stock_at_zero": _frame(STOCK, map(asdict, summary.empty)),
    }


def to_csv(summary: ShopSummary) -> str:
    """All tables below each other: the column `section` names them, what one lacks is empty."""
    columns = [*dict.fromkeys(("section", "month", "day", *TOTALS, *PRODUCTS, *STOCK))]
    tables = (
        table.assign(section=name, month=summary.month) for name, table in frames(summary).items()
    )
    whole = pd.concat([_frame(columns, ()), *tables], ignore_index=True)
    return whole[columns].to_csv(index=False, lineterminator="\n")


def _frame(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame([*rows], columns=[*columns], dtype=object)


def _total(takings: Takings) -> dict[str, object]:
    return {**asdict(takings), "net": takings.net}
