"""Deletes what is old and no longer needed, a batch at a time."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sync_assets.store.changes import Changes
from sync_assets.store.database import Database

BATCH = 1_000
"""Rows in one transaction: none holds its locks for long."""

MOST = 200_000
"""Requests a night; the next one goes on."""

# The last complete sync of each stream: its counts are what the checks show, and its end says how
# fresh the stream is. See store/health.
_SHOWN = """shown AS MATERIALIZED (
      SELECT DISTINCT ON (tenant_id, stream) sync_id FROM sync.streams
      WHERE status = 'done' AND NOT hinted ORDER BY tenant_id, stream, finished_at DESC)"""
# Without its last request a tenant would look changed, or never synced. A failed one whose dead
# letter is unresolved can still be replayed.
_OLD_REQUESTS = f"""
    WITH {_SHOWN}, last AS MATERIALIZED (
      SELECT DISTINCT ON (tenant_id) id FROM sync.requests
      WHERE NOT hinted ORDER BY tenant_id, asked_at DESC
    ), replayable AS MATERIALIZED (
      SELECT record FROM sync.dead_letters WHERE collection = 'request' AND resolved_at IS NULL
    )
    SELECT r.id FROM sync.requests r
    WHERE r.ended_at < %(before)s
      AND NOT EXISTS (SELECT FROM last WHERE last.id = r.id)
      AND NOT EXISTS (SELECT FROM shown WHERE shown.sync_id = r.id)
      AND NOT EXISTS (SELECT FROM replayable WHERE replayable.record = r.id::text)
    ORDER BY r.ended_at LIMIT %(most)s
"""  # noqa: S608 - our own words
# Looked at once more: a request may have been asked for again since they were chosen.
_DELETE_REQUESTS = """
    WITH old AS (
      SELECT id FROM sync.requests WHERE id = ANY(%(ids)s) AND ended_at < %(before)s
        AND state NOT IN ('queued', 'launched') FOR UPDATE SKIP LOCKED
    ),
    syncs AS (DELETE FROM sync.syncs WHERE id IN (SELECT id FROM old)),
    lines AS (DELETE FROM sync.log WHERE sync_id IN (SELECT id FROM old))
    DELETE FROM sync.requests WHERE id IN (SELECT id FROM old)
"""
# Syncs that nobody asked for, such as those from before there were requests.
_OLD_SYNCS = f"""
    WITH {_SHOWN}
    SELECT y.id FROM sync.syncs y
    WHERE y.created_at < %(before)s
      AND NOT EXISTS (SELECT FROM sync.requests r WHERE r.id = y.id)
      AND NOT EXISTS (SELECT FROM sync.leases l WHERE l.sync_id = y.id AND l.expires_at > now())
      AND NOT EXISTS (SELECT FROM shown WHERE shown.sync_id = y.id)
    ORDER BY y.created_at LIMIT %(most)s
"""  # noqa: S608 - our own words
_DELETE_SYNCS = """
    WITH old AS (
      SELECT y.id FROM sync.syncs y WHERE y.id = ANY(%(ids)s)
        AND NOT EXISTS (SELECT FROM sync.requests r WHERE r.id = y.id) FOR UPDATE SKIP LOCKED
    ),
    lines AS (DELETE FROM sync.log WHERE sync_id IN (SELECT id FROM old))
    DELETE FROM sync.syncs WHERE id IN (SELECT id FROM old)
"""
_LOG = """
    DELETE FROM sync.log WHERE id IN (
      SELECT l.id FROM sync.log l WHERE l.id > %(after)s AND l.at < %(before)s
        AND NOT EXISTS (SELECT FROM sync.requests r
          WHERE r.id = l.sync_id AND r.state IN ('queued', 'launched'))
      ORDER BY l.id LIMIT %(batch)s)
    RETURNING id
"""
_LETTERS = """
    DELETE FROM sync.dead_letters WHERE id IN (
      SELECT id FROM sync.dead_letters WHERE id > %(after)s AND resolved_at < %(before)s
      ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
_RUNS = """
    SELECT DISTINCT run_id FROM sync.requests r WHERE run_id IS NOT NULL
      AND (state IN ('queued', 'launched') OR state = 'failed' AND EXISTS (
        SELECT FROM sync.dead_letters l WHERE l.tenant_id = r.tenant_id
          AND l.collection = 'request' AND l.record = r.id::text AND l.resolved_at IS NULL))
"""


class Retention:
    """Removes old rows of the control plane; checkpoints and contents are never touched."""

    def __init__(self, database: Database, until: float) -> None:
        """`until`: stops between two batches once `time.monotonic()` is past it."""
        self._database = database
        self._until = until

    def requests(self, before: datetime) -> int:
        """Delete requests that ended before, with their syncs and logs; gives their number."""
        return self._delete_chosen(_OLD_REQUESTS, _DELETE_REQUESTS, before)

    def syncs(self, before: datetime) -> int:
        """Delete syncs without a request that began before; gives their number."""
        return self._delete_chosen(_OLD_SYNCS, _DELETE_SYNCS, before)

    def lines(self, before: datetime) -> int:
        """Delete log lines from before, but for those of requests that go on."""
        return sum(self._in_order(_LOG, before))

    def dead_letters(self, before: datetime) -> int:
        """Delete dead letters that were resolved before."""
        return sum(self._in_order(_LETTERS, before))

    def changes(self, before: datetime) -> int:
        """Delete what the change feeds say of the time before; gives the number of entries."""
        deleted = 0
        for count in Changes(self._database).forget(before):
            deleted += count
            if time.monotonic() > self._until:
                break
        return deleted

    def runs_in_use(self) -> set[str]:
        """Dagster runs of requests that go on, or that failed and may be tried once more."""
        with self._database.as_control() as connection:
            return set(connection.execute(_RUNS).scalars())

    def _delete_chosen(self, choose: str, delete: str, before: datetime) -> int:
        """Choose once, which reads everything, then delete what was chosen; gives how many."""
        if time.monotonic() > self._until:
            return 0
        with self._database.as_control() as connection:
            found = connection.execute(choose, {"before": before, "most": MOST})
            ids: Sequence[UUID] = found.scalars()
        deleted = 0
        for start in range(0, len(ids), BATCH):
            if time.monotonic() > self._until:
                break
            parameters = {"ids": ids[start : start + BATCH], "before": before}
            with self._database.as_control() as connection:
                deleted += connection.execute(delete, parameters).rowcount
        return deleted

    def _in_order(self, delete: str, before: datetime) -> Iterator[int]:
        """Delete by ascending id, each batch behind the last one; gives how many in each."""
        after, count = 0, BATCH
        while count == BATCH and time.monotonic() < self._until:
            parameters = {"before": before, "batch": BATCH, "after": after}
            with self._database.as_control() as connection:
                ids = connection.execute(delete, parameters).scalars()
            after, count = max(ids, default=after), len(ids)
            yield count
