"""Where output goes: data to standard output, everything else to standard error.

What draws it is imported late: programs ask for JSON, and many commands say nothing but a line.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

_UNBOUNDED = 10_000  # columns: a table in a pipe or a file is never cut


def out() -> "Console":
    """The console for data."""
    return _console(terminal=sys.stdout.isatty())


def err() -> "Console":
    """The console for what happens meanwhile, such as progress."""
    return _console(terminal=sys.stderr.isatty(), stderr=True)


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


def print_text(*parts: str | tuple[str, str]) -> None:
    """Print a line as it is, without looking for markup; parts may have a style."""
    from rich.text import Text

    out().print(Text.assemble(*parts), soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers and money go to the right, None is a dash."""
    from sync_assets.cli.tables import table_of

    out().print(table_of(columns, rows))


def _console(*, terminal: bool, stderr: bool = False) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not terminal:
        console.width = _UNBOUNDED
    return console
