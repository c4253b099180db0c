"""The log of each sync."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

PAGE = 10_000
"""Lines that are read at once."""

_NOTE = """
    INSERT INTO sync.log (tenant_id, sync_id, stream, level, message, metadata)
    VALUES (%(tenant)s, %(id)s, %(stream)s, %(level)s, %(message)s, %(metadata)s::jsonb)
"""
_NOTE_ALL = """
    INSERT INTO sync.log (tenant_id, sync_id, level, message)
    SELECT tenant, id, 'INFO', %(message)s
    FROM unnest(%(tenants)s::text[], %(ids)s::uuid[]) AS s (tenant, id)
"""
_READ = """
    SELECT id, at, level, stream, message, metadata FROM sync.log
    WHERE sync_id = %(sync)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
_READ_ALL = """
    SELECT w.sync_id, l.* FROM unnest(%(ids)s::uuid[], %(after)s::bigint[])
      AS w (sync_id, after),
    LATERAL (SELECT id, at, level, stream, message, metadata, at < now() - interval '5 s' AS settled
      FROM sync.log WHERE sync_id = w.sync_id AND id > w.after ORDER BY id LIMIT %(limit)s) l
"""


def note(  # noqa: PLR0913 - a line has these parts
    connection: Connection,
    tenant_id: str,
    sync_id: UUID,
    message: str,
    *,
    level: int = logging.INFO,
    stream: str | None = None,
    metadata: Mapping[str, object] | None = None,
) -> None:
    """Write a line into a sync's log."""
    parameters = {
        "tenant": tenant_id,
        "id": sync_id,
        "stream": stream,
        "level": logging.getLevelName(level),
        "message": message,
        "metadata": orjson.dumps(dict(metadata or {})).decode(),
    }
    connection.execute(_NOTE, parameters)


def note_all(connection: Connection, tenants: Mapping[UUID, str], message: str) -> None:
    """Write the same line into the logs of several syncs, given with their tenants."""
    if tenants:
        parameters = {"tenants": list(tenants.values()), "ids": list(tenants), "message": message}
        connection.execute(_NOTE_ALL, parameters)


def lines(
    database: Database, sync_id: UUID, *, after: int = 0, limit: int = PAGE
) -> list[dict[str, Any]]:
    """The lines of a sync's log, oldest first: id, at, level, stream, message, metadata.

    Args:
        database: where they are.
        sync_id: whose.
        after: the id of the last line that is known already.
        limit: at most so many.
    """
    parameters = {"sync": sync_id, "after": after, "limit": limit}
    with database.as_control() as connection:
        return connection.execute(_READ, parameters).mappings()


def lines_of(
    database: Database, after: Mapping[UUID, int], limit: int
) -> dict[UUID, list[dict[str, Any]]]:
    """The next lines of several logs, as `lines` gives them, by sync, in one query.

    Each has `settled`, too: whether it is so old that no line with a smaller id can still come,
    from a transaction that began earlier.

    Args:
        database: where they are.
        after: the id of the last line that is known already, by sync.
        limit: at most so many of each.
    """
    parameters = {"ids": list(after), "after": list(after.values()), "limit": limit}
    found: dict[UUID, list[dict[str, Any]]] = {}
    with database.as_control() as connection:
        for line in connection.execute(_READ_ALL, parameters).mappings():
            found.setdefault(line.pop("sync_id"), []).append(line)
    return found
