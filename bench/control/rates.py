"""How many tenants are synced a minute: by requests, one run each, and without Dagster."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.control.installation import Cpu, Failed, Installation, until
from sync_assets.core.ports import SyncOptions
from sync_assets.enqueue import enqueue
from sync_assets.settings import PROJECT, inherited

_OPEN = "SELECT count(*) FROM sync.requests WHERE state IN ('queued', 'launched')"
_ENDED = """
    SELECT count(*) FILTER (WHERE state = 'completed'), count(DISTINCT run_id),
      extract(epoch FROM min(begun_at))::float, extract(epoch FROM max(ended_at))::float
    FROM sync.requests WHERE created_at >= to_timestamp(%(since)s)
"""
_EVENTS = """
    SELECT count(*) FROM dagster.event_logs WHERE run_id IN (
      SELECT run_id FROM sync.requests WHERE created_at >= to_timestamp(%(since)s))
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """What the sync of some tenants took.

    Attributes:
        seconds: from asking to the end of the last one.
        wait: those of them until the first one began.
        cpu: of all processes but the site's.
        runs: of Dagster, or processes.
        events: rows of Dagster's event log.
    """

    what: str
    tenants: int
    seconds: float
    wait: float
    cpu: Cpu
    runs: int
    events: int = 0

    @property
    def a_minute(self) -> float:
        """Tenants."""
        return self.tenants / self.seconds * 60

    @property
    def a_minute_at_work(self) -> float:
        """Tenants, while some are at work."""
        return self.tenants / (self.seconds - self.wait) * 60

    @property
    def cpu_each(self) -> float:
        """CPU seconds of a tenant."""
        return self.cpu.total / self.tenants


def by_requests(installation: Installation, tenants: Sequence[str], what: str) -> Rate:
    """All asked for at once."""

    def ask() -> None:
        enqueue(installation.platform, tenants, asked_by="bench")

    return _asked(installation, ask, len(tenants), what)


def one_run_each(installation: Installation, tenants: Sequence[str], what: str) -> Rate:
    """Asked for with options of their own, so that no two can share a run."""

    def ask() -> None:
        for number, tenant in enumerate(tenants):
            options = SyncOptions(batch_size=100 - number % 50)
            enqueue(installation.platform, [tenant], options, asked_by="bench")

    return _asked(installation, ask, len(tenants), what)


def without_dagster(
    installation: Installation, tenants: Sequence[str], what: str, workers: int, threads: int
) -> Rate:
    """The same syncs by plain processes, each with some of the tenants and a few threads."""
    shares = [tenants[number::workers] for number in range(workers)]
    before, began = installation.cpu(), time.time()
    spent = [_waited(process) for process in [_plain(installation, one, threads) for one in shares]]
    seconds = time.time() - began
    postgres = installation.cpu().since(before).postgres
    return Rate(what, len(tenants), seconds, 0.0, Cpu(sum(spent), postgres), workers)


def _asked(installation: Installation, ask: Callable[[], None], count: int, what: str) -> Rate:
    before, since = installation.cpu(), time.time()
    ask()
    until(lambda: installation.query(_OPEN)[0][0] == 0, f"{what}: all requests have ended", 0.5)
    # Workers that have not been waited for yet would be missing from the sum.
    until(lambda: installation.workers() == 0, f"{what}: all workers are gone", 0.5)
    cpu = installation.cpu().since(before)
    completed, runs, first, last = installation.query(_ENDED, since=since)[0]
    if completed != count:
        raise Failed(f"{what}: {completed} of {count} requests were completed.")
    events = installation.query(_EVENTS, since=since)[0][0]
    return Rate(what, count, last - since, first - since, cpu, runs, events)


def _plain(
    installation: Installation, tenants: Sequence[str], threads: int
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.control.plain", "--threads", str(threads)]
    environment = {**inherited(), **installation.variables()}
    process = subprocess.Popen(  # noqa: S603 - our own
        command, stdin=subprocess.PIPE, env=environment, cwd=PROJECT, text=True
    )
    if process.stdin is not None:
        with process.stdin as pipe:
            pipe.write("\n".join(tenants))
    return process


def _waited(process: "subprocess.Popen[str]") -> float:
    """CPU seconds of a process that has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"A plain process ended with status {process.returncode}: see above.")
    return usage.ru_utime + usage.ru_stime
