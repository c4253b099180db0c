"""One pace for each upstream account, shared by all processes."""

import logging
import threading
import time
from functools import partial
from weakref import WeakValueDictionary

from sync_assets.core.rate import Rate, Slots
from sync_assets.core.stop import StopSignal
from sync_assets.store.database import Database
from sync_assets.store.purses import SharedPurse

_log = logging.getLogger(__name__)

_WAKE_UP = 0.2  # seconds; whoever waits for another thread's reservation sees a stop within them
_LATE = 0.5  # seconds; a thread that wakes up later than this asks for another slot
_LONG = 5.0  # seconds; a longer wait is logged, and looks so often whether a limit is over

# Reserves slots behind all that were reserved before, or from now on where those have passed.
# Only PostgreSQL's clock counts, and only as a distance from now. No queue is an hour long: one
# that seems to be comes of a clock that was set back. A crash may forget the last slots, so that
# the commit need not wait for the disk while others wait for the row.
_RESERVE = """
    INSERT INTO sync.paces AS pace (account, next_at)
    VALUES (%(account)s, clock_timestamp() + make_interval(secs => %(span)s - %(slack)s))
    ON CONFLICT (account) DO UPDATE SET next_at = make_interval(secs => %(span)s) + least(
      greatest(pace.next_at, clock_timestamp() - make_interval(secs => %(slack)s)),
      clock_timestamp() + interval '1 hour')
    RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - %(span)s,
      set_config('synchronous_commit', 'off', true)
"""
_FORGET = "DELETE FROM sync.paces WHERE next_at < now() - interval '1 day'"


class Paces:
    """The paces of all accounts.

    Who asks for one account at different rates shares one queue: each request keeps the next one
    away for its own interval. So the account never gets more than the highest of the rates, nobody
    gets more than the own one, and it is always safe to lower a rate.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pacers: WeakValueDictionary[tuple[str, Rate], SharedPacer] = WeakValueDictionary()

    def pacer(self, account: str, rate: Rate) -> "SharedPacer":
        """The pacer of an account, the same for all threads of this process."""
        with self._lock:
            pacer = self._pacers.get((account, rate))
            if pacer is None:
                pacer = SharedPacer(account, rate, self._database)
                self._pacers[account, rate] = pacer
            return pacer

    def purse(self, account: str) -> SharedPurse:
        """The purse of an account whose requests have prices."""
        return SharedPurse(self._database, account)

    def forget_idle(self) -> int:
        """Delete the accounts that nobody has asked for a day; gives their number."""
        with self._database.as_control() as connection:
            return connection.execute(_FORGET).rowcount


class SharedPacer:
    """Keeps the pace of one account together with all other processes."""

    def __init__(self, account: str, rate: Rate, database: Database) -> None:
        self._account = account
        self._patience = rate.slack + _LATE
        self._slots = Slots(rate, partial(_reserve, database, account, rate))
        self._lock = threading.Lock()

    def wait(self, stop: StopSignal) -> None:
        """Return when the next request may start; see `core.rate.Pacer`."""
        while True:
            slot = self._take(stop)
            self._sleep(slot - time.monotonic(), stop)
            if time.monotonic() - slot <= self._patience:
                return

    def _take(self, stop: StopSignal) -> float:
        """The moment of the next slot, on this process's clock."""
        while not self._lock.acquire(timeout=_WAKE_UP):
            stop.check()
        try:
            stop.check()
            return self._slots.take(time.monotonic())
        finally:
            self._lock.release()

    def _sleep(self, seconds: float, stop: StopSignal) -> None:
        if seconds > _LONG:
            _log.info("Waiting %.0f s for the pace of %s", seconds, self._account)
        while seconds > 0:
            stop.wait(min(seconds, _LONG))
            seconds -= _LONG


def _reserve(database: Database, account: str, rate: Rate, number: int) -> float:
    """Reserve slots; gives the moment of the first one on this process's clock.

    The answer took its time to come, so that moment is a little late, never early.
    """
    span = {"account": account, "span": number * rate.interval, "slack": rate.slack}
    with database.as_control() as connection:
        delay: float = connection.execute(_RESERVE, span).scalar_one()
        return time.monotonic() + delay
