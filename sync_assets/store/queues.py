"""The queues as one organization sees them: its figures, clearing what waits, a trial."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sync_assets.core.queues import QUEUES
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database
from sync_assets.store.history import STATUSES, QueueStats
from sync_assets.store.sync_log import note_all

# As the view sync.queue_stats has it, of one organization.
_STATS = """
    SELECT queue, state, requests, ended_today,
      extract(epoch FROM oldest_wait)::float AS oldest_wait,
      extract(epoch FROM p50_wait)::float AS p50_wait,
      extract(epoch FROM p95_wait)::float AS p95_wait,
      extract(epoch FROM p50_duration)::float AS p50_duration,
      extract(epoch FROM p95_duration)::float AS p95_duration
    FROM (
      SELECT queue,
        CASE WHEN state = 'launched' THEN CASE WHEN alive_at IS NULL THEN 'queued'
          ELSE 'running' END ELSE state END AS state,
        count(*) AS requests,
        max(now() - due_at) FILTER (WHERE begun_at IS NULL AND ended_at IS NULL
          AND due_at < now()) AS oldest_wait,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS p50_wait,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY waited) AS p95_wait,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - greatest(begun_at, launched_at))
          AS p50_duration,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY ended_at - greatest(begun_at, launched_at))
          AS p95_duration,
        count(*) FILTER (WHERE ended_at >= date_trunc('day', now(), %(zone)s)) AS ended_today
      FROM sync.requests
      WHERE organization = %(organization)s
        AND (ended_at IS NULL OR ended_at > now() - interval '1 day')
      GROUP BY 1, 2
    ) figures ORDER BY queue, array_position(%(statuses)s::text[], state)
"""
# What was launched waits until a run has begun it, as in its report.
_CLEAR = """
    UPDATE sync.requests r SET state = 'cancelled', ended_at = now(), cancel_at = now()
    FROM sync.tenants t
    WHERE t.id = r.tenant_id AND t.organization = %(organization)s
      AND r.organization = %(organization)s
      AND r.queue = %(queue)s
      AND (r.state = 'queued' OR r.state = 'launched' AND r.alive_at IS NULL)
    RETURNING r.id, r.tenant_id
"""
_STOP_STREAMS = """
    UPDATE sync.streams SET status = 'stopped', error = 'The sync was cancelled.',
      finished_at = now()
    WHERE sync_id = ANY(%(ids)s) AND status IN ('pending', 'deferred')
"""
_CROWDED = """
    SELECT tenant_id FROM sync.requests
    WHERE tenant_id = ANY(%(tenants)s) AND organization = %(organization)s AND state = 'queued'
    GROUP BY tenant_id HAVING count(*) >= %(most)s ORDER BY tenant_id LIMIT 1
"""
_TRY = """
    INSERT INTO sync.requests (id, tenant_id, organization, source, streams, queue, priority,
      asked_by, state, attempts, due_at)
    VALUES (%(id)s, '', '', '', ARRAY['trial'], 'default', 0, 'trial', 'queued', 1,
      now() + interval '1 year')
"""
_TAKE_BACK = "DELETE FROM sync.requests WHERE id = %(id)s"


@dataclass(frozen=True, slots=True)
class Trial:
    """How long it took, in milliseconds, to ask the database, and to queue and take back."""

    database: float
    queue: float


class Queues:
    """The queues of all, one organization at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stats(self, organization: str, zone: str) -> list[QueueStats]:
        """How the organization's requests stand, a row a queue and state; each queue has one."""
        parameters = {"organization": organization, "zone": zone, "statuses": list(STATUSES)}
        with self._database.as_control() as connection:
            rows = connection.execute(_STATS, parameters).mappings()
            found = [QueueStats(**row) for row in rows]
        names = [*QUEUES, *(row.queue for row in found if row.queue not in QUEUES)]
        return [
            row
            for name in dict.fromkeys(names)
            for row in [row for row in found if row.queue == name] or [QueueStats(name, "queued")]
        ]

    def clear(self, organization: str, queue: str, by: str) -> int:
        """Cancel what waits of an organization; gives how many. What is at work goes on."""
        with self._database.as_control() as connection:
            parameters = {"organization": organization, "queue": queue}
            rows = connection.execute(_CLEAR, parameters).fetchall()
            cancelled: dict[UUID, str] = {row.id: row.tenant_id for row in rows}
            connection.execute(_STOP_STREAMS, {"ids": list(cancelled)})
            note_all(connection, cancelled, f"Cancelled (by {by}).")
        return len(cancelled)

    def crowded(self, tenants: Sequence[str], organization: str, most: int) -> str | None:
        """One of these tenants of an organization for which so many requests wait already."""
        parameters = {"tenants": list(tenants), "organization": organization, "most": most}
        with self._database.as_control() as connection:
            return connection.execute(_CROWDED, parameters).scalar()

    def trial(self) -> Trial:
        """Queue something and take it back before anybody sees it."""
        began = time.perf_counter()
        with self._database.as_control() as connection:
            connection.execute("SELECT 1")
            asked = time.perf_counter()
            _queue_and_take_back(connection)
        return Trial(_milliseconds(asked - began), _milliseconds(time.perf_counter() - asked))


def _queue_and_take_back(connection: Connection) -> None:
    """In one transaction: no sensor ever sees it, whatever happens in between."""
    trial = {"id": uuid4()}
    connection.execute(_TRY, trial)
    connection.execute(_TAKE_BACK, trial)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
