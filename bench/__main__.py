"""`python -m bench`: the interleaved rounds; `python -m bench --memory`: does the peak grow?"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench import measure, report
from bench.measure import CONTENDERS, Contender, Run, Site
from bench.postgres import Server, own_server

GROWTH = 10  # times as many posts


@contextmanager
def running_site(posts: int) -> Iterator[Site]:
    """The site in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "bench.site", "--posts", str(posts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            yield Site(url, process.pid, posts)
        finally:
            process.terminate()


class Bench:
    """The chosen contenders, a server and a place for their files."""

    def __init__(self, chosen: list[Contender], server: Server, folder: Path) -> None:
        self.chosen = chosen
        self.server = server
        self.folder = folder
        self.console = Console(width=None if sys.stdout.isatty() else 180)

    def rounds(self, posts: int, count: int) -> dict[str, list[tuple[Run, Run]]]:
        """Each round has every contender once, starting with another one each time."""
        results: dict[str, list[tuple[Run, Run]]] = {one.name: [] for one in self.chosen}
        for contender in self.chosen:
            measure.warm_up(contender, self.folder)
        with running_site(posts) as site:
            for number in range(count):
                turn = number % len(self.chosen)
                for contender in self.chosen[turn:] + self.chosen[:turn]:
                    pair = measure.both_runs(contender, site, self.server, self.folder)
                    results[contender.name].append(pair)
                    self._progress(number, contender, pair)
        return results

    def compare(self, posts: int, count: int) -> tuple[str, list[list[str]], list[report.Target]]:
        """The benchmark: its title, rows and verdicts."""
        results = self.rounds(posts, count)
        title = f"{posts:,} posts of 5 KB, medians of {count} interleaved rounds"
        return title, report.table(results), report.targets(results)

    def memory(self, posts: int) -> tuple[str, list[list[str]], list[report.Target]]:
        """The first chosen contender alone, with `posts` and with ten times as many."""
        self.chosen = self.chosen[:1]
        sizes = (posts, posts * GROWTH)
        small, large = (self.rounds(size, 1) for size in sizes)
        rows = [
            [f"{size:,} posts: {row[0]}", *row[1:]]
            for size, results in zip(sizes, (small, large), strict=True)
            for row in report.table(results)
        ]
        name = self.chosen[0].name
        title = f"Peak memory with {posts:,} and {posts * GROWTH:,} posts"
        return title, rows, report.memory_targets(small[name], large[name])

    def _progress(self, number: int, contender: Contender, pair: tuple[Run, Run]) -> None:
        said = ", then ".join(
            f"{run.wall:.1f} s wall, {run.cpu:.2f} s CPU, {run.peak / report.MB:.0f} MB"
            for run in pair
        )
        self.console.print(f"round {number + 1}, {contender.title}: {said}", style="dim")


def main() -> int:
    """Exit status: 0 measured, whatever the verdicts; 1 a contender failed."""
    options = _options()
    signal.signal(signal.SIGTERM, _end)  # as Ctrl-C does: the server and the site end too
    chosen = [one for one in CONTENDERS if one.name in options.only]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        try:
            with own_server(folder, options.database_url) as server:
                bench = Bench(chosen, server, folder)
                if options.memory:
                    measured = bench.memory(options.posts)
                else:
                    measured = bench.compare(options.posts, options.rounds)
                _tell(bench, measured, options.write)
        except measure.Failed as failure:
            sys.stderr.write(f"{failure}\n")
            return 1
    return 0


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _tell(
    bench: Bench, measured: tuple[str, list[list[str]], list[report.Target]], write: Path | None
) -> None:
    report.show(bench.console, *measured)
    if write:
        title, rows, verdicts = measured
        described = report.machine(bench.server.version)
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(report.markdown(title, described, rows, verdicts), encoding="utf-8")


def _options() -> argparse.Namespace:
    names = [contender.name for contender in CONTENDERS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=lambda text: text.split(","), default=names, help="a,b")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    parser.add_argument("--database-url", help="a superuser's, on this machine")
    options = parser.parse_args()
    missing = [
        one.name for one in CONTENDERS if one.name in options.only and not one.python.exists()
    ]
    if missing:
        parser.error(f"{', '.join(missing)} need .venv-bench: run 'make bench' or leave them out.")
    if unknown := set(options.only) - set(names):
        parser.error(f"no such contender: {', '.join(sorted(unknown))}; there are {names}")
    return options


if __name__ == "__main__":
    sys.exit(main())
