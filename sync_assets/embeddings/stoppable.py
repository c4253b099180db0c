"""Runs work that blocks so that whoever waits for it may leave at any moment.

Neither a name look-up nor a TLS handshake nor a slow answer can be interrupted from within: the
work gets a thread, and the caller looks at the stop signal and the clock meanwhile.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sync_assets.core.errors import OutOfTime, Stopped
from sync_assets.core.stop import StopSignal

_LOOK = 0.1  # seconds between two looks at the stop signal

T = TypeVar("T")

Work = Callable[[threading.Event], T]
"""Gets an event that is set when nobody waits for its result any more."""


GRACE = 1.5
"""Seconds that an answer gets after a stop."""


class Overdue(Exception):
    """The work took longer than it may."""


def stoppable(work: Work[T], stop: StopSignal, seconds: float) -> T:
    """The result of work in a thread of its own, or its error.

    Args:
        work: may go on for a while after it was left alone, and nobody sees what comes of it.
        stop: ends the wait soon.
        seconds: for the whole work.

    Raises:
        Overdue: the time is over.
        Stopped: a stop was asked for.
        OutOfTime: the signal's hard limit is over.
    """
    task = _Task(work)
    ends = time.monotonic() + seconds
    task.start()
    try:
        while not task.done.wait(_LOOK):
            _check(stop, task.done)
            if time.monotonic() > ends:
                raise Overdue
    finally:
        task.abandoned.set()
    return task.outcome()


def _check(stop: StopSignal, done: threading.Event) -> None:
    """Obey a stop, but for an answer that comes within a moment: it is paid for."""
    try:
        stop.check()
    except (Stopped, OutOfTime):
        if not done.wait(GRACE):
            raise


class _Task(threading.Thread, Generic[T]):
    def __init__(self, work: Work[T]) -> None:
        super().__init__(name="call", daemon=True)  # an end of the program does not wait for it
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None
        self.done = threading.Event()
        self.abandoned = threading.Event()

    def run(self) -> None:
        try:
            self._result.append(self._work(self.abandoned))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            self._error = error
        finally:
            self.done.set()

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]
