"""The leaky bucket of an app at a shop, and the ledger of all that was taken from it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# Points a second; a bucket holds twenty seconds' worth.
PLANS = {"standard": 100, "advanced": 200, "plus": 1000, "enterprise": 2000}
_SECONDS = 20
MOST_FOR_ONE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: `at` in seconds of the bucket's clock, `before` what was there to take.

    `outcome` is "done", "throttled" or "too dear"; `actual` is None for what did not run.
    """

    at: float
    app: str
    operation: str
    requested: int
    actual: int | None
    before: float
    outcome: str


@dataclass(slots=True)
class Ledger:
    """What every app took, and when: the proof that none went over its budget."""

    entries: list[Entry] = field(default_factory=list[Entry])

    @property
    def throttled(self) -> list[Entry]:
        """The requests that were refused because the bucket was too empty."""
        return [entry for entry in self.entries if entry.outcome == "throttled"]

    @property
    def too_dear(self) -> list[Entry]:
        """The requests that no bucket would ever hold."""
        return [entry for entry in self.entries if entry.outcome == "too dear"]

    @property
    def spent(self) -> int:
        """All points that were taken for good."""
        return sum(entry.actual or 0 for entry in self.entries)

    def most_in(self, seconds: float) -> int:
        """The most points that were taken in any stretch of so many seconds."""
        most, taken = 0, 0
        within: deque[Entry] = deque()
        for entry in sorted(self.entries, key=lambda entry: entry.at):
            within.append(entry)
            taken += entry.actual or 0
            while within[0].at < entry.at - seconds:
                taken -= within.popleft().actual or 0
            most = max(most, taken)
        return most


class Bucket:
    """Points that come back all the time; take what a query may cost, give back what it did not."""

    def __init__(
        self, app: str, rate: float, ledger: Ledger, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self.rate, self.maximum = app, rate, rate * _SECONDS
        self._ledger, self._ticks = ledger, ticks
        self._available = self.maximum
        self._at = ticks()
        self._lock = threading.Lock()

    @property
    def available(self) -> float:
        """What there is at this moment."""
        with self._lock:
            return self._refilled()

    def drain(self, left: float = 0) -> None:
        """Empties the bucket, as another part of the same app would."""
        with self._lock:
            self._refilled()
            self._available = min(self._available, left)

    def reserve(self, operation: str, requested: int) -> float | None:
        """Takes what a query may cost: what there was before, None when that was too little."""
        with self._lock:
            before = self._refilled()
            if requested > before:
                self._note(operation, requested, None, before, "throttled")
                return None
            self._available = before - requested
            return before

    def settle(self, operation: str, requested: int, actual: int, before: float) -> None:
        """Gives back the difference."""
        with self._lock:
            self._available = min(self.maximum, self._refilled() + requested - actual)
            self._note(operation, requested, actual, before, "done")

    def refuse(self, operation: str, requested: int) -> None:
        """Notes a query that is too dear for any bucket; it takes nothing."""
        with self._lock:
            self._note(operation, requested, None, self._refilled(), "too dear")

    def status(self) -> dict[str, float]:
        """`throttleStatus`, as the API gives it."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": int(self.available),
            "restoreRate": float(self.rate),
        }

    def _refilled(self) -> float:
        now = self._ticks()
        back = (now - self._at) * self.rate
        self._available, self._at = min(self.maximum, self._available + back), now
        return self._available

    def _note(
        self, operation: str, requested: int, actual: int | None, before: float, outcome: str
    ) -> None:
        entry = Entry(self._at, self.app, operation, requested, actual, before, outcome)
        self._ledger.entries.append(entry)
