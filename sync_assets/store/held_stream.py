"""One stream of one tenant in the store, held by one sync."""

import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from uuid import UUID

import orjson
from psycopg import errors as postgres
from sqlalchemy import Connection, text

from sync_assets.core.clock import Clock
from sync_assets.core.counts import Counts
from sync_assets.core.errors import RetryLater
from sync_assets.core.known import Known
from sync_assets.core.ports import Checkpoint, Page, Written
from sync_assets.core.records import Record, Rejected
from sync_assets.core.run import StreamStatus
from sync_assets.core.streams import StreamSpec
from sync_assets.store import dead_letters
from sync_assets.store.checkpoints import load_checkpoint, save_checkpoint
from sync_assets.store.database import Database, Driver, driver
from sync_assets.store.leases import Lease
from sync_assets.store.rows import Rows

_PROGRESS_EVERY = 1.0  # seconds between two updates of the progress row
_TRIES = 3  # of a transaction that PostgreSQL rolled back for a deadlock

T = TypeVar("T")

_RECORD_ERRORS = (
    postgres.DataError,
    postgres.IntegrityError,
    postgres.ProgramLimitExceeded,
    postgres.RaiseException,
)
"""What a single record can be to blame for, also by a constraint or trigger of the CMS's own."""

_log = logging.getLogger(__name__)

_START = text("""
    UPDATE sync.streams SET status = 'running', attempt = attempt + 1, error = NULL,
      error_kind = NULL, progressed_at = now(),
      earlier = jsonb_build_object(
        'created', coalesce((earlier->>'created')::bigint, 0)
          + coalesce((counts->>'created')::bigint, 0),
        'updated', coalesce((earlier->>'updated')::bigint, 0)
          + coalesce((counts->>'updated')::bigint, 0),
        'deleted', coalesce((earlier->>'deleted')::bigint, 0)
          + coalesce((counts->>'deleted')::bigint, 0)),
      counts = '{}', started_at = coalesce(started_at, now()), finished_at = NULL
    WHERE sync_id = :id AND stream = :stream
""")
# An attempt that was overtaken must not speak for the one that goes on.
_COUNT = """
    UPDATE sync.streams SET counts = counts || %(counts)s::jsonb, progressed_at = now()
    WHERE sync_id = %(id)s AND stream = %(stream)s
      AND EXISTS (SELECT FROM sync.leases l WHERE l.stream = %(stream)s AND l.token = %(token)s)
"""
_FINISH = text("""
    UPDATE sync.streams SET status = :status, error = :error, error_kind = :kind,
      finished_at = now(), progressed_at = now(),
      counts = counts || CAST(:counts AS jsonb)
    WHERE sync_id = :id AND stream = :stream
      AND EXISTS (SELECT FROM sync.leases l WHERE l.stream = :stream AND l.token = :token)
""")
_NOTE = text("""
    INSERT INTO sync.log (tenant_id, sync_id, stream, level, message, metadata)
    VALUES (current_setting('sync_assets.tenant_id'), :id, :stream, :level, :message,
      CAST(:metadata AS jsonb))
""")


class StoredStream:
    """Reads what the CMS has of a tenant's stream."""

    def __init__(
        self, database: Database, tenant_id: str, spec: StreamSpec, sync_id: UUID | None = None
    ) -> None:
        self._database = database
        self._sync_id = sync_id
        self._tenant_id = tenant_id
        self._spec = spec
        self._rows = Rows(spec.table)

    def known(self, scope: str) -> Known:
        """What the CMS has of a collection."""
        with self._database.as_tenant(self._tenant_id) as connection:
            return self._rows.known(driver(connection), scope)

    def checkpoint(self, collection: str) -> Checkpoint:
        """Where the collection stands."""
        with self._database.as_tenant(self._tenant_id) as connection:
            return load_checkpoint(connection, self._spec.name, collection, self._sync_id)


class HeldStream(StoredStream):
    """Writes a tenant's stream for as long as its lease holds, on a connection of its own."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        lease: Lease,
        spec: StreamSpec,
        clock: Clock,
        *,
        full: bool = False,
    ) -> None:
        super().__init__(database, lease.tenant_id, spec, lease.sync_id)
        self._connection = connection
        self._lease = lease
        self._clock = clock
        self._full = full
        self._counts = Counts()
        self._created = self._updated = self._deleted = 0
        self._shown_at = 0.0
        self._dead: set[str] = set()

    def start(self) -> None:
        """Record that the stream is running, as one more attempt."""
        with self._transaction() as connection:
            connection.execute(_START, self._identity())
            self._dead = dead_letters.unresolved(connection, self._spec.name)

    def write(self, page: Page) -> Written:
        """Write a page and its checkpoint in one transaction.

        A record that PostgreSQL refuses goes to the dead letters; the others are written.
        """
        return _again_after_deadlocks(partial(self._write, page))

    def bury(self, scope: str, keys: Sequence[int]) -> int:
        """Give rows their tombstones, local edits excepted; gives the number of tombstones."""
        return _again_after_deadlocks(partial(self._bury, scope, keys))

    def progress(self, counts: Counts) -> None:
        """Show how far the stream is, at most once a second."""
        self._counts = counts
        if time.monotonic() - self._shown_at >= _PROGRESS_EVERY:
            self._shown_at = time.monotonic()
            with self._transaction() as connection:
                driver(connection).execute(_COUNT, self._identity(counts.as_dict()))

    def finish(
        self, status: StreamStatus, error: str | None = None, kind: str | None = None
    ) -> None:
        """Record how the stream ended, with the counts that were shown last."""
        parameters = self._identity(self._counts.as_dict())
        with self._transaction() as connection:
            parameters |= {"status": status.value, "error": error, "kind": kind}
            held = connection.execute(_FINISH, parameters).rowcount
            if held and status is StreamStatus.DONE and self._dead:
                table, sync_id = self._spec.table, self._lease.sync_id
                dead_letters.settle(
                    connection, self._spec.name, table, sync_id, everything=self._full
                )

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Write a line into the sync's log and the program's."""
        _log.log(
            level, message, extra={"stream": self._spec.name, "metadata": dict(metadata or {})}
        )
        parameters = {
            "id": self._lease.sync_id,
            "stream": self._spec.name,
            "level": logging.getLevelName(level),
            "message": message,
            "metadata": orjson.dumps(dict(metadata or {})).decode(),
        }
        with self._transaction() as connection:
            connection.execute(_NOTE, parameters)

    def _write(self, page: Page) -> Written:
        with self._transaction() as connection:
            self._lease.renew(connection)
            written, refused = self._merge(driver(connection), page.records)
            skipped = len(page.records) - len(written) - len(refused)
            created = sum(written.values())
            rejected = [*page.rejected, *refused]
            self._bookkeeping(connection, page, rejected, written)
            result = Written(created, len(written) - created, skipped, len(refused))
            self._count(connection, result)
        self._created += result.created
        self._updated += result.updated
        return result

    def _bury(self, scope: str, keys: Sequence[int]) -> int:
        with self._transaction() as connection:
            self._lease.renew(connection)
            buried = self._rows.bury(driver(connection), scope, keys, self._clock())
            self._count(connection, Written(), buried)
        self._deleted += buried
        return buried

    def _merge(
        self, connection: Driver, records: Sequence[tuple[Record, bytes]]
    ) -> tuple[dict[int, bool], list[Rejected]]:
        """Write records; when PostgreSQL refuses them, find the ones to blame by halving."""
        if not records:
            return {}, []
        try:
            with connection.transaction():
                sync_id = self._lease.sync_id
                return self._rows.upsert(connection, records, sync_id, self._clock()), []
        except _RECORD_ERRORS as error:
            if len(records) == 1:
                return {}, [self._refused(records[0][0], error)]
        middle = len(records) // 2
        first, first_refused = self._merge(connection, records[:middle])
        second, second_refused = self._merge(connection, records[middle:])
        return first | second, first_refused + second_refused

    def _refused(self, record: Record, cause: postgres.Error) -> Rejected:
        names = (column.name for column in self._spec.table.columns)
        payload = {"id": record.key, **dict(zip(names, record.values, strict=True))}
        reason = str(cause).strip().partition("\n")[0]
        return Rejected(record.key, payload, f"PostgreSQL refused it: {reason}")

    def _bookkeeping(
        self,
        connection: Connection,
        page: Page,
        rejected: Sequence[Rejected],
        written: Mapping[int, bool],
    ) -> None:
        """The dead letters and the checkpoint that belong to the page."""
        stream, sync_id = self._spec.name, self._lease.sync_id
        dead_letters.add(connection, stream, page.collection, sync_id, rejected)
        revived = [str(key) for key in written if str(key) in self._dead]
        if revived:
            dead_letters.resolve(connection, stream, page.collection, revived)
        if page.checkpoint is not None:
            save_checkpoint(connection, stream, page.collection, sync_id, page.checkpoint)

    def _count(self, connection: Connection, result: Written, deleted: int = 0) -> None:
        """Count in the page's own transaction, so that a kill loses no count either."""
        if result.created or result.updated or deleted:
            counts: dict[str, int | None] = {
                "created": self._created + result.created,
                "updated": self._updated + result.updated,
                "deleted": self._deleted + deleted,
            }
            driver(connection).execute(_COUNT, self._identity(counts))

    def _identity(self, counts: Mapping[str, int | None] | None = None) -> dict[str, object]:
        return {
            "id": self._lease.sync_id,
            "stream": self._spec.name,
            "token": self._lease.token,
            "counts": orjson.dumps(dict(counts or {})).decode(),
        }

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        with self._database.tenant_on(self._connection, self._tenant_id):
            yield self._connection


def _again_after_deadlocks(transaction: Callable[[], T]) -> T:
    """An editor may lock the same rows in another order; PostgreSQL then rolls one side back."""
    for _ in range(1, _TRIES):
        try:
            return transaction()
        except RetryLater as error:
            cause = getattr(error.__cause__, "orig", error.__cause__)
            if not isinstance(cause, postgres.DeadlockDetected):
                raise
    return transaction()
