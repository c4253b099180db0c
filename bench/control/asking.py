"""What asking for one tenant's sync costs whoever asks, also while much waits already."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.control.installation import Installation
from sync_assets.core.clock import utc_now
from sync_assets.enqueue import enqueue

SAMPLES = 200
WAITING = 10_000
_FILL = """
    INSERT INTO sync.requests (id, tenant_id, organization, source, streams, period, options,
      queue, priority, asked_by, state, attempts, due_at)
    SELECT gen_random_uuid(), t.id, t.organization, t.source,
      '{terms,media,pages,posts}', 'bench-' || n,
      '{"full": false, "period": null, "batch_size": 100, "approve_deletions": false}',
      'sync_bulk', 0, 'bench', 'queued', 3, now()
    FROM generate_series(0, %(rows)s - 1) AS n
    JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS tenants
      FROM sync.tenants) AS t ON t.place = n %% t.tenants
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """Milliseconds of each call; `limit`: what the median is to stay below."""

    what: str
    milliseconds: Sequence[float]
    limit: float | None = 100.0

    @property
    def median(self) -> float:
        """Milliseconds."""
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        """Milliseconds that 99 of 100 calls do not exceed."""
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[98]


def ask(installation: Installation, tenants: Sequence[str], what: str) -> Asking:
    """One request after the other; they are taken back at the end."""
    spent: list[float] = []
    for number in range(SAMPLES):
        began = time.perf_counter()
        enqueue(installation.platform, [tenants[number % len(tenants)]], asked_by="bench-asking")
        spent.append((time.perf_counter() - began) * 1000)
    forget(installation, "bench-asking")
    return Asking(what, spent)


def fill(installation: Installation, rows: int = WAITING) -> None:
    """Puts so many requests into the queue, all of them due."""
    installation.query(_FILL, rows=rows)
    installation.query("ANALYZE sync.requests")


def claim(installation: Installation) -> Asking:
    """What a look of the sensor costs the database while all these wait; what it takes ends."""
    spent: list[float] = []
    for _ in range(10):
        began = time.perf_counter()
        installation.platform.claims.take(3, utc_now())
        spent.append((time.perf_counter() - began) * 1000)
        installation.query("UPDATE sync.requests SET state = 'cancelled' WHERE state = 'launched'")
    return Asking(f"claiming, {WAITING:,} requests due", spent, None)


def forget(installation: Installation, asked_by: str) -> None:
    """Deletes the requests of that asker."""
    installation.query("DELETE FROM sync.requests WHERE asked_by = %(by)s", by=asked_by)
