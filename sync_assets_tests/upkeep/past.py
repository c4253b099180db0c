"""Writes requests of the past, as they would have been left behind."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant

_REQUEST = """
    INSERT INTO sync.requests (id, tenant_id, organization, source, streams, options, queue,
      priority, asked_by, state, attempt, attempts, run_id, created_at, asked_at, due_at,
      launched_at, begun_at, waited, alive_at, ended_at, error)
    SELECT %(id)s, %(tenant)s, 'agency', 'wordpress', %(streams)s, '{}', %(queue)s, 1, 'test',
      %(state)s::text, 1, 3, %(run)s, at - interval '60 s', at - interval '60 s',
      at - interval '60 s', at - interval '50 s', at - interval '40 s', interval '20 s', at,
      CASE WHEN %(state)s::text NOT IN ('queued', 'launched') THEN at END, %(error)s
    FROM (SELECT coalesce(%(at)s::timestamptz,
      now() - make_interval(secs => 86400 * %(days)s::float8)) AS at) ago
"""
_SYNC = """
    INSERT INTO sync.syncs (id, tenant_id, source, streams, run_id, created_at)
    SELECT %(id)s, %(tenant)s, 'wordpress', %(streams)s, %(run)s,
      now() - make_interval(secs => 86400 * %(days)s::float8)
"""
_STREAM = """
    INSERT INTO sync.streams (sync_id, tenant_id, stream, status, counts, earlier, started_at,
      finished_at)
    SELECT %(id)s, %(tenant)s, %(stream)s, %(status)s, %(counts)s::jsonb, %(earlier)s::jsonb, at, at
    FROM (SELECT now() - make_interval(secs => 86400 * %(days)s::float8) AS at) ago
"""
_LINE = """
    INSERT INTO sync.log (tenant_id, sync_id, level, message, at)
    VALUES (%(tenant)s, %(id)s, 'INFO', 'a line',
      now() - make_interval(secs => 86400 * %(days)s::float8))
"""
_LETTER = """
    INSERT INTO sync.dead_letters (tenant_id, stream, collection, record, payload, cause, sync_id,
      resolved_at)
    VALUES (%(tenant)s, 'posts', %(collection)s, %(record)s, '{}', 'no good', %(id)s,
      now() - make_interval(secs => 86400 * %(days)s::float8))
"""


class Past:
    """What was left behind so many days ago."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def tenant(self, tenant_id: str) -> None:
        self.platform.tenants.add(Tenant(tenant_id, "wordpress", "agency", "https://example.org"))

    def request(
        self,
        tenant: str,
        days: float,
        state: str = "completed",
        streams: Sequence[str] = ("posts",),
        **more: Any,
    ) -> UUID:
        """A request that ended (or was asked for) then; `more`: run, at, error, queue."""
        sync_id = uuid4()
        row = {"run": None, "at": None, "error": None, "queue": "default", **more}
        self._write(_REQUEST, sync_id, tenant, days, state=state, streams=list(streams), **row)
        return sync_id

    def sync(
        self,
        sync_id: UUID,
        tenant: str,
        days: float,
        counts: Mapping[str, Mapping[str, int]],
        *,
        status: str = "done",
        earlier: Mapping[str, int] | None = None,
    ) -> UUID:
        """What the streams of a sync did, and a line of its log."""
        self._write(_SYNC, sync_id, tenant, days, streams=list(counts), run=None)
        for stream, count in counts.items():
            written = {"counts": _json(count), "earlier": _json(earlier or {})}
            self._write(_STREAM, sync_id, tenant, days, stream=stream, status=status, **written)
        self.line(sync_id, tenant, days)
        return sync_id

    def done(self, tenant: str, days: float, *streams: str) -> UUID:
        """A completed request, with its sync."""
        streams = streams or ("posts",)
        sync_id = self.request(tenant, days, streams=streams)
        return self.sync(sync_id, tenant, days, {stream: {"seen": 1} for stream in streams})

    def line(self, sync_id: UUID, tenant: str, days: float) -> None:
        """A line of a log."""
        self._write(_LINE, sync_id, tenant, days)

    def letter(
        self, sync_id: UUID, tenant: str, resolved: float | None, collection: str = "post"
    ) -> None:
        """A dead letter that was resolved so many days ago, or never."""
        record = str(sync_id)
        self._write(_LETTER, sync_id, tenant, resolved, collection=collection, record=record)

    def ids(self, table: str, column: str = "id") -> set[Any]:
        """What is left in a table."""
        with self.platform.database.as_control() as connection:
            query = f"SELECT {column} FROM sync.{table}"  # noqa: S608 - our own words
            return set(connection.execute(query).scalars())

    def execute(self, statement: str) -> None:
        """Change what was left."""
        with self.platform.database.as_control() as connection:
            connection.execute(statement)

    def _write(
        self, statement: Any, sync_id: UUID, tenant: str, days: float | None, **more: Any
    ) -> None:
        with self.platform.database.as_control() as connection:
            connection.execute(statement, {"id": sync_id, "tenant": tenant, "days": days, **more})


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
