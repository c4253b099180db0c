"""A shop's month as Markdown, short enough for a row of Dagster's event log."""

from collections.abc import Iterable, Sequence

from sync_assets.core.shops import ShopSummary, shown

SHOWN = 5
"""Products, and variants without stock; all that there are would swell the event log."""


def to_markdown(summary: ShopSummary) -> str:
    """Takings of each currency, the best products, what is sold out."""
    return "\n\n".join([_takings(summary), *_products(summary), *_empty(summary)])


def _takings(summary: ShopSummary) -> str:
    if not summary.takings:
        return _cell(f"No order and no refund in {summary.month} ({summary.zone}).")
    rows = (
        [
            each.currency,
            f"{each.orders:,}",
            shown(each.revenue),
            f"{each.refunds:,}",
            shown(each.refunded),
            shown(each.net),
        ]
        for each in summary.takings
    )
    return _table([summary.month, "orders", "revenue", "refunds", "refunded", "net"], rows)


def _products(summary: ShopSummary) -> list[str]:
    best = [each for each in summary.best_by_revenue if each.by_revenue <= SHOWN]
    rows = ([each.title, f"{each.units:,}", shown(each.revenue), each.currency] for each in best)
    return [_table(["best products", "units", "revenue", ""], rows)] if best else []


def _empty(summary: ShopSummary) -> list[str]:
    if not summary.empty:
        return []
    rows = (
        [f"{each.product}, {each.variant}", f"{each.available:,}", each.sku]
        for each in summary.empty[:SHOWN]
    )
    return [_table([f"sold out: {summary.empty_total:,}", "available", "SKU"], rows)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; all columns but the first go to the right."""
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [head, rule, *rows])


def _cell(text: str) -> str:
    """On one line; what would be Markdown or HTML is shown as it is."""
    plain = " ".join(text.replace("\\", "\\\\").split())
    for sign in "|`*_[]<":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
