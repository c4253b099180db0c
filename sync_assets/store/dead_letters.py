"""Records that could not be kept, with their payload and the cause."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.records import Rejected
from sync_assets.core.streams import Table
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database

REQUEST = "request"
"""The collection of the letters that are requests which no attempt could do."""

_BURY = """
    INSERT INTO sync.dead_letters AS letter
      (tenant_id, stream, collection, record, payload, cause, sync_id)
    VALUES (current_setting('sync_assets.tenant_id'), %(stream)s, %(collection)s, %(record)s,
      %(payload)s,
      %(cause)s, %(sync_id)s)
    ON CONFLICT (tenant_id, stream, collection, record) DO UPDATE SET
      payload = excluded.payload, cause = excluded.cause, sync_id = excluded.sync_id,
      occurrences = letter.occurrences + 1, last_seen_at = now(), resolved_at = NULL
"""
_OPEN = """
    SELECT record FROM sync.dead_letters WHERE stream = %(stream)s AND resolved_at IS NULL
"""
_KEYS = """
    SELECT record FROM sync.dead_letters
    WHERE stream = %(stream)s AND collection = %(collection)s AND resolved_at IS NULL
    ORDER BY id
"""
_RESOLVE = """
    UPDATE sync.dead_letters SET resolved_at = now()
    WHERE stream = %(stream)s AND collection = %(collection)s AND record = ANY(%(records)s)
      AND resolved_at IS NULL
"""

_OF_SYNC = """
    SELECT stream, record, cause FROM sync.dead_letters
    WHERE sync_id = %(sync)s AND collection <> 'request' AND resolved_at IS NULL
    ORDER BY id LIMIT %(limit)s
"""
_COLUMNS = """
    id, tenant_id, stream, collection, record, payload, cause, sync_id, occurrences,
    first_seen_at, last_seen_at, resolved_at
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM sync.dead_letters
    WHERE resolved_at IS NULL AND (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s)
    ORDER BY last_seen_at DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608 - nothing of it comes from outside
_GET = f"SELECT {_COLUMNS} FROM sync.dead_letters WHERE id = %(id)s"  # noqa: S608 - names of our own


class Letter(NamedTuple):
    """A record that could not be kept, or a request that no attempt could do.

    Attributes:
        record: its key, or the request's id.
        payload: JSON.
        sync_id: the last sync that met it.
    """

    id: int
    tenant_id: str
    stream: str
    collection: str
    record: str
    payload: str
    cause: str
    sync_id: UUID
    occurrences: int
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None

    @property
    def is_request(self) -> bool:
        """Is it a whole request, not a record?"""
        return self.collection == REQUEST


class DeadLetters:
    """Reads the letters of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: str | None = None, limit: int = 100) -> Sequence[Letter]:
        """The letters that nothing has resolved yet, newest first."""
        with self._database.as_control() as connection:
            rows = connection.execute(_LIST, {"tenant": tenant, "limit": limit})
            return [_letter(row) for row in rows]

    def get(self, letter_id: int) -> Letter:
        """A letter, also a resolved one; raises `OperatorMustAct` for an unknown one."""
        with self._database.as_control() as connection:
            row = connection.execute(_GET, {"id": letter_id}).fetchone()
        if row is None:
            raise OperatorMustAct(
                f"There is no dead letter {letter_id}. 'sync-assets dead-letters list' shows them."
            )
        return _letter(row)


def _letter(row: Row) -> Letter:
    return Letter(*row)


def add(
    connection: Connection,
    stream: str,
    collection: str,
    sync_id: UUID,
    rejected: Sequence[Rejected],
) -> None:
    """Keep rejected records; one that failed before is counted again, not kept twice."""
    for entry in rejected:
        # ASCII JSON: a NUL or a lone surrogate is an escape in it, which a text column can hold.
        payload = _shown(entry)
        digest = hashlib.blake2b(payload.encode(), digest_size=8).hexdigest()
        connection.execute(
            _BURY,
            {
                "stream": stream,
                "collection": collection,
                "record": digest if entry.key is None else str(entry.key),
                "payload": payload,
                "cause": entry.cause.replace("\x00", ""),
                "sync_id": sync_id,
            },
        )


def _shown(entry: Rejected) -> str:
    try:
        return json.dumps(dict(entry.payload), default=str)
    except RecursionError:
        return json.dumps({"id": entry.key, "payload": "nested too deep to be shown"})


def unresolved(connection: Connection, stream: str) -> set[str]:
    """The records of a stream that are in the dead letters."""
    return set(connection.execute(_OPEN, {"stream": stream}).scalars())


def keys(connection: Connection, stream: str, collection: str) -> list[int | None]:
    """The keys of a collection's records that are there; None for one that has no key."""
    rows = connection.execute(_KEYS, {"stream": stream, "collection": collection})
    return [int(record) if record.isdecimal() else None for record in rows.scalars()]


def resolve(connection: Connection, stream: str, collection: str, records: Sequence[str]) -> None:
    """Note that records could be kept after all."""
    parameters = {"stream": stream, "collection": collection, "records": list(records)}
    connection.execute(_RESOLVE, parameters)


def of_sync(connection: Connection, sync_id: UUID, limit: int) -> list[tuple[str, str, str]]:
    """Stream, record and cause of the records that a sync could not keep, the first few."""
    rows = connection.execute(_OF_SYNC, {"sync": sync_id, "limit": limit})
    return [(row.stream, row.record, row.cause) for row in rows]


def settle(
    connection: Connection, stream: str, table: Table, sync_id: UUID, *, everything: bool
) -> None:
    """After a whole sync: resolve the letters of records that it found well, or not at all.

    Args:
        connection: in the transaction that ends the stream.
        stream: the stream that was synced.
        table: where its rows are.
        sync_id: the sync, which has renewed the letters of all records that failed again.
        everything: it was a full refresh. Another one reads again what has no row, but not a row
            that was left in an older version by a change that moved no modified time.
    """
    statement = f"""
        UPDATE sync.dead_letters AS letter SET resolved_at = now()
        WHERE stream = %(stream)s AND resolved_at IS NULL AND sync_id <> %(sync_id)s
          AND (%(everything)s OR NOT EXISTS (SELECT FROM cms.{table.name} AS held
            WHERE held.{table.key}::text = letter.record AND held.deleted_at IS NULL))
    """  # noqa: S608 - names come from the registry
    parameters = {"stream": stream, "sync_id": sync_id, "everything": everything}
    connection.execute(statement, parameters)
