"""One contender's first load and second run, measured."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.postgres import Server, process_cpu

RIVALS_PYTHON = Path(__file__).parent.parent / ".venv-bench" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that loads the posts; `table` is where they must be afterwards."""

    name: str
    title: str
    python: Path
    module: tuple[str, ...]
    table: str
    prepares: bool = False


CONTENDERS = (
    Contender(
        "ours",
        "sync-assets",
        Path(sys.executable),
        ("bench.ours",),
        "cms.wordpress_posts",
        prepares=True,
    ),
    Contender(
        "plain", "plain loop", Path(sys.executable), ("bench.plain_loop",), "public.wordpress_posts"
    ),
    Contender(
        "dlt", "dlt, default", RIVALS_PYTHON, ("bench.with_dlt", "default"), "wordpress.posts"
    ),
    Contender(
        "dlt-best", "dlt, its best", RIVALS_PYTHON, ("bench.with_dlt", "best"), "wordpress.posts"
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One process's cost: seconds, bytes, and rows written as PostgreSQL counted them."""

    wall: float
    client_cpu: float
    postgres_cpu: float
    site_cpu: float
    start_up: float
    done_at: float
    peak: float
    content_rows: int
    bookkeeping_rows: int

    @property
    def cpu(self) -> float:
        """Client and PostgreSQL together; the site is nobody's."""
        return self.client_cpu + self.postgres_cpu

    @property
    def work(self) -> float:
        """The same without importing modules at first and letting go of them in the end."""
        return self.done_at - self.start_up + self.postgres_cpu


@dataclass(frozen=True, slots=True)
class Site:
    """The running site."""

    url: str
    pid: int
    posts: int


class Failed(Exception):
    """A contender did not do its work, so there is nothing to measure."""


def both_runs(contender: Contender, site: Site, server: Server, folder: Path) -> tuple[Run, Run]:
    """The first load into a fresh database, then the same again with nothing changed."""
    database, home = database_of(contender), own_folder(contender, folder)
    command = command_of(contender, site.url, server.fresh(database), home)
    if contender.prepares:
        finished([*command, "--prepare"], home, contender)
    runs: list[Run] = []
    for _ in range(2):
        runs.append(measured(contender, command, site.pid, server, home))
        found = server.count(database, contender.table)
        if found != site.posts:
            raise Failed(f"{contender.title} loaded {found:,} of {site.posts:,} posts.")
    server.drop(database)
    return runs[0], runs[1]


def database_of(contender: Contender) -> str:
    """The name of its database."""
    return "bench_" + contender.name.replace("-", "_")


def own_folder(contender: Contender, folder: Path) -> Path:
    """A new and empty one, for a first load and what follows."""
    home = folder / f"{contender.name}-{time.monotonic_ns()}"
    home.mkdir()
    return home


def warm_up(contender: Contender, folder: Path) -> None:
    """Compiles its modules and brings its files into the page cache."""
    finished(
        [str(contender.python), "-m", *contender.module, "--help"], folder, contender, quiet=True
    )


def measured(
    contender: Contender, command: list[str], site: int, server: Server, home: Path
) -> Run:
    """One run, from a settled database on; `site` is the site's process."""
    database = database_of(contender)
    server.settle(database)
    report = home / "report.json"
    rows, postgres, served = server.written(database), server.cpu(), process_cpu(site)
    started = time.perf_counter()
    client = finished([*command, "--report", str(report)], home, contender)
    wall = time.perf_counter() - started
    postgres = server.cpu() - postgres
    after = server.written(database)
    return Run(
        wall=wall,
        client_cpu=client,
        postgres_cpu=postgres,
        site_cpu=process_cpu(site) - served,
        content_rows=after.content - rows.content,
        bookkeeping_rows=after.bookkeeping - rows.bookkeeping,
        **json.loads(report.read_text()),
    )


def command_of(contender: Contender, site: str, database_url: str, home: Path) -> list[str]:
    """What starts it."""
    what = [str(contender.python), "-m", *contender.module]
    return [*what, "--site", site, "--database-url", database_url, "--home", str(home)]


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's, so that no setting or cache of theirs takes part."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DLT_DATA_DIR": str(home),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


def finished(command: list[str], home: Path, contender: Contender, *, quiet: bool = False) -> float:
    """CPU seconds of the process and of the children it waited for."""
    output = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, env=_environment(home), stdout=output)  # noqa: S603 - our own
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()  # interrupted: it must not go on without us
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{contender.title} ended with status {process.returncode}: see above.")
    return usage.ru_utime + usage.ru_stime
