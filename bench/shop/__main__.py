"""`python -m bench.shop`: first loads of 20,000 orders; `--check`: is every field the shop's?"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import report
from bench.measure import Failed
from bench.postgres import Server, own_server
from bench.shop import hours, loading


def main() -> int:
    """Exit status: 0 measured or equal; 1 a program failed, or a field is not the shop's."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        try:
            with own_server(folder, None) as server:
                _measured(options, server, folder)
        except (Failed, AssertionError) as failure:
            sys.stderr.write(f"{failure}\n")
            return 1
    return 0


def _measured(options: argparse.Namespace, server: Server, folder: Path) -> None:
    console = Console(width=None if sys.stdout.isatty() else 180)
    if options.check:
        title, headings, rows = hours.checked(options, server, folder, console)
    else:
        title, headings, rows = _compared(options, server, folder, console)
    shown = Table(title=title)
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if place else "left", no_wrap=not place)
    for row in rows:
        shown.add_row(*row)
    console.print(shown)
    if options.write:
        lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        told = f"# {title}\n\n{report.machine(server.version)}\n\n{table}\n"
        options.write.write_text(told, encoding="utf-8")


def _compared(
    options: argparse.Namespace, server: Server, folder: Path, console: Console
) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
    chosen = [one for one in loading.TABLES if one.name in options.only]
    with loading.running_shop(options.products, options.orders) as shop:
        results = loading.Loads(server, folder, console).rounds(chosen, shop, options.rounds)
        kinds = ", ".join(f"{count:,} {name}" for name, count in shop.rows.items())
        title = f"{shop.total:,} rows ({kinds}), medians of {options.rounds} interleaved rounds"
        return title, loading.HEADINGS, loading.table(results, shop.total)


def _options() -> argparse.Namespace:
    names = [contender.name for contender in loading.TABLES]
    parser = argparse.ArgumentParser(prog="python -m bench.shop", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare every field, hour by hour")
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=lambda text: text.split(","), default=names, help="a,b")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
