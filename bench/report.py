"""What was measured, as a table for the terminal, as markdown, and against the targets."""

import os
import platform
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measure import CONTENDERS, Run

Rounds = Sequence[tuple[Run, Run]]
Results = Mapping[str, Rounds]
MB = 1_000_000
HEADINGS = (
    *("run", "wall s", "CPU s", "client", "of it start-up and exit", "PostgreSQL", "peak MB"),
    *("rows written", "bookkeeping", "wall ratio", "CPU ratio", "work ratio", "site CPU s"),
)
CPU_TARGETS = (  # what, of whose, in which run, at most
    ("first load, CPU as a share of the plain loop's", "plain", 0, 1.0),
    ("first load, CPU as a share of dlt's best", "dlt-best", 0, 0.5),
    ("unchanged second run, CPU as a share of the plain loop's rewrite", "plain", 1, 0.15),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach: at most `limit`."""

    what: str
    value: float
    limit: float

    def line(self) -> str:
        """The verdict as a sentence."""
        verdict = "met" if self.value <= self.limit else "MISSED"
        return f"{verdict}: {self.what}: {self.value:.3g} (at most {self.limit:g})"


def table(results: Results) -> list[list[str]]:
    """A row for each contender and run: medians over the rounds, ratios to the plain loop."""
    return [
        [f"{contender.title}, {name}", *_figures(results, contender.name, second=second)]
        for second, name in enumerate(("first load", "second run"))
        for contender in CONTENDERS
        if contender.name in results
    ]


def targets(results: Results) -> list[Target]:
    """What the measured contenders allow to judge; CPU of the whole process and of its work."""
    if "ours" not in results:
        return []
    found = [
        Target(f"{what}, {how}", _ratio(results, "ours", rival, second, of), limit)
        for what, rival, second, limit in CPU_TARGETS
        for how, of in (("whole process", _cpu), ("without start-up and exit", _work))
        if rival in results
    ]
    written = max(second.content_rows for _, second in results["ours"])
    peak = max(run.peak for pair in results["ours"] for run in pair) / MB
    found.append(Target("unchanged second run, rows written", written, 0))
    found.append(Target("peak memory, MB", peak, 120))
    return found


def memory_targets(small: Rounds, large: Rounds) -> list[Target]:
    """The peak with few posts and with many."""
    few, many = (max(run.peak for pair in rounds for run in pair) for rounds in (small, large))
    return [
        Target("peak memory with the fewer posts, MB", few / MB, 120),
        Target("peak memory with the more posts, MB", many / MB, 120),
        Target("growth of the peak, %", (many / few - 1) * 100, 10),
    ]


def show(console: Console, title: str, rows: list[list[str]], verdicts: Sequence[Target]) -> None:
    """Prints both."""
    shown = Table(title=title)
    for heading in HEADINGS:
        first = heading == HEADINGS[0]
        shown.add_column(heading, justify="left" if first else "right", no_wrap=first)
    for row in rows:
        shown.add_row(*row)
    console.print(shown)
    for target in verdicts:
        console.print(target.line(), style="red" if target.value > target.limit else "green")


def markdown(title: str, machine: str, rows: list[list[str]], verdicts: Sequence[Target]) -> str:
    """The same for a file."""
    lines = [f"# {title}", "", machine, ""]
    lines += [
        f"| {' | '.join(row)} |"
        for row in (HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *rows)
    ]
    lines += ["", *(f"- {target.line()}" for target in verdicts)]
    return "\n".join(lines).rstrip() + "\n"


def machine(postgres: str) -> str:
    """Date, processor, memory and versions: what a figure means nothing without."""
    processor = re.findall(r"model name\s*: (.*)", _read("/proc/cpuinfo")) or [platform.machine()]
    memory = int(re.findall(r"MemTotal:\s+(\d+) kB", _read("/proc/meminfo"))[0]) * 1024
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({processor[0]}), "
        f"{memory / 1e9:.0f} GB, Linux, Python {platform.python_version()}, PostgreSQL {postgres}."
    )


def _figures(results: Results, name: str, *, second: int) -> list[str]:
    runs = [pair[second] for pair in results[name]]
    ratios = ["", "", ""]
    if "plain" in results:
        of_plain = [_ratio(results, name, "plain", second, of) for of in (_wall, _cpu, _work)]
        ratios = [f"{ratio:.2f}" for ratio in of_plain]
    return [
        *(f"{_median(runs, of):.2f}" for of in (_wall, _cpu, _client, _around, _postgres)),
        f"{max(run.peak for run in runs) / MB:.0f}",
        f"{max(run.content_rows for run in runs):,}",
        f"{max(run.bookkeeping_rows for run in runs):,}",
        *ratios,
        f"{_median(runs, lambda run: run.site_cpu):.2f}",
    ]


def _ratio(
    results: Results, one: str, other: str, second: int, of: Callable[[Run], float]
) -> float:
    """Median of the rounds' ratios: what slows a whole round falls out."""
    rounds = zip(results[one], results[other], strict=True)
    return statistics.median(of(mine[second]) / of(theirs[second]) for mine, theirs in rounds)


def _median(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    return statistics.median(of(run) for run in runs)


def _wall(run: Run) -> float:
    return run.wall


def _cpu(run: Run) -> float:
    return run.cpu


def _work(run: Run) -> float:
    return run.work


def _client(run: Run) -> float:
    return run.client_cpu


def _around(run: Run) -> float:
    return run.cpu - run.work


def _postgres(run: Run) -> float:
    return run.postgres_cpu


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
