"""The records that a source hinted at, until a sync has read them."""

from collections.abc import Sequence

from sync_assets.core.hints import Hint
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

MOST = 5_000
"""Hints that may wait for a tenant; after an import, the next complete sync is quicker anyway."""

# In the order of their keys, so that no two of these statements wait for each other.
_ADD = """
    INSERT INTO sync.hints (tenant_id, stream, collection, record)
    SELECT t.id, given.* FROM sync.tenants t, (
      SELECT DISTINCT * FROM unnest(%(streams)s::text[], %(collections)s::text[],
        %(records)s::bigint[]) AS one (stream, collection, record)) AS given
    WHERE t.id = %(tenant)s AND t.active
      AND ((SELECT count(*) FROM sync.hints WHERE tenant_id = %(tenant)s) < %(most)s
        OR EXISTS (SELECT FROM sync.hints h WHERE h.tenant_id = %(tenant)s
          AND (h.stream, h.collection, h.record) = (given.stream, given.collection, given.record)))
    ORDER BY stream, collection, record
    ON CONFLICT (tenant_id, stream, collection, record)
      DO UPDATE SET mark = excluded.mark, hinted_at = excluded.hinted_at
"""
_WAITING = """
    SELECT stream, collection, record, mark FROM sync.hints WHERE stream = %(stream)s
    ORDER BY collection, record
"""
_REMOVE = """
    WITH done AS (
      SELECT h.stream, h.collection, h.record FROM sync.hints h
      JOIN unnest(%(streams)s::text[], %(collections)s::text[],
          %(records)s::bigint[], %(marks)s::bigint[])
        AS given (stream, collection, record, mark) USING (stream, collection, record, mark)
      ORDER BY h.stream, h.collection, h.record FOR UPDATE OF h
    )
    DELETE FROM sync.hints h USING done
    WHERE (h.stream, h.collection, h.record) = (done.stream, done.collection, done.record)
"""
_FORGET = "DELETE FROM sync.hints WHERE hinted_at < now() - interval '2 days'"


class Hints:
    """Takes hints in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: str, hints: Sequence[Hint], on: Connection | None = None) -> int:
        """Keep hints of an active tenant; one of what was hinted at already takes its place.

        Args:
            tenant_id: whose records they are.
            hints: where they are.
            on: a transaction of the control role, with which they are kept or not.

        Returns:
            How many were kept, each record once; no further ones where too many wait.
        """
        parameters = {"tenant": tenant_id, "most": MOST, **_columns(hints)}
        with self._database.as_control_on(on) as connection:
            return connection.execute(_ADD, parameters).rowcount

    def forget(self) -> int:
        """Delete those that no sync has come to for two days; gives how many."""
        with self._database.as_control() as connection:
            return connection.execute(_FORGET).rowcount


def waiting(connection: Connection, stream: str) -> Sequence[Hint]:
    """The hints of a stream, in a transaction of its tenant."""
    return [Hint(*row) for row in connection.execute(_WAITING, {"stream": stream})]


def remove(connection: Connection, done: Sequence[Hint]) -> None:
    """Take away what was settled, and nothing that was hinted at again since it was read."""
    if done:
        connection.execute(_REMOVE, _columns(done))


def _columns(hints: Sequence[Hint]) -> dict[str, list[str] | list[int]]:
    return {
        "streams": [hint.stream for hint in hints],
        "collections": [hint.collection for hint in hints],
        "records": [hint.key for hint in hints],
        "marks": [hint.mark for hint in hints],
    }
