"""One part of a tenant's sync in the store, held by one sync: its record, not its contents."""

import logging
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol

import orjson

from sync_assets.core.run import StreamStatus
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database
from sync_assets.store.leases import Lease
from sync_assets.store.pool import Kept

_PROGRESS_EVERY = 1.0  # seconds between two updates of the progress row

_log = logging.getLogger(__name__)

_START = """
    UPDATE sync.streams SET status = 'running', attempt = attempt + 1, error = NULL,
      error_kind = NULL, progressed_at = now(),
      earlier = jsonb_build_object(
        'created', coalesce((earlier->>'created')::bigint, 0)
          + coalesce((counts->>'created')::bigint, 0),
        'updated', coalesce((earlier->>'updated')::bigint, 0)
          + coalesce((counts->>'updated')::bigint, 0),
        'deleted', coalesce((earlier->>'deleted')::bigint, 0)
          + coalesce((counts->>'deleted')::bigint, 0),
        'chunks_embedded', coalesce((earlier->>'chunks_embedded')::bigint, 0)
          + coalesce((counts->>'chunks_embedded')::bigint, 0),
        'calls', coalesce((earlier->>'calls')::bigint, 0)
          + coalesce((counts->>'calls')::bigint, 0),
        'tokens', coalesce((earlier->>'tokens')::bigint, 0)
          + coalesce((counts->>'tokens')::bigint, 0),
        'cost', (coalesce((earlier->>'cost')::numeric, 0)
          + coalesce((counts->>'cost')::numeric, 0))::text),
      counts = '{}', started_at = coalesce(started_at, now()), finished_at = NULL
    WHERE sync_id = %(id)s AND stream = %(stream)s
"""
# It was begun in good order; the step that goes on with it is no further attempt.
_PUT_BACK = """
    UPDATE sync.streams SET status = 'pending', attempt = attempt - 1
    WHERE sync_id = %(id)s AND stream = %(stream)s
      AND EXISTS (SELECT FROM sync.leases l WHERE l.stream = %(stream)s AND l.token = %(token)s)
"""
# An attempt that was overtaken must not speak for the one that goes on.
COUNT = """
    UPDATE sync.streams SET counts = counts || %(counts)s::jsonb, progressed_at = now()
    WHERE sync_id = %(id)s AND stream = %(stream)s
      AND EXISTS (SELECT FROM sync.leases l WHERE l.stream = %(stream)s AND l.token = %(token)s)
"""
_FINISH = """
    UPDATE sync.streams SET status = %(status)s, error = %(error)s, error_kind = %(kind)s,
      finished_at = now(), progressed_at = now(),
      counts = counts || %(counts)s::jsonb
    WHERE sync_id = %(id)s AND stream = %(stream)s
      AND EXISTS (SELECT FROM sync.leases l WHERE l.stream = %(stream)s AND l.token = %(token)s)
"""
_NOTE = """
    INSERT INTO sync.log (tenant_id, sync_id, stream, level, message, metadata)
    VALUES (current_setting('sync_assets.tenant_id'), %(id)s, %(stream)s, %(level)s, %(message)s,
      %(metadata)s::jsonb)
"""


class Account(Protocol):
    """What a part amounts to so far."""

    def as_dict(self) -> Mapping[str, object]:
        """The counts by name."""
        ...


class HeldPart:
    """Writes the record of a part for as long as its lease holds, on a connection of its own."""

    def __init__(self, database: Database, kept: Kept, lease: Lease, part: str) -> None:
        self._database = database
        self._kept = kept
        self._lease = lease
        self._part = part
        self._account: Mapping[str, object] = {}
        self._shown_at = time.monotonic()  # it has just begun, which says as much

    def start(self) -> None:
        """Record that it is running, as one more attempt."""
        with self._transaction() as connection:
            self._start(connection)

    def progress(self, counts: Account) -> None:
        """Show how far it is, at most once a second."""
        self._account = counts.as_dict()
        if time.monotonic() - self._shown_at >= _PROGRESS_EVERY:
            self._shown_at = time.monotonic()
            with self._transaction() as connection:
                connection.execute(COUNT, self._identity(self._account))

    def beat(self) -> None:
        """Show that it gets on, where there is nothing to count."""
        with self.writing() as connection:
            connection.execute(COUNT, self._identity())

    def put_back(self) -> None:
        """Leave it to a later step of the same attempt."""
        with self._transaction() as connection:
            connection.execute(_PUT_BACK, self._identity())

    def finish(
        self, status: StreamStatus, error: str | None = None, kind: str | None = None
    ) -> None:
        """Record how it ended, with the counts that were shown last."""
        with self._transaction() as connection:
            self._finish(connection, status, error, kind)

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Write a line into the sync's log and the program's."""
        _log.log(level, message, extra={"stream": self._part, "metadata": dict(metadata or {})})
        parameters = {
            "id": self._lease.sync_id,
            "stream": self._part,
            "level": logging.getLevelName(level),
            "message": message,
            "metadata": orjson.dumps(dict(metadata or {})).decode(),
        }
        with self._transaction() as connection:
            connection.execute(_NOTE, parameters)

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """A transaction of the tenant that goes through only while the lease is this sync's.

        Raises:
            LeaseLost: another sync has taken over.
        """
        with self._transaction() as connection:
            self._lease.renew(connection)
            yield connection

    def _start(self, connection: Connection) -> None:
        connection.execute(_START, self._identity())

    def _finish(
        self, connection: Connection, status: StreamStatus, error: str | None, kind: str | None
    ) -> bool:
        """Record how it ended; gives whether that was this sync's to say."""
        ended = {"status": status.value, "error": error, "kind": kind}
        parameters = self._identity(self._account) | ended
        return connection.execute(_FINISH, parameters).rowcount > 0

    def _identity(self, counts: Mapping[str, object] | None = None) -> dict[str, object]:
        return {
            "id": self._lease.sync_id,
            "stream": self._part,
            "token": self._lease.token,
            "counts": orjson.dumps(dict(counts or {})).decode(),
        }

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        with self._database.tenant_on(self._kept, self._lease.tenant_id) as connection:
            yield connection
