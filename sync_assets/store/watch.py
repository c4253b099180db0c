"""Watches the syncs of this process: gives signs of life, and hears when one shall end."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

import psycopg

from sync_assets.core.errors import SyncError
from sync_assets.core.stop import StopSignal
from sync_assets.store.attempts import Attempts

LOOK_EVERY = 1.0
"""Seconds between two looks at what was cancelled."""

BEAT_EVERY = 10
"""Looks between two signs of life."""

_log = logging.getLogger(__name__)


class Watch(threading.Thread):
    """Watches the syncs of one run, on one connection of the pool and for one query a second."""

    def __init__(self, attempts: Attempts, run_id: str | None) -> None:
        super().__init__(name="requests", daemon=True)
        self._attempts = attempts
        self._run_id = run_id
        self._signals: dict[UUID, StopSignal] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()

    def add(self, sync_id: UUID, stop: StopSignal) -> None:
        """Watch over a sync, from before it begins."""
        with self._lock:
            self._signals[sync_id] = stop

    def remove(self, sync_id: UUID) -> None:
        """Watch over it no longer."""
        with self._lock:
            self._signals.pop(sync_id, None)

    def run(self) -> None:
        """Look until the end."""
        looks = 0
        while not self._done.wait(LOOK_EVERY):
            looks += 1
            try:
                self._look(beat=looks % BEAT_EVERY == 0)
            except (SyncError, psycopg.Error) as error:
                # PostgreSQL is away. The next look finds it again, or the sync itself fails.
                _log.warning("A look at the requests failed: %s", error)

    def end(self) -> None:
        """Look no longer."""
        self._done.set()
        self.join(timeout=LOOK_EVERY)

    def _look(self, *, beat: bool) -> None:
        with self._lock:
            signals = dict(self._signals)
        if not signals:
            return
        for sync_id in self._attempts.unwanted(list(signals), self._run_id):
            signals[sync_id].set()
        if beat:
            self._attempts.beat(list(signals), self._run_id)
            waiting = self._attempts.others_wait()
            for stop in signals.values():
                stop.others_wait(waiting)


@contextmanager
def watching(attempts: Attempts, run_id: str | None) -> Generator[Watch]:
    """A watch for as long as the block lasts."""
    watch = Watch(attempts, run_id)
    watch.start()
    try:
        yield watch
    finally:
        watch.end()
