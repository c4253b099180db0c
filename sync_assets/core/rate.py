"""How often an upstream account may be asked, and the slots that keep to it.

A pace is kept by slots, one for each request, spaced by the rate's interval. A slot may be used
from its moment on until `slack` has passed: so a window of w seconds sees at most
`burst + per_second * w` requests, whoever reserved the slots.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync_assets.core.stop import StopSignal

SLOWEST = 1 / 60
"""Requests a second. To connect takes several; slower than that, a sync looks like a dead one."""

FASTEST = 1000.0
"""Requests a second; whoever needs more needs no pace."""

_LOT = 0.25  # seconds' worth of slots that a process reserves at once, at most
_PROOF = 8  # lots that must be used up before a larger one is reserved


@dataclass(frozen=True, slots=True)
class Rate:
    """What an account may be asked.

    Attributes:
        per_second: requests a second, from one a minute to 1000.
        burst: requests that may start together after a pause; 1 spaces them all evenly.
    """

    per_second: float
    burst: int = 1

    def __post_init__(self) -> None:
        if not SLOWEST <= self.per_second <= FASTEST:  # not a number is refused, too
            raise ValueError(
                f"{self.per_second:g} requests a second is no rate to keep. It goes from one a "
                f"minute (0.017) to {FASTEST:g}."
            )
        if self.burst < 1:
            raise ValueError(f"A burst is of 1 request at least, not of {self.burst}.")

    @property
    def interval(self) -> float:
        """Seconds between two slots."""
        return 1 / self.per_second

    @property
    def slack(self) -> float:
        """Seconds for which a slot may be used after its moment."""
        return (self.burst - 1) * self.interval

    @property
    def lot(self) -> int:
        """Slots to be reserved at once, at most."""
        return max(1, int(self.per_second * _LOT))


def slower(one: Rate | None, other: Rate | None) -> Rate | None:
    """The lower of two rates; None is no limit."""
    rates = [rate for rate in (one, other) if rate is not None]
    return min(rates, key=lambda rate: (rate.per_second, rate.burst), default=None)


class Pacer(Protocol):
    """Keeps the pace of one account; safe from several threads."""

    def wait(self, stop: StopSignal) -> None:
        """Return when the next request may start.

        Raises:
            Stopped: a stop was asked for.
            RetryLater: the pace could not be asked for.
        """
        ...


class Paces(Protocol):
    """The paces of all accounts."""

    def pacer(self, account: str, rate: Rate) -> Pacer:
        """The pacer of an account; `account` begins with the source's name and a colon."""
        ...


class Unpaced:
    """No limit."""

    def wait(self, stop: StopSignal) -> None:
        """Return at once."""


UNPACED: Pacer = Unpaced()


class Slots:
    """The slots of one process for one account, reserved a few at a time.

    A lot grows by a slot once several were used up, and is halved when slots had to be dropped:
    whoever asks seldom reserves one by one and takes nothing from other processes.

    Args:
        rate: of the account.
        reserve: reserves so many slots in a row, and gives the moment of the first of them on the
            clock that `take` is asked with.
    """

    def __init__(self, rate: Rate, reserve: Callable[[int], float]) -> None:
        self._rate = rate
        self._reserve = reserve
        self._next = 0.0
        self._left = 0
        self._size = 1
        self._used = 0  # since the size last changed

    def take(self, now: float) -> float:
        """The moment from which on a request may start; not before `now - slack`."""
        self._drop_stale(now)
        if not self._left:
            self._next = self._reserve(self._size)
            self._left = self._size
        slot = self._next
        self._next += self._rate.interval
        self._left -= 1
        self._grow()
        return slot

    def _drop_stale(self, now: float) -> None:
        late = now - self._rate.slack - self._next
        if not self._left or late <= 0:
            return
        stale = min(self._left, math.ceil(late / self._rate.interval))
        self._next += stale * self._rate.interval
        self._left -= stale
        self._size, self._used = max(1, self._size // 2), 0

    def _grow(self) -> None:
        self._used += 1
        if self._used >= _PROOF * self._size and self._size < self._rate.lot:
            self._size, self._used = self._size + 1, 0
