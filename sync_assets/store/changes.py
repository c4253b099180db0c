"""The change feed: reads what happened to a tenant's records, in one order for everybody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync_assets.core.changes import Batch, Change, Cursor, CursorExpired, Kind, microseconds
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database

MOST = 1_000
"""Changes in one batch."""

NUMBERED = 10_000
"""Entries that get their positions at once; an entry is what one statement did."""

FORGOTTEN = 10_000
"""Entries that are deleted in one transaction."""

_NEW = """
    SELECT EXISTS (SELECT FROM cms.changes
      WHERE tenant_id = current_setting('sync_assets.tenant_id') AND position IS NULL)
"""
_FEED = """
    SELECT position, at, forgotten, forgotten_at FROM sync.feeds
    WHERE tenant_id = current_setting('sync_assets.tenant_id')
"""
_HOLD = f"{_FEED} FOR UPDATE"
_BEGIN = """
    INSERT INTO sync.feeds (tenant_id) VALUES (current_setting('sync_assets.tenant_id'))
    ON CONFLICT DO NOTHING
"""
# By id: who changes a record after somebody else has waited for that one's lock, so that its entry
# was drawn later.
_NUMBER = """
    WITH fresh AS (
      SELECT id, at, %(last)s::bigint + row_number() OVER (ORDER BY id) AS position
      FROM cms.changes
      WHERE tenant_id = current_setting('sync_assets.tenant_id') AND position IS NULL
      ORDER BY id LIMIT %(most)s
    ), numbered AS (
      UPDATE cms.changes AS held SET position = fresh.position FROM fresh WHERE held.id = fresh.id
    ), last AS (
      SELECT position, at FROM fresh ORDER BY position DESC LIMIT 1
    )
    UPDATE sync.feeds AS feed SET position = last.position, at = last.at FROM last
    WHERE tenant_id = current_setting('sync_assets.tenant_id')
    RETURNING feed.position, feed.at, forgotten, forgotten_at
"""
_STAMP = """
    SELECT at FROM cms.changes
    WHERE tenant_id = current_setting('sync_assets.tenant_id') AND position = %(position)s
"""
# As many entries as hold the wanted number of changes, and one more.
_READ = """
    SELECT position, stream, collection, change, keys, at, sync_id FROM (
      SELECT *, sum(cardinality(keys)) OVER (ORDER BY position) - cardinality(keys) AS before
      FROM cms.changes
      WHERE tenant_id = current_setting('sync_assets.tenant_id')
        AND position BETWEEN %(first)s AND %(last)s
        AND (%(streams)s::text[] IS NULL OR stream = ANY(%(streams)s))
      ORDER BY position LIMIT %(limit)s + 1
    ) AS entries WHERE before <= %(limit)s + %(offset)s ORDER BY position
"""
# Never one behind a kept one: what a cursor has before it is there, or is known to be gone.
_FORGET = """
    WITH first AS (
      SELECT id, position, at FROM cms.changes
      WHERE tenant_id = current_setting('sync_assets.tenant_id') AND position IS NOT NULL
      ORDER BY position LIMIT %(most)s
    ), old AS (
      SELECT id, position, at FROM first WHERE position
        < coalesce((SELECT min(position) FROM first WHERE at >= %(before)s), 'infinity'::float8)
    ), gone AS (
      DELETE FROM cms.changes AS held USING old WHERE held.id = old.id
    ), last AS (
      SELECT position, at, count(*) OVER () AS deleted FROM old ORDER BY position DESC LIMIT 1
    )
    UPDATE sync.feeds SET forgotten = last.position, forgotten_at = last.at FROM last
    WHERE tenant_id = current_setting('sync_assets.tenant_id') AND forgotten < last.position
    RETURNING last.deleted
"""
# Each tenant is found by one look into the index, however many changes it has.
_TENANTS = """
    WITH RECURSIVE found AS (
      SELECT min(tenant_id) AS tenant_id FROM cms.changes
      UNION ALL
      SELECT (SELECT min(tenant_id) FROM cms.changes c WHERE c.tenant_id > found.tenant_id)
      FROM found WHERE found.tenant_id IS NOT NULL
    )
    SELECT f.tenant_id FROM found f JOIN sync.tenants t ON t.id = f.tenant_id ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class _Feed:
    """Where a tenant's feed ends, and up to where it is gone."""

    position: int = 0
    at: datetime | None = None
    forgotten: int = 0
    forgotten_at: datetime | None = None

    @property
    def end(self) -> Cursor:
        return Cursor(self.position, 0, microseconds(self.at))


class Changes:
    """Reads and forgets the changes of tenants.

    A change gets its position from the first who reads after its commit, one reader of a tenant at
    a time. So the feed has no gap that is filled later, whatever order transactions commit in,
    and nobody waits for an open one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(
        self,
        tenant_id: str,
        cursor: Cursor | None = None,
        limit: int = MOST,
        streams: Sequence[str] | None = None,
    ) -> Batch:
        """The changes behind a cursor, the oldest first; what was read may be read again.

        Args:
            tenant_id: whose.
            cursor: the `next` of an earlier batch; None for the oldest that are kept.
            limit: at most so many.
            streams: only of these.

        Raises:
            CursorExpired: some of them are no longer kept.
        """
        with self._database.as_tenant(tenant_id) as connection:
            feed = _numbered(connection)
            if cursor is None:
                cursor = Cursor(feed.forgotten, 0, microseconds(feed.forgotten_at))
            batch = _read(connection, feed, cursor, limit, streams)
            # Looked at last, for a clean-up may have been at work meanwhile.
            _check(connection, _feed(connection), cursor)
            return batch

    def now(self, tenant_id: str) -> Cursor:
        """The end of the feed: what is committed by now comes before it, all else behind it."""
        with self._database.as_tenant(tenant_id) as connection:
            return _numbered(connection, everything=True).end

    def forget(self, before: datetime) -> Iterator[int]:
        """Delete the entries written before, some at a time; gives how many in each transaction."""
        with self._database.as_control() as connection:
            tenants = connection.execute(_TENANTS).scalars()
        for tenant_id in tenants:
            deleted = FORGOTTEN
            while deleted == FORGOTTEN:
                with self._database.as_tenant(tenant_id) as connection:
                    _numbered(connection, everything=True)
                    parameters = {"before": before, "most": FORGOTTEN}
                    deleted = connection.execute(_FORGET, parameters).scalar() or 0
                yield deleted


def _feed(connection: Connection) -> _Feed:
    found = connection.execute(_FEED).fetchone()
    return _Feed() if found is None else _Feed(*found)


def _numbered(connection: Connection, *, everything: bool = False) -> _Feed:
    """The feed, once what was committed lately has its positions."""
    if not connection.execute(_NEW).scalar():
        return _feed(connection)
    connection.execute(_BEGIN)
    feed = _Feed(*connection.execute(_HOLD).one())
    while True:
        parameters = {"last": feed.position, "most": NUMBERED}
        found = connection.execute(_NUMBER, parameters).fetchone()
        last, feed = feed, feed if found is None else _Feed(*found)
        if not everything or feed.position - last.position < NUMBERED:
            return feed


def _check(connection: Connection, feed: _Feed, cursor: Cursor) -> None:
    """Raises `CursorExpired` unless all behind the cursor is there."""
    if cursor.position < feed.forgotten or cursor.position > feed.position:
        raise CursorExpired
    if cursor.position == feed.forgotten and cursor.offset == 0:
        at = feed.forgotten_at
    else:
        at = connection.execute(_STAMP, {"position": cursor.position}).scalar()
        if at is None:
            raise CursorExpired
    if microseconds(at) != cursor.at:
        raise CursorExpired


def _read(
    connection: Connection, feed: _Feed, cursor: Cursor, limit: int, streams: Sequence[str] | None
) -> Batch:
    parameters = {
        "first": cursor.position + (0 if cursor.offset else 1),
        "last": feed.position,
        "offset": cursor.offset,
        "limit": limit,
        "streams": None if streams is None else list(streams),
    }
    changes: list[Change] = []
    behind = cursor
    for row in connection.execute(_READ, parameters):
        begin = cursor.offset % len(row.keys) if row.position == cursor.position else 0
        end = min(len(row.keys), begin + limit - len(changes))
        if begin == end:
            return Batch(changes, behind, has_more=True)
        changes += _changes(row, begin, end)
        behind = Cursor(row.position, end % len(row.keys), microseconds(row.at))
        if behind.offset:
            return Batch(changes, behind, has_more=True)
    return Batch(changes, feed.end, has_more=False)


def _changes(row: Row, begin: int, end: int) -> Iterator[Change]:
    kind = Kind(row.change)
    for offset in range(begin, end):
        name, key = f"{row.position}.{offset}", row.keys[offset]
        yield Change(name, row.stream, row.collection, key, kind, row.at, row.sync_id)
