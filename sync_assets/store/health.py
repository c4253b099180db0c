"""How a tenant's stream stands: what the asset checks look at."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sync_assets.core.counts import Counts
from sync_assets.core.streams import StreamSpec
from sync_assets.store.database import Database

_LAST = """
    SELECT DISTINCT ON (stream) stream, counts, now() - finished_at AS age FROM sync.streams
    WHERE tenant_id = %(tenant)s AND stream = ANY(%(streams)s) AND status = 'done' AND NOT hinted
    ORDER BY stream, finished_at DESC
"""
_COMPLETE = """
    SELECT t.id, w.stream, coalesce(l.finished_at, t.created_at) AS since, now() AS now
    FROM sync.tenants t CROSS JOIN unnest(%(streams)s::text[]) AS w (stream)
    LEFT JOIN LATERAL (
      SELECT finished_at FROM sync.streams s
      WHERE s.tenant_id = t.id AND s.stream = w.stream AND status = 'done' AND NOT hinted
      ORDER BY finished_at DESC LIMIT 1
    ) l ON true
    WHERE t.source = %(source)s AND t.active ORDER BY since, t.id, w.stream
"""
_LETTERS = """
    SELECT stream, count(*) AS letters FROM sync.dead_letters
    WHERE stream = ANY(%(streams)s) AND resolved_at IS NULL GROUP BY stream
"""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """How a stream of a tenant stands.

    Attributes:
        counts: of its last complete sync.
        age: the time since that one ended, None when there was none.
        rows: rows that a transaction of the tenant sees.
        foreign_rows: those of them that belong to another tenant; row security allows none.
        dead_letters: records that could not be kept and still cannot.
    """

    counts: Counts
    age: timedelta | None
    rows: int
    foreign_rows: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a stream of a tenant has not been synced completely.

    Attributes:
        since: the end of its last complete sync; before there is one, the tenant's registration.
        age: the time since then.
    """

    tenant_id: str
    stream: str
    since: datetime
    age: timedelta


class Health:
    """Looks at streams."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str, streams: Sequence[StreamSpec]) -> list[StreamHealth]:
        """The health of some streams of a tenant, in their order."""
        names = {"tenant": tenant_id, "streams": [stream.name for stream in streams]}
        with self._database.as_tenant(tenant_id) as connection:
            last = {row.stream: row for row in connection.execute(_LAST, names)}
            letters = {row.stream: row.letters for row in connection.execute(_LETTERS, names)}
            rows = {row.stream: row for row in connection.execute(_rows(streams), names)}
        return [
            StreamHealth(
                _counts(last[name].counts) if name in last else Counts(),
                last[name].age if name in last else None,
                rows[name].rows,
                rows[name].foreign,
                letters.get(name, 0),
            )
            for name in names["streams"]
        ]

    def standings(self, source: str, streams: Sequence[str]) -> list[Standing]:
        """How each stream of each active tenant of a source stands, the longest behind first."""
        parameters = {"source": source, "streams": list(streams)}
        with self._database.as_control() as connection:
            rows = connection.execute(_COMPLETE, parameters).fetchall()
        return [Standing(row.id, row.stream, row.since, row.now - row.since) for row in rows]


def _rows(streams: Sequence[StreamSpec]) -> str:
    """Counts the rows of some streams; their names come from the registry."""
    return " UNION ALL ".join(
        f"SELECT '{stream.name}' AS stream, count(*) AS rows, "  # noqa: S608 - names of our own
        f"count(*) FILTER (WHERE tenant_id <> %(tenant)s) AS foreign FROM cms.{stream.table.name}"
        for stream in streams
    )


def _counts(stored: dict[str, int]) -> Counts:
    names = {field.name for field in fields(Counts)}
    return Counts(**{name: value for name, value in stored.items() if name in names})
