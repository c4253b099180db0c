"""One purse of points for each upstream account, shared by all processes."""

import threading

from sync_assets.core.points import Allowance
from sync_assets.core.stop import StopSignal
from sync_assets.store.database import Database

_LONG = 5.0  # seconds; a longer wait looks so often whether a limit is over
_KEPT = 0.9  # of the points: a request that arrives late was paid for before the platform knew
_UNKNOWN = Allowance(50.0, 1000.0)
"""The least that any plan has; the first answer tells."""

# `next_at` is the moment at which the purse was, or will be, empty; it never lies further back than
# the time in which the purse fills. What is taken moves it on, and is there once it has passed.
_TAKE = """
    INSERT INTO sync.paces AS purse (account, next_at)
    VALUES (%(account)s, clock_timestamp() + make_interval(secs => %(span)s - %(fills)s))
    ON CONFLICT (account) DO UPDATE SET next_at = make_interval(secs => %(span)s) + least(
      greatest(purse.next_at, clock_timestamp() - make_interval(secs => %(fills)s)),
      clock_timestamp() + interval '1 hour')
    RETURNING extract(epoch FROM next_at - clock_timestamp())::float8,
      set_config('synchronous_commit', 'off', true)
"""
_SETTLE = """
    UPDATE sync.paces SET next_at = greatest(
      next_at - make_interval(secs => %(back)s),
      clock_timestamp() - make_interval(secs => %(left)s))
    WHERE account = %(account)s
    RETURNING set_config('synchronous_commit', 'off', true)
"""


class SharedPurse:
    """The points of one account, taken together with all other processes."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account
        self._allowance = _UNKNOWN
        self._lock = threading.Lock()

    def take(self, points: int, stop: StopSignal) -> None:
        """Return when so many may be spent; see `core.points.Purse`."""
        allowance = self._now()
        spent = {
            "account": self._account,
            "span": min(float(points), allowance.most) / allowance.restore,
            "fills": allowance.most / allowance.restore,
        }
        with self._database.as_control() as connection:
            seconds: float = connection.execute(_TAKE, spent).scalar_one()
        while seconds > 0:
            stop.wait(min(seconds, _LONG))
            seconds -= _LONG

    def settle(self, back: int, left: float, allowance: Allowance) -> None:
        """Give back what was not spent; see `core.points.Purse`."""
        with self._lock:
            before = self._allowance
            self._allowance = Allowance(allowance.restore, allowance.most * _KEPT)
        reserve = allowance.most * (1 - _KEPT)
        said = {
            "account": self._account,
            "back": back / before.restore,
            "left": (left - reserve) / allowance.restore,
        }
        with self._database.as_control() as connection:
            connection.execute(_SETTLE, said)

    def _now(self) -> Allowance:
        with self._lock:
            return self._allowance
