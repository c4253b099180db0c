"""Where output goes: data to standard output, everything else to standard error."""

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sync_assets.core.shops import shown

_UNBOUNDED = 10_000  # columns: a table in a pipe or a file is never cut


def out() -> Console:
    """The console for data."""
    return _console(Console(highlight=False), terminal=sys.stdout.isatty())


def err() -> Console:
    """The console for what happens meanwhile, such as progress."""
    return _console(Console(stderr=True, highlight=False), terminal=sys.stderr.isatty())


def say(text: str) -> None:
    """Tell people something that is no data."""
    typer.echo(text, err=True)


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_json_line(value: object) -> None:
    """Print a value as JSON on a line of its own, at once, for what goes on for a while."""
    import orjson

    typer.echo(orjson.dumps(value).decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers and money go to the right, None is a dash."""
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
    out().print(table)


def _console(console: Console, *, terminal: bool) -> Console:
    if not terminal:
        console.width = _UNBOUNDED
    return console


def _cell(value: object) -> Text:
    if value is None or value == "":
        return Text("-")
    if isinstance(value, Decimal):
        return Text(shown(value))
    return Text(f"{value:,}" if isinstance(value, int) else str(value))  # Text: no markup in data


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | Decimal)
