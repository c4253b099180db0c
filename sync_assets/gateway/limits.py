"""How often a key may ask or an address guess, and how many slow calls an organization may have."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock

from anyio import Semaphore

from sync_assets.gateway.problems import Problem

MOST = 10_000
"""Names that are remembered; who was seen longest ago is forgotten first."""

BURST = 100
"""Calls that a key may make at once, having been quiet."""

_SOON = {"Retry-After": "5"}

GUESSES, GUESS_BURST = 30, 20
"""Wrong keys a minute, and at once, from an address."""


class Buckets:
    """Token buckets by name; each is filled at the same rate."""

    def __init__(
        self, a_minute: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = a_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._levels)

    def take(self, name: str) -> float:
        """Take one from a bucket; gives the seconds to wait where there is none, else 0."""
        with self._lock:
            now = self._clock()
            level = self._level(name, now)
            enough = level >= 1
            self._levels[name] = (level - 1 if enough else level, now)
            self._levels.move_to_end(name)
            while len(self._levels) > MOST:
                self._levels.popitem(last=False)
        return 0.0 if enough else (1 - level) / self._rate

    def wait(self, name: str) -> float:
        """The seconds until there is one to take; takes none."""
        with self._lock:
            return max(0.0, (1 - self._level(name, self._clock())) / self._rate)

    def _level(self, name: str, now: float) -> float:
        level, at = self._levels.get(name, (self._burst, now))
        return min(self._burst, level + (now - at) * self._rate)


class Places:
    """For slow calls: some for all, and fewer for each organization, so that none has them all."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken(self, organization: str) -> Generator[None]:
        """Take a place for a while; raises `Problem` 429 or 503 where there is none."""
        with self._lock:
            if self._taken[organization] >= self._most_of_one:
                detail = f"An organization has at most {self._most_of_one} such calls at once."
                raise Problem(429, detail=detail, headers=_SOON)
            if self._taken.total() >= self._most:
                raise Problem(503, detail="Too many such calls are under way.", headers=_SOON)
            self._taken[organization] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[organization] -= 1
                if not self._taken[organization]:
                    del self._taken[organization]


class Turns:
    """For slow calls that shall wait for each other rather than be refused."""

    def __init__(self, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._of: dict[str, Semaphore] = {}

    def of(self, organization: str) -> Semaphore:
        """What lets so many of an organization in at once; who waits holds no thread."""
        return self._of.setdefault(organization, Semaphore(self._most_of_one))


class Limits:
    """The limits of one process."""

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute`: calls of a key."""
        self._keys = Buckets(a_minute, BURST, clock)
        self._guesses = Buckets(GUESSES, GUESS_BURST, clock)

    def spend(self, key_id: str) -> None:
        """A call of a key; raises `Problem` 429 when it asks too often."""
        refuse(self._keys.take(key_id), "This key asks too often.")

    def guessed(self, address: str) -> None:
        """An address gave a wrong key; raises `Problem` 429 where it does so too often.

        Good keys of the same address are not held up: many callers may stand behind it.
        """
        refuse(self._guesses.take(address), "Too many wrong keys from this address.")


def refuse(wait: float, why: str) -> None:
    """Raise `Problem` 429 where somebody has to wait, in seconds."""
    if wait > 0:
        raise Problem(429, detail=why, headers={"Retry-After": str(math.ceil(wait))})
