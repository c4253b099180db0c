"""What was synced each day, a row a tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sync_assets.store.database import Database

# As in the report: what an earlier attempt wrote, the last one has found unchanged.
_COUNT = """
    WITH ended AS (
      SELECT id, tenant_id, state, extract(epoch FROM waited)::float8 AS wait,
        extract(epoch FROM ended_at - greatest(begun_at, launched_at))::float8 AS seconds
      FROM sync.requests
      WHERE ended_at >= %(day)s::date::timestamp AT TIME ZONE %(zone)s
        AND ended_at < (%(day)s::date + 1)::timestamp AT TIME ZONE %(zone)s
    ), attempts AS (
      SELECT e.tenant_id, s.counts, s.earlier,
        coalesce((s.counts->>'unchanged')::bigint, 0) AS unchanged
      FROM ended e JOIN sync.streams s ON s.sync_id = e.id
    ), moved AS (
      SELECT *, least(coalesce((earlier->>'created')::bigint, 0), unchanged) AS created
      FROM attempts
    ), records AS (
      SELECT tenant_id,
        sum(created + coalesce((counts->>'created')::bigint, 0)) AS created,
        sum(least(coalesce((earlier->>'updated')::bigint, 0), unchanged - created)
          + coalesce((counts->>'updated')::bigint, 0)) AS updated,
        sum(coalesce((counts->>'deleted')::bigint, 0)
          + coalesce((earlier->>'deleted')::bigint, 0)) AS deleted,
        sum(coalesce((counts->>'failed')::bigint, 0)) AS failed,
        sum(coalesce((counts->>'requests')::bigint, 0)) AS requests
      FROM moved GROUP BY tenant_id
    ), syncs AS (
      SELECT tenant_id, count(*) FILTER (WHERE state = 'completed') AS completed,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        coalesce(sum(greatest(seconds, 0)), 0) AS seconds,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(wait, 0))
          FILTER (WHERE wait IS NOT NULL) AS p95_wait
      FROM ended GROUP BY tenant_id
    )
    INSERT INTO sync.statistics (tenant_id, day, syncs_completed, syncs_failed, syncs_cancelled,
      records_created, records_updated, records_deleted, records_failed, source_requests,
      seconds, p95_wait)
    SELECT y.tenant_id, %(day)s, y.completed, y.failed, y.cancelled, coalesce(r.created, 0),
      coalesce(r.updated, 0), coalesce(r.deleted, 0), coalesce(r.failed, 0),
      coalesce(r.requests, 0), y.seconds, y.p95_wait
    FROM syncs y JOIN sync.tenants t ON t.id = y.tenant_id
    LEFT JOIN records r ON r.tenant_id = y.tenant_id
    ON CONFLICT (tenant_id, day) DO UPDATE SET syncs_completed = excluded.syncs_completed,
      syncs_failed = excluded.syncs_failed, syncs_cancelled = excluded.syncs_cancelled,
      records_created = excluded.records_created, records_updated = excluded.records_updated,
      records_deleted = excluded.records_deleted, records_failed = excluded.records_failed,
      source_requests = excluded.source_requests, seconds = excluded.seconds,
      p95_wait = excluded.p95_wait
"""
_MISSING = """
    SELECT CAST(day AS date) FROM generate_series(
      greatest(%(first)s::date,
        (SELECT CAST(min(ended_at) AT TIME ZONE %(zone)s AS date) FROM sync.requests)),
      %(last)s::date, interval '1 day') AS day
    WHERE NOT EXISTS (SELECT FROM sync.statistics s WHERE s.day = CAST(day.day AS date))
    ORDER BY 1
"""
_TOTAL = """
    SELECT count(*) AS tenants, coalesce(sum(syncs_completed), 0) AS syncs_completed,
      coalesce(sum(syncs_failed), 0) AS syncs_failed,
      coalesce(sum(syncs_cancelled), 0) AS syncs_cancelled,
      coalesce(sum(records_created), 0) AS records_created,
      coalesce(sum(records_updated), 0) AS records_updated,
      coalesce(sum(records_deleted), 0) AS records_deleted,
      coalesce(sum(records_failed), 0) AS records_failed,
      coalesce(sum(source_requests), 0) AS source_requests,
      coalesce(sum(seconds), 0) AS seconds, coalesce(max(p95_wait), 0) AS worst_p95_wait
    FROM sync.statistics WHERE day = %(day)s
"""


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A day of all tenants together; seconds of each sync's last attempt.

    Attributes:
        worst_p95_wait: seconds from asking to beginning, of the tenant that waited longest.
    """

    tenants: int
    syncs_completed: int
    syncs_failed: int
    syncs_cancelled: int
    records_created: int
    records_updated: int
    records_deleted: int
    records_failed: int
    source_requests: int
    seconds: float
    worst_p95_wait: float

    def as_dict(self) -> Mapping[str, int | float]:
        """The figures by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Statistics:
    """Counts days; a day counts when a request ends within it, by the zone's clock."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    def missing(self, today: date, days: int) -> list[date]:
        """The ended days without a row, not further back than some days."""
        span = {"first": today - timedelta(days=days), "last": today - timedelta(days=1)}
        with self._database.as_control() as connection:
            return list(connection.execute(_MISSING, {**span, "zone": self._zone.key}).scalars())

    def count(self, day: date) -> int:
        """Count a day, once more where it was counted; gives the number of its tenants.

        Only right while all requests of that day are there.
        """
        with self._database.as_control() as connection:
            parameters = {"day": day, "zone": self._zone.key}
            return connection.execute(_COUNT, parameters).rowcount

    def total(self, day: date) -> DayTotal:
        """A counted day of all tenants."""
        with self._database.as_control() as connection:
            row = connection.execute(_TOTAL, {"day": day}).one()
        *counts, seconds, wait = row
        return DayTotal(*map(int, counts), seconds=float(seconds), worst_p95_wait=float(wait))
