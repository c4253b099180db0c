"""What was asked for and what became of it, newest first, and how the queues stand."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sync_assets.core.errors import WrongWish
from sync_assets.core.queues import QUEUES, Priority
from sync_assets.store.attempts import ALIVE
from sync_assets.store.connection import Row
from sync_assets.store.database import Database

STATUSES = ("queued", "running", "completed", "failed", "cancelled")
"""How a request may stand, as in its report."""

# The status is that of the report: what was launched waits until a run has begun it, an interrupted
# run has cancelled it, and a process without a sign of life or a lease is dead.
_LIST = """
    SELECT * FROM (
      SELECT r.*, CASE
          WHEN state <> 'launched' THEN state
          WHEN alive_at IS NULL THEN 'queued'
          WHEN greatest(alive_at, pg_postmaster_start_time())
              >= now() - make_interval(secs => %(alive)s) OR EXISTS (
            SELECT FROM sync.leases l WHERE l.sync_id = r.id AND l.expires_at > now()
              AND sync.backend_started(l.backend_pid) IS NOT DISTINCT FROM l.backend_started)
            THEN 'running'
          ELSE 'failed' END AS status
      FROM sync.requests r
      WHERE (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s)
        AND (%(organization)s::text IS NULL OR organization = %(organization)s
          AND EXISTS (SELECT FROM sync.tenants t  -- and has it still
            WHERE t.id = tenant_id AND t.organization = %(organization)s))
        AND (%(every)s OR state = ANY(%(states)s))
        AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s, %(id)s::uuid))
    ) shown WHERE %(every)s OR status = ANY(%(statuses)s)
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""
_STATES = {
    "queued": ("queued", "launched"),
    "running": ("launched",),
    "failed": ("failed", "launched"),
}
_ZONE = "SELECT set_config('sync_assets.timezone', %(zone)s, true)"
_STATS = """
    SELECT queue, state, requests, ended_today,
      extract(epoch FROM oldest_wait)::float AS oldest_wait,
      extract(epoch FROM p50_wait)::float AS p50_wait,
      extract(epoch FROM p95_wait)::float AS p95_wait,
      extract(epoch FROM p50_duration)::float AS p50_duration,
      extract(epoch FROM p95_duration)::float AS p95_duration
    FROM sync.queue_stats ORDER BY queue, array_position(%(statuses)s::text[], state)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request in the list."""

    sync_id: UUID
    tenant_id: str
    organization: str
    source: str
    streams: tuple[str, ...]
    status: str
    queue: str
    priority: Priority
    asked_by: str
    run_id: str | None
    attempt: int
    attempts: int
    created_at: datetime
    due_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    error: str | None

    def as_dict(self) -> dict[str, Any]:
        """The entry with the names of the report."""
        return {
            "syncId": str(self.sync_id),
            "siteId": self.tenant_id,
            "organizationId": self.organization,
            "source": self.source,
            "streams": list(self.streams),
            "status": self.status,
            "queue": self.queue,
            "priority": self.priority.name.lower(),
            "askedBy": self.asked_by,
            "runId": self.run_id,
            "attempt": self.attempt,
            "attempts": self.attempts,
            "createdAt": self.created_at.isoformat(),
            "dueAt": self.due_at.isoformat(),
            "startedAt": self.begun_at and self.begun_at.isoformat(),
            "finishedAt": self.ended_at and self.ended_at.isoformat(),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of the list; `cursor` asks for the next one, None at the end."""

    entries: Sequence[Entry]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class QueueStats:
    """Requests of a queue in one state: those that have not ended, and those of the last day.

    Attributes:
        ended_today: since midnight in the configured zone.
        oldest_wait: seconds since the oldest one of those that wait became due; the others are
            seconds, too.
    """

    queue: str
    state: str
    requests: int = 0
    ended_today: int = 0
    oldest_wait: float | None = None
    p50_wait: float | None = None
    p95_wait: float | None = None
    p50_duration: float | None = None
    p95_duration: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The figures with names like those of the report; times in seconds."""
        first, *rest = asdict(self).items()
        return dict([first, *((_camel(name), value) for name, value in rest)])


class History:
    """Reads the requests of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        *,
        tenant: str | None = None,
        organization: str | None = None,
        statuses: Sequence[str] = (),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Entries:
        """The requests, newest first.

        Args:
            tenant: only this tenant's.
            organization: only this organization's.
            statuses: only those that stand like one of these; all where none is named.
            limit: at most so many.
            cursor: where the page before ended.

        Raises:
            WrongWish: the cursor is none of ours, or there is no such status.
        """
        at, last = _position(cursor) if cursor else (None, None)
        parameters = {
            "tenant": tenant,
            "organization": organization,
            "every": not statuses,
            "statuses": list(map(_known, statuses)),
            "states": [state for one in statuses for state in _STATES.get(one, (one,))],
            "at": at,
            "id": last,
            "limit": limit + 1,
            "alive": ALIVE,
        }
        with self._database.as_control() as connection:
            found = list(map(_entry, connection.execute(_LIST, parameters)))
        shown = found[:limit]
        return Entries(shown, _cursor(shown[-1]) if len(found) > limit else None)

    def queue_stats(self, zone: str) -> Sequence[QueueStats]:
        """How the queues stand, one row a queue and state; `zone` says when today began."""
        with self._database.as_control() as connection:
            connection.execute(_ZONE, {"zone": zone})
            rows = connection.execute(_STATS, {"statuses": list(STATUSES)}).mappings()
            found = [QueueStats(**row) for row in rows]
        by_queue = {queue: [*rows] for queue, rows in groupby(found, key=lambda row: row.queue)}
        empty = {name: [QueueStats(name, "queued")] for name in QUEUES}
        return [row for rows in (empty | by_queue).values() for row in rows]


def _entry(row: Row) -> Entry:
    return Entry(
        row.id,
        row.tenant_id,
        row.organization,
        row.source,
        tuple(row.streams),
        row.status,
        row.queue,
        Priority(row.priority),
        row.asked_by,
        row.run_id,
        row.attempt,
        row.attempts,
        row.created_at,
        row.due_at,
        row.begun_at,
        row.ended_at,
        row.error,
    )


def _known(status: str) -> str:
    if status not in STATUSES:
        raise WrongWish(f"There is no status {status!r:.40}. There is {', '.join(STATUSES)}.")
    return status


def _cursor(last: Entry) -> str:
    return urlsafe_b64encode(f"{last.created_at.isoformat()} {last.sync_id}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, last = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(at), UUID(last)
    except (ValueError, binascii.Error) as error:
        raise WrongWish(
            f"{cursor!r:.80} is no cursor. Take the one that the page before has printed."
        ) from error


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))
