"""One signal that everything which waits or loops looks at."""

import threading
import time
from collections.abc import Callable

from sync_assets.core.errors import OutOfTime, Stopped


class StopSignal:
    """Asks a sync to stop, at once or when its turn is over.

    Args:
        turn: seconds until the turn is over, None for no limit.
        monotonic: the clock in seconds, passed in by tests.
    """

    def __init__(
        self, *, turn: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._event = threading.Event()
        self._monotonic = monotonic
        self._turn_ends = None if turn is None else monotonic() + turn

    def turn(self, seconds: float) -> "StopSignal":
        """The same signal, for a turn of so many seconds."""
        child = StopSignal(turn=seconds, monotonic=self._monotonic)
        child._event = self._event
        return child

    def set(self) -> None:
        """Ask for a stop; safe from any thread or signal handler."""
        self._event.set()

    def check(self) -> None:
        """Raise `Stopped` once a stop was asked for."""
        if self._event.is_set():
            raise Stopped("The sync was stopped. What it wrote stays; the next one goes on.")

    def check_turn(self) -> None:
        """Between pages: raise `Stopped`, or `OutOfTime` when the turn is over."""
        self.check()
        if self._turn_ends is not None and self._monotonic() > self._turn_ends:
            raise OutOfTime("The sync's turn is over. It goes on from its checkpoint.")

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up and raise `Stopped` as soon as a stop is asked for."""
        if self._event.wait(seconds):
            self.check()
