"""Kills the processes of an installation at random, as often as it is told to."""

import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import psycopg

from sync_assets.cli.children import Child
from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.embedded.place import find
from sync_assets.store.embedded.processes import postmaster
from sync_assets_tests.end_to_end import proc
from sync_assets_tests.end_to_end.dagster_stack import Stack

HITS = {"worker": 8, "daemon": 3, "code server": 1, "webserver": 2, "fast": 1, "immediate": 1}
"""What is struck how often; the last two are restarts of PostgreSQL, named as `pg_ctl` does."""

PAUSE = 5.0  # seconds at most between two strikes
PATIENCE = 150.0
"""Seconds in which there is something to strike; a launch that was lost is missed after 90."""

_SITUATION = (
    """SELECT state, run_id, claim, attempt, count(*), min(due_at), max(launched_at), max(alive_at),
         now() FROM sync.requests WHERE state IN ('queued', 'launched') GROUP BY 1, 2, 3, 4""",
    "SELECT status, run_id, create_timestamp, update_timestamp FROM dagster.runs"
    " WHERE status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED')",
    """SELECT status, timestamp, left(tick_body, 400) FROM dagster.job_ticks
         ORDER BY id DESC LIMIT 5""",
)

_log = logging.getLogger(__name__)


@dataclass
class Chaos:
    """Strikes one process after the other; what died is started again, as a service manager would.

    The code server is started again by the daemon, within a minute.
    """

    stack: Stack
    server: EmbeddedServer
    random: Random
    keep_busy: Callable[[], None]
    """Called again and again while there is nothing to strike."""
    struck: Counter[str] = field(default_factory=Counter[str])

    def strikes(self) -> Iterator[str]:
        """Strike at each step, in an order and at moments that the seed decides."""
        what = [name for name, times in HITS.items() for _ in range(times)]
        self.random.shuffle(what)
        for name in what:
            time.sleep(self.random.uniform(0, PAUSE))
            self._strike(name)
            self.supervise()
            self.struck[name] += 1
            _log.warning("Struck: %s", name)
            yield name

    def supervise(self) -> None:
        """Start again what has ended."""
        if self._daemon.status is not None:
            self.stack.start_daemon()
        if self._child("webserver").status is not None:
            self.stack.start_webserver()

    @property
    def _daemon(self) -> Child:
        return self._child("daemon")

    def _child(self, name: str) -> Child:
        return next(child for child in reversed(self.stack.processes) if child.name == name)

    def _strike(self, name: str) -> None:
        strike: dict[str, Callable[[], None]] = {
            "worker": lambda: self._kill(self._worker()),
            "daemon": lambda: self._kill(self._daemon.process.pid),
            "code server": lambda: self._kill(self._code_server()),
            "webserver": lambda: self._kill(self._child("webserver").process.pid),
            "fast": self._stop_postgres,
            "immediate": self._crash_postgres,
        }
        strike[name]()
        if name in {"fast", "immediate"}:
            time.sleep(self.random.uniform(0, 2))
            ensure_running(self.server.home, durable=False)

    def _worker(self) -> int:
        """One of the run workers, somewhere in its work."""
        groups = [child.process.pid for child in self.stack.processes if child.name == "daemon"]
        workers = self._some(lambda: [pid for g in groups for pid in proc.run_workers(g)])
        return self.random.choice(workers)

    def _code_server(self) -> int:
        return self._some(lambda: proc.code_servers(self._daemon.process.pid))[0]

    def _some(self, look: Callable[[], list[int]]) -> list[int]:
        """What is found, and a little later still is."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            before = look()
            time.sleep(self.random.uniform(0.1, 4) if before else 0.1)
            found = [pid for pid in look() if pid in before]
            if found:
                return found
            self.supervise()
            self.keep_busy()
        raise AssertionError(f"There was nothing to strike.\n{self._situation()}")

    def _situation(self) -> str:
        """What everybody does, or says that they do."""
        with psycopg.connect(self.stack.platform.database_url) as connection:
            tables = [connection.execute(query).fetchall() for query in _SITUATION]
        rows = (" ".join(map(str, row)) for table in tables for row in table)
        return "\n".join([*rows, self._daemon.last_lines(60)])

    def _kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self._daemon.status is None and pid == self._daemon.process.pid:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _stop_postgres(self) -> None:
        """Stop in good order: everybody is disconnected."""
        stop(self.server.home)

    def _crash_postgres(self) -> None:
        """Stop as after a loss of power: no checkpoint, no farewell."""
        pid = postmaster(find(self.server.home).data)
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        stop(self.server.home)  # waits for its end
