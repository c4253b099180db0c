"""`python -m bench.control`: what asking, queueing and running through Dagster costs."""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench.control import asking, latency, rates, report
from bench.control.installation import Failed, Installation, free_port, installed, running
from bench.control.report import Measured
from bench.postgres import Server
from bench.report import machine
from sync_assets.store import embedded

ALONE = 12
"""Tenants that get a run each."""

WAYS = ((2, 6), (1, 12))
"""Processes and threads without Dagster: as the sweeps have them, and one process with all."""

_IDLE = 120  # seconds; the daemon starts its code server anew every minute


class Bench:
    """The parts, each on an installation of its own."""

    def __init__(
        self, options: argparse.Namespace, server: Server, folder: Path, site: str
    ) -> None:
        self.options = options
        self.server = server
        self.folder = folder
        self.site = site
        self.measured = Measured()
        self.console = Console(width=None if sys.stdout.isatty() else 180)

    def run(self) -> Measured:
        """Everything that was chosen."""
        only: list[str] = self.options.only
        for interval in self.options.intervals if {"rates", "latency"} & set(only) else ():
            self._by_requests(interval)
        if "rates" in only:
            self._without_dagster()
        if "asking" in only:
            self._asking()
        return self.measured

    def _by_requests(self, interval: int) -> None:
        with (
            self._installed(f"bench_requests_{interval}") as (installation, tenants),
            running(installation, interval, free_port()),
        ):
            self._rates(installation, tenants, interval)
            if "latency" in self.options.only:
                self._latency(installation, tenants, interval)
                self._idle(installation, interval)
            if "asking" in self.options.only:
                what = f"asking, services up, {interval} s sensor"
                self.measured.askings.append(asking.ask(installation, tenants, what))

    def _rates(self, installation: Installation, tenants: Sequence[str], interval: int) -> None:
        """Also where only the latency is asked for: it is that of tenants with content."""
        for what in ("first load", "second sync"):
            way = f"by requests, {interval} s sensor, {what}"
            self._note(self.measured.asked, rates.by_requests(installation, tenants, way))
        if "rates" in self.options.only:
            chosen, way = tenants[: self.options.alone], f"one run each, {interval} s sensor"
            self._note(self.measured.each, rates.one_run_each(installation, chosen, way))

    def _latency(self, installation: Installation, tenants: Sequence[str], interval: int) -> None:
        chosen = tenants[: self.options.samples]
        found = latency.measure(installation, chosen, self.site, interval)
        self.measured.latencies.append(found)
        self._say(f"{interval} s sensor: median {found.median:.1f} s to the first page")

    def _idle(self, installation: Installation, interval: int) -> None:
        before, began = installation.cpu(), time.monotonic()
        time.sleep(_IDLE)
        spent, minutes = installation.cpu().since(before), (time.monotonic() - began) / 60
        self.measured.idle[interval] = (spent.services / minutes, spent.postgres / minutes)

    def _without_dagster(self) -> None:
        for number, (workers, threads) in enumerate(WAYS):
            with self._installed(f"bench_plain_{number}") as (installation, tenants):
                for what in ("first load", "second sync"):
                    way = f"without Dagster, {workers} x {threads} threads, {what}"
                    rate = rates.without_dagster(installation, tenants, way, workers, threads)
                    self._note(self.measured.plain, rate)

    def _asking(self) -> None:
        with self._installed("bench_asking") as (installation, tenants):
            found = self.measured.askings
            found.append(asking.ask(installation, tenants, "asking, Dagster down"))
            asking.fill(installation)
            waiting = f"{asking.WAITING:,} requests due"
            found.append(asking.ask(installation, tenants, f"asking, Dagster down, {waiting}"))
            found.append(asking.claim(installation))

    @contextmanager
    def _installed(self, name: str) -> Iterator[tuple[Installation, list[str]]]:
        with installed(self.server, self.folder, name) as installation:
            yield installation, installation.register(self.options.tenants, self.site)

    def _note(self, rates_: list[rates.Rate], rate: rates.Rate) -> None:
        rates_.append(rate)
        self._say(
            f"{rate.what}: {rate.a_minute:.0f} tenants a minute, {rate.cpu_each:.2f} CPU s each"
        )

    def _say(self, line: str) -> None:
        self.console.print(line, style="dim")


@contextmanager
def running_sites() -> Iterator[str]:
    """The tenants' sites in a process of their own, until the block ends; gives their address."""
    command = [sys.executable, "-m", "bench.control.site"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    """An embedded server as an installation has it, autovacuum and all."""
    home = folder / "server"
    home.mkdir()
    server = embedded.ensure_running(home)
    try:
        yield Server(server.url("postgres"))
    finally:
        embedded.stop(home)


def main() -> int:
    """Exit status: 0 measured, whatever the verdicts; 1 something did not do its work."""
    options = _options()
    signal.signal(signal.SIGTERM, _end)  # as Ctrl-C does: the services and the server end too
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        try:
            with own_server(folder) as server, running_sites() as site:
                bench = Bench(options, server, folder, site)
                measured = bench.run()
        except Failed as failure:
            sys.stderr.write(f"{failure}\n")
            return 1
        report.show(bench.console, measured)
        if options.write:
            options.write.parent.mkdir(parents=True, exist_ok=True)
            text = report.markdown(measured, machine(server.version))
            options.write.write_text(text, encoding="utf-8")
    return 0


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _options() -> argparse.Namespace:
    def listed(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(prog="python -m bench.control", description=__doc__)
    parser.add_argument("--tenants", type=int, default=300)
    parser.add_argument("--alone", type=int, default=ALONE, help="tenants with a run each")
    parser.add_argument("--samples", type=int, default=8, help="of the way to the first page")
    parser.add_argument(
        "--intervals", type=lambda text: [int(one) for one in listed(text)], default=[10, 1]
    )
    parser.add_argument("--only", type=listed, default=["rates", "latency", "asking"], help="a,b")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
