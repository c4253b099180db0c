"""One signal that everything which waits or loops looks at."""

import threading
import time
from collections.abc import Callable
from weakref import WeakSet

from sync_assets.core.errors import OutOfTime, Stopped

Monotonic = Callable[[], float]
"""A clock in seconds that never goes back."""


class StopSignal:
    """Asks a sync to stop: at once, or between two pages when its time is over.

    Args:
        turn: seconds until its turn in a sweep is over, None for no turn.
        soft: seconds after which it goes on only while nobody else waits.
        hard: seconds after which it also gives up the answers that it waits for.
        monotonic: the clock, passed in by tests.
    """

    def __init__(
        self,
        *,
        turn: float | None = None,
        soft: float | None = None,
        hard: float | None = None,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._event = threading.Event()
        self._monotonic = monotonic
        self._turn_ends = _end(turn, monotonic)
        self._soft = soft
        self._soft_ends = _end(soft, monotonic)
        self._hard = hard
        self._hard_ends = _end(hard, monotonic)
        self._others_wait = False
        self._children: WeakSet[StopSignal] = WeakSet()

    def child(
        self, *, turn: float | None = None, soft: float | None = None, hard: float | None = None
    ) -> "StopSignal":
        """A signal of its own for a part of the work; stopping the whole stops the part, too."""
        child = StopSignal(turn=turn, soft=soft, hard=hard, monotonic=self._monotonic)
        self._children.add(child)
        if self._event.is_set():  # after it was added: a stop meanwhile reaches it one way or other
            child.set()
        return child

    def set(self) -> None:
        """Ask for a stop; safe from any thread or signal handler."""
        self._event.set()
        for child in list(self._children):
            child.set()

    def others_wait(self, waiting: bool) -> None:  # noqa: FBT001 - a fact, told as it is
        """Say whether other syncs wait for a place."""
        self._others_wait = waiting

    def begin_anew(self) -> None:
        """Begin both limits anew: this work is lost when it is cut off, and may take its time."""
        self._soft_ends = _end(self._soft, self._monotonic)
        self.progressed()

    def progressed(self) -> None:
        """Begin the hard limit anew: this work may take as long as it gets on."""
        self._hard_ends = _end(self._hard, self._monotonic)

    def check(self) -> None:
        """Raise `Stopped` once a stop was asked for, `OutOfTime` behind the hard limit."""
        if self._event.is_set():
            raise Stopped("The sync was stopped. What it wrote stays; the next one goes on.")
        if self._over(self._hard_ends):
            raise OutOfTime(
                f"The sync took longer than {self._hard:.0f} s, the hard limit of its queue. "
                "It goes on from its checkpoint."
            )

    def check_turn(self) -> None:
        """Between pages: raise `Stopped`, or `OutOfTime` when the turn is over."""
        self.check()
        if self._over(self._turn_ends) or (self._others_wait and self._over(self._soft_ends)):
            raise OutOfTime("The sync's turn is over. It goes on from its checkpoint.")

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up and raise as `check` does as soon as a stop is asked for."""
        self._event.wait(seconds)
        self.check()

    def _over(self, end: float | None) -> bool:
        return end is not None and self._monotonic() > end


def _end(seconds: float | None, monotonic: Monotonic) -> float | None:
    return None if seconds is None else monotonic() + seconds
