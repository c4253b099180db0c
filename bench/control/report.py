"""The figures as tables, for the terminal and as markdown, and against the targets."""

import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.control.asking import Asking
from bench.control.latency import PARTS, Latency
from bench.control.rates import Rate

_BEST_BY = 0.5  # of the rate without Dagster that requests shall reach


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach; `at_least` or at most."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Was it reached?"""
        return (operator.ge if self.at_least else operator.le)(self.value, self.limit)

    def line(self) -> str:
        """The verdict as a sentence."""
        word = "at least" if self.at_least else "at most"
        return (
            f"{'met' if self.met else 'MISSED'}: {self.what}: {self.value:.3g} "
            f"({word} {self.limit:g})"
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(slots=True)
class Measured:
    """All that was measured.

    Attributes:
        asked: by requests: first loads and second syncs.
        plain: without Dagster: the same.
        each: one run for each tenant.
        idle: CPU seconds a minute of installations that have nothing to do, by the sensor's
            interval: Dagster's, PostgreSQL's.
    """

    asked: list[Rate] = field(default_factory=list)
    plain: list[Rate] = field(default_factory=list)
    each: list[Rate] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    askings: list[Asking] = field(default_factory=list)
    idle: dict[int, tuple[float, float]] = field(default_factory=dict)

    def sheets(self) -> list[Sheet]:
        """The tables."""
        found = [
            (self.asked or self.plain or self.each, _rates),
            (self.latencies, _latencies),
            (self.askings, _askings),
            (self.idle, _idle),
        ]
        return [sheet(self) for there, sheet in found if there]

    def targets(self) -> list[Target]:
        """The verdicts."""
        found = [
            Target(f"{one.what}, tenants a minute", one.a_minute, 200, at_least=True)
            for one in self.asked
        ]
        found += self._ratios()
        found += [
            Target(
                f"from request to first page, {one.interval} s sensor, median s",
                one.median,
                20 if one.interval >= 10 else 10,
            )
            for one in self.latencies
        ]
        found += [
            Target(f"{one.what}, median ms", one.median, one.limit)
            for one in self.askings
            if one.limit is not None
        ]
        found += [
            Target(f"{one.what}, rows of the event log a tenant", one.events / one.tenants, most)
            for rates, most in ((self.asked, 10), (self.each, 60))
            for one in rates
        ]
        return found

    def _ratios(self) -> list[Target]:
        """Requests against the fastest way without Dagster, first loads and second syncs apart."""
        found: list[Target] = []
        for word in ("first load", "second sync"):
            plain = [one.a_minute for one in self.plain if word in one.what]
            for one in self.asked:
                if plain and word in one.what:
                    ratio = one.a_minute / max(plain)
                    what = f"{one.what}, rate as a share of that without Dagster"
                    found.append(Target(what, ratio, _BEST_BY, at_least=True))
        return found


def show(console: Console, measured: Measured) -> None:
    """Prints tables and verdicts."""
    for sheet in measured.sheets():
        shown = Table(title=sheet.title)
        for number, heading in enumerate(sheet.headings):
            shown.add_column(heading, justify="left" if number == 0 else "right")
        for row in sheet.rows:
            shown.add_row(*row)
        console.print(shown)
    for target in measured.targets():
        console.print(target.line(), style="green" if target.met else "red")


def markdown(measured: Measured, machine: str) -> str:
    """The same for a file."""
    lines = [f"# The control plane's figures\n\n{machine}\n"]
    for sheet in measured.sheets():
        rule = ["---", *["---:"] * (len(sheet.headings) - 1)]
        rows = (sheet.headings, rule, *sheet.rows)
        lines += [f"## {sheet.title}\n", *(f"| {' | '.join(row)} |" for row in rows), ""]
    lines += ["## Targets\n", *(f"- {target.line()}" for target in measured.targets())]
    return "\n".join(lines) + "\n"


def _rates(measured: Measured) -> Sheet:
    headings = (
        *("way", "tenants", "seconds", "of it wait", "a minute", "a minute at work"),
        *("CPU s a tenant", "Dagster's", "PostgreSQL's", "runs", "event rows a tenant"),
    )
    rows = [
        [
            rate.what,
            str(rate.tenants),
            f"{rate.seconds:.1f}",
            f"{rate.wait:.1f}",
            f"{rate.a_minute:.0f}",
            f"{rate.a_minute_at_work:.0f}",
            f"{rate.cpu_each:.2f}",
            f"{rate.cpu.services / rate.tenants:.2f}",
            f"{rate.cpu.postgres / rate.tenants:.2f}",
            str(rate.runs),
            f"{rate.events / rate.tenants:.1f}",
        ]
        for rate in (*measured.asked, *measured.plain, *measured.each)
    ]
    return Sheet("How many tenants a minute, and what each costs", headings, rows)


def _latencies(measured: Measured) -> Sheet:
    headings = ("part, median seconds", *(f"{one.interval} s sensor" for one in measured.latencies))

    def row(what: str, figure: Callable[[Latency], float]) -> list[str]:
        return [what, *(f"{figure(one):.2f}" for one in measured.latencies)]

    rows = [
        row("from request to first page", lambda one: one.median),
        row("the slowest", lambda one: max(sample.total for sample in one.samples)),
        *(row(f"of it: {what}", lambda one, name=name: one.part(name)) for name, what in PARTS),
        row("the sensor's looks are apart", lambda one: statistics.mean(one.looks)),
        row("samples", lambda one: len(one.samples)),
    ]
    return Sheet("From request to the first page, on an idle machine", headings, rows)


def _askings(measured: Measured) -> Sheet:
    rows = [
        [one.what, f"{one.median:.1f}", f"{one.p99:.1f}", str(len(one.milliseconds))]
        for one in measured.askings
    ]
    return Sheet("What asking costs", ("ms", "median", "p99", "samples"), rows)


def _idle(measured: Measured) -> Sheet:
    rows = [
        [f"{interval} s sensor", f"{dagster:.1f}", f"{postgres:.1f}"]
        for interval, (dagster, postgres) in measured.idle.items()
    ]
    headings = ("CPU seconds a minute", "Dagster's", "PostgreSQL's")
    return Sheet("What an installation costs that has nothing to do", headings, rows)
