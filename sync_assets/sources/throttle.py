"""How many requests one site gets at once: fewer when it suffers, more when it copes."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sync_assets.core.rate import UNPACED, Pacer
from sync_assets.core.stop import StopSignal

_WAKE_UP = 0.2  # seconds; whoever waits for a place sees a stop within this time
_CALM = 20  # answers in a row before another request is dared


class Throttle:
    """Additive increase, multiplicative decrease of the requests in flight.

    Args:
        start: requests in flight at first. WordPress on 2 cores only gets slower with more.
        most: never more than these.
        monotonic: the clock in seconds, passed in by tests.
    """

    def __init__(
        self, start: int = 2, most: int = 4, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit = start
        self._most = most
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._in_flight = 0
        self._calm = 0
        self._closed_until = 0.0

    @contextmanager
    def place(self, stop: StopSignal, pace: Pacer = UNPACED) -> Generator[None]:
        """Wait for a place among the requests in flight, and give it back at the end.

        The account's pace is asked for last, so that a slot is used when its moment comes; and once
        more when the site asked to be left alone meanwhile.
        """
        with self._changed:
            self._wait_while(lambda: self._in_flight >= self.limit or self._closed(), stop)
            self._in_flight += 1
        try:
            pace.wait(stop)
            while self._closed():
                with self._changed:
                    self._wait_while(self._closed, stop)
                pace.wait(stop)
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify()

    def _closed(self) -> bool:
        return self._monotonic() < self._closed_until

    def _wait_while(self, taken: Callable[[], bool], stop: StopSignal) -> None:
        while taken():
            self._changed.wait(_WAKE_UP)
            stop.check()

    def went_well(self) -> None:
        """The site answered as it should."""
        with self._changed:
            self._calm += 1
            if self._calm >= _CALM and self.limit < self._most:
                self.limit += 1
                self._calm = 0
                self._changed.notify()

    def struggled(self, asked: float | None = None) -> None:
        """The site could not cope; `asked`: seconds for which it wants to be left alone."""
        with self._changed:
            self.limit = max(1, self.limit // 2)
            self._calm = 0
            if asked is not None:
                self._closed_until = max(self._closed_until, self._monotonic() + asked)
