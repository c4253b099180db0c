"""`sync-assets summary`: a shop's month in figures."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.command import App, Json, TenantId, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import out, print_json, print_table, say
from sync_assets.cli.target import Output, check_terminal, target
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.months import Month

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform
    from sync_assets.core.shops import ShopSummary

app = App()

_TITLES = {
    "totals": "",
    "best_by_revenue": "Best products by revenue",
    "best_by_units": "Best products by units",
    "stock_at_zero": "Sold out now",
}
_IDS = ("product_id", "variant_id")  # long numbers; they are in the CSV and in the JSON


class Format(Enum):
    """What a summary is written as."""

    TABLE = "table"
    CSV = "csv"
    PNG = "png"


@app.verb("summary")
def show(
    tenant_id: TenantId,
    *,
    month: Annotated[
        str | None, option(metavar="YYYY-MM", help="Another month than the present one.")
    ] = None,
    format_: Annotated[Format, option("--format", help="What to write.")] = Format.TABLE,
    output: Output = None,
    json: Json = False,
) -> None:
    """Sum up a shop's month.

    Orders, revenue and refunds by currency, the best products, and what is sold out now. Months
    are those of SYNC_ASSETS_TIMEZONE.
    """
    _check(format_, output, as_json=json)
    wanted = Month.parse(month) if month is not None else None
    with opened() as platform:
        found = _summary(platform, tenant_id, wanted)
    if json:
        print_json(found.as_dict())
    elif format_ is Format.TABLE:
        print_summary(found)
    else:
        _write(found, format_, output)
    if not found.orders:
        say(f"{found.tenant_id} has no orders in {found.month} ({found.zone}).")


def print_summary(summary: "ShopSummary") -> None:
    """Print the tables of a month, but for its days and for ids."""
    from sync_assets.figures.frames import frames

    out().print(f"{summary.tenant_id}, {summary.month} ({summary.zone})", markup=False)
    tables, more = frames(summary), summary.empty_total - len(summary.empty)
    for name, title in _TITLES.items():
        table = tables[name].drop(columns=[*_IDS], errors="ignore")
        if len(table):
            out().print(f"\n{title}".rstrip(), style="bold", markup=False)
            print_table(
                [name.replace("_", " ") for name in table.columns],
                ([*map(_cell, row)] for row in table.to_numpy()),
            )
    if more > 0:
        out().print(f"and {more:,} more", markup=False)


def _cell(value: object) -> object:
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _check(format_: Format, output: Path | None, *, as_json: bool) -> None:
    if as_json and (format_ is not Format.TABLE or output is not None):
        raise typer.BadParameter("--json goes with neither --format nor --output.")
    if format_ is Format.TABLE and output is not None:
        raise typer.BadParameter("--output goes with --format csv or png.")
    if format_ is Format.PNG:
        check_terminal("A picture", output)


def _summary(platform: "Platform", tenant_id: str, month: Month | None) -> "ShopSummary":
    tenant = registered(platform, tenant_id)
    found = platform.summary(tenant.id, tenant.source, month)
    if platform.syncs.latest(tenant.id) is None:  # its month would be empty, which is not so
        raise OperatorMustAct(
            f"{tenant.id} was never synced. Start with 'sync-assets sync {tenant.id}'."
        )
    return found


def _write(summary: "ShopSummary", format_: Format, output: Path | None) -> None:
    with target(output) as file:
        if format_ is Format.CSV:
            from sync_assets.figures.frames import to_csv

            file.write(to_csv(summary).encode())
        else:
            from sync_assets.figures.chart import to_png

            to_png(summary, file)
    if output is not None:
        say(f"Wrote {summary.month} of {summary.tenant_id} to {output}.")
