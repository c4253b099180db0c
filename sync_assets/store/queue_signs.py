"""What the control plane's tables say of its health."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sync_assets.store.database import Database

# Due, and no other request of the tenant is at work: only a place for a run can be missing.
_WAITING = """
    SELECT queue, max(now() - due_at) AS oldest FROM sync.requests r
    WHERE state = 'queued' AND due_at <= now() AND NOT EXISTS (SELECT FROM sync.requests busy
      WHERE busy.tenant_id = r.tenant_id AND busy.state = 'launched')
    GROUP BY queue
"""
_BUSY = """
    SELECT queue, count(DISTINCT coalesce(claim, id)) AS runs FROM sync.requests
    WHERE state = 'launched' GROUP BY queue
"""
_ABANDONED = """
    SELECT max(now() - greatest(alive_at, pg_postmaster_start_time())) FROM sync.requests
    WHERE state = 'launched' AND alive_at IS NOT NULL
"""
_LETTERS = """
    SELECT tenant_id, count(*) AS letters FROM sync.dead_letters WHERE resolved_at IS NULL
    GROUP BY tenant_id ORDER BY letters DESC, tenant_id
"""


@dataclass(frozen=True, slots=True)
class QueueSigns:
    """How the requests stand.

    Attributes:
        waiting: how long the oldest request waits that could start, by queue.
        busy: runs at work or about to be, by queue.
        silent: the longest time since a process at work gave a sign of life; None when none is.
    """

    waiting: Mapping[str, timedelta]
    busy: Mapping[str, int]
    silent: timedelta | None


def queue_signs(database: Database) -> QueueSigns:
    """How the requests stand now."""
    with database.as_control() as connection:
        waiting = {row.queue: row.oldest for row in connection.execute(_WAITING)}
        busy = {row.queue: row.runs for row in connection.execute(_BUSY)}
        silent = connection.execute(_ABANDONED).scalar()
    return QueueSigns(waiting, busy, silent)


def dead_letters(database: Database) -> Mapping[str, int]:
    """How many dead letters are unresolved, by tenant, most first."""
    with database.as_control() as connection:
        return {row.tenant_id: row.letters for row in connection.execute(_LETTERS)}
