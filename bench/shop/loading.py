"""First loads of a shop's orders by each program, measured, and the table of what they cost."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console

from bench.measure import (
    RIVALS_PYTHON,
    Contender,
    Failed,
    Run,
    command_of,
    database_of,
    finished,
    measured,
    own_folder,
    warm_up,
)
from bench.postgres import Server
from bench.report import MB

_PYTHON = Path(sys.executable)
_OURS = ("cms.shopify_orders", "cms.shopify_order_lines", "cms.shopify_refunds",
         "cms.shopify_refund_lines")  # fmt: skip
_NESTED = ("shopify.orders", "shopify.orders__lines", "shopify.orders__refunds",
           "shopify.orders__refunds__refund_lines")  # fmt: skip
_FLAT = ("shopify.orders", "shopify.lines", "shopify.refunds", "shopify.refund_lines")
_BY_BULK, _BY_PAGES = ("bench.shop.ours", "bulk"), ("bench.shop.ours", "pages")
_DEFAULT, _BEST = ("bench.shop.with_dlt", "default"), ("bench.shop.with_dlt", "best")
TABLES: Mapping[Contender, Sequence[str]] = {
    Contender("bulk", "sync-assets, by bulk", _PYTHON, _BY_BULK, _OURS[0], prepares=True): _OURS,
    Contender("pages", "sync-assets, by pages", _PYTHON, _BY_PAGES, _OURS[0], prepares=True): _OURS,
    Contender("dlt", "dlt, default", RIVALS_PYTHON, _DEFAULT, _NESTED[0]): _NESTED,
    Contender("dlt-best", "dlt, its best", RIVALS_PYTHON, _BEST, _FLAT[0]): _FLAT,
}
HEADINGS = (
    *("first load", "wall s", "CPU s", "client", "of it start-up", "PostgreSQL", "peak MB"),
    *("rows written", "rows per CPU s", "rows per client CPU s", "shop CPU s"),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """The running shop: where it is, and how many rows its orders are worth."""

    url: str
    token: str
    pid: int
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """Orders, lines, refunds and refund lines."""
        return sum(self.rows.values())


@contextmanager
def running_shop(products: int, orders: int) -> Iterator[Shop]:
    """The shop in a process of its own, until the block ends."""
    sizes = ["--products", str(products), "--orders", str(orders)]
    command = [sys.executable, "-m", "bench.shop.site", *sizes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            told = orjson.loads(process.stdout.readline() if process.stdout else "")
            yield Shop(told["url"], told["token"], process.pid, told["rows"])
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Loads:
    """Interleaved rounds of first loads, each into a fresh database."""

    server: Server
    folder: Path
    console: Console

    def rounds(
        self, chosen: Sequence[Contender], shop: Shop, count: int
    ) -> Mapping[Contender, Sequence[Run]]:
        """What each has cost in each round; a round begins with another one each time."""
        results: dict[Contender, list[Run]] = {one: [] for one in chosen}
        for contender in chosen:
            warm_up(contender, self.folder)
        for number in range(count):
            turn = number % len(chosen)
            for contender in [*chosen[turn:], *chosen[:turn]]:
                run = self._loaded(contender, shop)
                results[contender].append(run)
                said = f"{run.wall:.1f} s wall, {run.cpu:.2f} s CPU, {run.peak / MB:.0f} MB"
                self.console.print(f"round {number + 1}, {contender.title}: {said}", style="dim")
        return results

    def _loaded(self, contender: Contender, shop: Shop) -> Run:
        database, home = database_of(contender), own_folder(contender, self.folder)
        command = command_of(contender, shop.url, self.server.fresh(database), home)
        command += ["--token", shop.token]
        if contender.prepares:
            finished([*command, "--prepare"], home, contender)
        run = measured(contender, command, shop.pid, self.server, home)
        found = [self.server.count(database, table) for table in TABLES[contender]]
        if found != list(shop.rows.values()):
            raise Failed(f"{contender.title} loaded {found} of {list(shop.rows.values())} rows.")
        self.server.drop(database)
        return run


def table(results: Mapping[Contender, Sequence[Run]], rows: int) -> list[list[str]]:
    """A line for each program: medians over the rounds, but the highest of the peaks."""
    return [[one.title, *_figures(runs, rows)] for one, runs in results.items()]


def _figures(runs: Sequence[Run], rows: int) -> list[str]:
    def median(of: Callable[[Run], float]) -> float:
        return statistics.median(of(run) for run in runs)

    return [
        f"{median(lambda run: run.wall):.1f}",
        f"{median(lambda run: run.cpu):.2f}",
        f"{median(lambda run: run.client_cpu):.2f}",
        f"{median(lambda run: run.start_up):.2f}",
        f"{median(lambda run: run.postgres_cpu):.2f}",
        f"{max(run.peak for run in runs) / MB:.0f}",
        f"{max(run.content_rows for run in runs):,}",
        f"{median(lambda run: rows / run.cpu):,.0f}",
        f"{median(lambda run: rows / run.client_cpu):,.0f}",
        f"{median(lambda run: run.site_cpu):.1f}",
    ]
