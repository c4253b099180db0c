"""For whom a sync is due: by the common schedule, by their own, after a change, after failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sync_assets.core.streams import EMBEDDINGS
from sync_assets.store.database import Database

FIRST_WAIT = timedelta(minutes=30)
"""A tenant whose last request failed is asked for again after so long, then twice as long …"""

LONGEST_WAIT = timedelta(days=1)

# Failures since the last success; a tenant that fails is left to the sensor, which waits longer
# every time. Otherwise a thousand broken ones would cost the schedules a storm.
_FAILURES = """
    SELECT count(*) AS failures, max(r.ended_at) AS last_at, coalesce(bool_or(
        NOT r.streams <@ ARRAY['embeddings'] AND (
          SELECT coalesce(bool_or(s.status <> 'done'), true) FROM sync.streams s
          WHERE s.sync_id = r.id AND s.stream <> 'embeddings')), false) AS content
    FROM sync.requests r
    WHERE r.tenant_id = t.id AND r.state = 'failed' AND NOT r.hinted AND r.superseded_by IS NULL
      AND r.ended_at > coalesce((SELECT max(ended_at) FROM sync.requests done
        WHERE done.tenant_id = t.id AND done.state = 'completed' AND NOT done.hinted
          AND done.streams @> r.streams),
        '-infinity')
"""
_SCHEDULED = f"""
    SELECT t.id FROM sync.tenants t, LATERAL ({_FAILURES}) f
    WHERE t.source = %(source)s AND t.active AND t.schedule IS NULL AND f.failures = 0 ORDER BY t.id
"""  # noqa: S608 - nothing of it comes from outside
# A provider that is away for hours must not make the contents of all tenants stale.
_CONTENT_ONLY = f"""
    SELECT t.id FROM sync.tenants t, LATERAL ({_FAILURES}) f
    WHERE t.source = %(source)s AND t.active AND t.schedule IS NULL AND f.failures > 0
      AND NOT f.content ORDER BY t.id
"""  # noqa: S608 - names of our own
_FAILING = f"""
    SELECT t.id FROM sync.tenants t, LATERAL ({_FAILURES}) f
    WHERE t.source = %(source)s AND t.active AND t.schedule IS DISTINCT FROM 'off'
      AND f.failures > 0
      AND f.last_at + least(%(longest)s, %(first)s * power(2, least(f.failures - 1, 20))) < now()
      AND NOT EXISTS (SELECT FROM sync.requests r WHERE r.tenant_id = t.id
        AND r.state IN ('queued', 'launched'))
    ORDER BY f.last_at LIMIT %(most)s
"""  # noqa: S608 - names of our own
_BROKEN = f"""
    SELECT t.id, f.failures, f.last_at FROM sync.tenants t, LATERAL ({_FAILURES}) f
    WHERE t.active AND f.failures > 0 ORDER BY f.failures DESC, t.id
"""  # noqa: S608 - names of our own
_CHANGED = """
    SELECT id FROM sync.tenants t WHERE source = %(source)s AND active AND changed_at > coalesce(
      (SELECT max(asked_at) FROM sync.requests r
       WHERE r.tenant_id = t.id AND NOT r.hinted AND r.streams @> %(streams)s::text[]),
      '-infinity')
    ORDER BY changed_at LIMIT %(most)s
"""
_OWN = f"""
    SELECT id, schedule, coalesce((SELECT max(asked_at) FROM sync.requests r
      WHERE r.tenant_id = t.id AND NOT r.hinted
        AND r.streams @> %(streams)s::text[]), changed_at) AS last
    FROM sync.tenants t, LATERAL ({_FAILURES}) f
    WHERE source = %(source)s AND active AND schedule <> 'off' AND f.failures = 0 ORDER BY id
"""  # noqa: S608 - names of our own
# What the budget kept back at the last sync; what failed since is left to the other sensor, which
# waits longer every time.
_KEPT_BACK = f"""
    SELECT t.id, last.counts->>'next_call' AS next_call
    FROM sync.tenants t CROSS JOIN LATERAL ({_FAILURES}) f
    JOIN LATERAL (SELECT counts, finished_at FROM sync.streams s
      WHERE s.tenant_id = t.id AND s.stream = %(part)s AND s.status = 'done'
      ORDER BY finished_at DESC LIMIT 1) last ON true
    WHERE t.source = %(source)s AND t.active AND last.counts->>'next_call' IS NOT NULL
      AND f.failures = 0
      AND NOT EXISTS (SELECT FROM sync.requests r WHERE r.tenant_id = t.id
        AND r.state IN ('queued', 'launched') AND %(part)s = ANY(r.streams))
    ORDER BY last.finished_at
"""  # noqa: S608 - names of our own


@dataclass(frozen=True, slots=True)
class Broken:
    """A tenant whose requests failed since the last one that was completed."""

    tenant_id: str
    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class OwnSchedule:
    """A tenant's own schedule, and when a sync was last asked for."""

    tenant_id: str
    cron: str
    last: datetime


class Due:
    """Finds the tenants to ask for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def scheduled(self, source: str) -> list[str]:
        """Active tenants without a schedule of their own whose last request did not fail."""
        return self._ids(_SCHEDULED, {"source": source})

    def content_only(self, source: str) -> list[str]:
        """Those of the same whose contents are well, and only embedding them failed."""
        return self._ids(_CONTENT_ONLY, {"source": source})

    def failing(self, source: str, most: int) -> list[str]:
        """Tenants whose last requests failed, and that have waited long enough since."""
        waits = {"first": FIRST_WAIT, "longest": LONGEST_WAIT}
        return self._ids(_FAILING, {"source": source, "most": most, **waits})

    def broken(self) -> list[Broken]:
        """All active tenants whose last request failed, those that failed most often first."""
        with self._database.as_control() as connection:
            rows = connection.execute(_BROKEN).fetchall()
        return [Broken(row.id, row.failures, row.last_at) for row in rows]

    def changed(self, source: str, streams: Sequence[str], most: int) -> list[str]:
        """Tenants that are new, or were changed since somebody last asked for all their streams."""
        return self._ids(_CHANGED, {"source": source, "streams": list(streams), "most": most})

    def own_schedules(self, source: str, streams: Sequence[str]) -> list[OwnSchedule]:
        """The tenants with a schedule of their own whose last request did not fail."""
        with self._database.as_control() as connection:
            rows = connection.execute(_OWN, {"source": source, "streams": list(streams)}).fetchall()
        return [OwnSchedule(row.id, row.schedule, row.last) for row in rows]

    def kept_back(self, source: str) -> list[tuple[str, Decimal]]:
        """Tenants whose budget kept texts from being embedded, and what the next call may cost."""
        parameters = {"source": source, "part": EMBEDDINGS}
        with self._database.as_control() as connection:
            rows = connection.execute(_KEPT_BACK, parameters).fetchall()
        return [(row.id, Decimal(row.next_call)) for row in rows]

    def _ids(self, query: str, parameters: dict[str, object]) -> list[str]:
        with self._database.as_control() as connection:
            return list(connection.execute(query, parameters).scalars())
