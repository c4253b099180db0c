"""A shop's month as a picture: what each day brought, and the best products.

Only here money becomes a float: nobody reads cents off a bar.
"""

import textwrap
import warnings
from datetime import date, timedelta
from importlib import import_module
from typing import IO, Any

from sync_assets.core.shops import ProductSales, ShopSummary, Takings, shown

SIZE = (1200, 800)
"""Pixels."""

CURRENCIES = 2
"""Side by side; the numbers of a third would run into each other."""

_DPI = 100
_REVENUE, _REFUNDED, _PRODUCTS = "#2a6f97", "#d1495b", "#52796f"
_BARS = 8
_LETTERS = 24  # of a product's title on one line, on two at most


def to_png(summary: ShopSummary, file: IO[bytes]) -> None:
    """Draw the month, a column for each of its currencies; the rarest may be left out."""
    figure: Any = import_module("matplotlib.figure").Figure(
        figsize=(SIZE[0] / _DPI, SIZE[1] / _DPI), dpi=_DPI, layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.12, wspace=0.03, hspace=0.03)  # inches
    drawn = summary.takings[:CURRENCIES]
    figure.suptitle(_title(summary), fontsize=15, fontweight="bold")
    if not drawn:
        figure.text(0.5, 0.5, "No order and no refund in this month.", ha="center", fontsize=14)
    else:
        axes = figure.subplots(2, len(drawn), squeeze=False, height_ratios=(5, 6))
        for place, takings in enumerate(drawn):
            _draw_days(axes[0][place], summary, takings, sparse=2 * len(drawn))
            _draw_products(axes[1][place], summary, takings.currency, ticks=8 // len(drawn))
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper right")
    with warnings.catch_warnings():  # a title in a script that the font lacks is drawn as boxes
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(file, format="png")


def _title(summary: ShopSummary) -> str:
    left = ", ".join(takings.currency for takings in summary.takings[CURRENCIES:])
    more = f", without {left}" if left else ""
    return _plain(f"{summary.tenant_id}, {summary.month} ({summary.zone}){more}")


def _draw_days(axes: Any, summary: ShopSummary, takings: Takings, sparse: int) -> None:  # noqa: ANN401 - matplotlib's
    """Revenue upwards, refunds downwards, for every day; each `sparse`-th has its number."""
    days = _all_days(summary)
    of = {day.day: day.takings for day in summary.days if day.takings.currency == takings.currency}
    numbers = [day.day for day in days]
    revenue = [float(of[day].revenue) if day in of else 0.0 for day in days]
    refunded = [-float(of[day].refunded) if day in of else 0.0 for day in days]
    axes.bar(numbers, revenue, color=_REVENUE, label="revenue")
    axes.bar(numbers, refunded, color=_REFUNDED, label="refunded")
    axes.set_title(
        f"{takings.orders:,} orders, {takings.currency} {shown(takings.revenue)}\n"
        f"less {shown(takings.refunded)} refunded: {shown(takings.net)}",
        fontsize=11,
    )
    axes.set_xlabel("day of the month")
    axes.set_ylabel(f"{takings.currency} a day")
    axes.set_xticks(numbers[::sparse])
    axes.set_xlim(0.4, len(numbers) + 0.6)
    axes.axhline(0, color="black", linewidth=0.8)
    _tidy(axes, axes.yaxis, ticks=7)


def _draw_products(axes: Any, summary: ShopSummary, currency: str, ticks: int) -> None:  # noqa: ANN401
    """The best by revenue, the best on top; `ticks` numbers below at most."""
    best = [each for each in summary.best_by_revenue if each.currency == currency][:_BARS]
    bars = axes.barh(range(len(best)), [float(each.revenue) for each in best], color=_PRODUCTS)
    axes.bar_label(bars, [f"{each.units:,} ×" for each in best], padding=4, fontsize=9)  # noqa: RUF001
    axes.set_yticks(range(len(best)), [_label(each) for each in best], fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set_title("Best products, with their units", fontsize=11)
    axes.set_xlabel(f"revenue less returns, {currency}")
    _tidy(axes, axes.xaxis, ticks)


def _all_days(summary: ShopSummary) -> list[date]:
    first, end = summary.start.date(), summary.until.date()
    return [first + timedelta(days=number) for number in range((end - first).days)]


def _label(product: ProductSales) -> str:
    lines = textwrap.wrap(product.title, _LETTERS, max_lines=2, placeholder=" …")
    return _plain("\n".join(lines))


def _plain(text: str) -> str:
    """Between dollar signs matplotlib reads mathematics."""
    return text.replace("$", r"\$")


def _tidy(axes: Any, amounts: Any, ticks: int) -> None:  # noqa: ANN401
    """The axis of amounts has few of them, in full, with faint lines behind the bars."""
    ticker: Any = import_module("matplotlib.ticker")
    amounts.set_major_locator(ticker.MaxNLocator(ticks))
    amounts.set_major_formatter(ticker.StrMethodFormatter("{x:,.12g}"))
    amounts.grid(visible=True, color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
