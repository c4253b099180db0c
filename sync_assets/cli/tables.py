"""Tables as people read them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from rich import box
from rich.table import Table
from rich.text import Text

from sync_assets.core.shops import shown


def table_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; numbers and money go to the right, None is a dash."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    listed = [list(row) for row in rows]
    for position, name in enumerate(columns):
        numeric = bool(listed) and all(_is_number(row[position]) for row in listed)
        widths = [len(str(row[position])) for row in listed if isinstance(row[position], UUID)]
        table.add_column(
            name,
            justify="right" if numeric else "left",
            overflow="fold",
            min_width=max(widths, default=None),  # an id is there to be copied
        )
    for row in listed:
        table.add_row(*map(_cell, row))
    return table


def _cell(value: object) -> Text:
    if value is None or value == "":
        return Text("-")
    if isinstance(value, Decimal):
        return Text(shown(value))
    return Text(f"{value:,}" if isinstance(value, int) else str(value))  # Text: no markup in data


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | Decimal)
