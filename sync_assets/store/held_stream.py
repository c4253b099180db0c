"""One stream of one tenant in the store, held by one sync."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from psycopg import errors as postgres

from sync_assets.core.clock import Clock
from sync_assets.core.errors import RetryLater
from sync_assets.core.hints import Hint
from sync_assets.core.known import Known
from sync_assets.core.ports import Checkpoint, Page, SyncRequest, Written
from sync_assets.core.records import Record, Rejected
from sync_assets.core.run import StreamStatus
from sync_assets.core.streams import StreamSpec
from sync_assets.store import dead_letters, hints
from sync_assets.store.checkpoints import load_checkpoint, save_checkpoint
from sync_assets.store.connection import Connection, Transaction
from sync_assets.store.database import Database
from sync_assets.store.held_part import COUNT, HeldPart
from sync_assets.store.leases import Lease
from sync_assets.store.pool import Kept
from sync_assets.store.rows import LeftOut, Rows, WriteRows

_TRIES = 3  # of a transaction that PostgreSQL rolled back for a deadlock

T = TypeVar("T")

_RECORD_ERRORS = (
    postgres.DataError,
    postgres.IntegrityError,
    postgres.ProgramLimitExceeded,
    postgres.RaiseException,
)
"""What a single record can be to blame for, also by a constraint or trigger of the CMS's own."""


_Merged = tuple[dict[int, bool], list[Rejected]]
"""For each key written whether it was created, and the records that PostgreSQL refused."""

_Merge = Callable[[Connection, Sequence[tuple[Record, bytes]]], _Merged]


class _Refused(Exception):
    """PostgreSQL refused a page for the sake of one of its records."""


class StoredStream:
    """Reads what the CMS has of a tenant's stream."""

    def __init__(
        self, transaction: Transaction, spec: StreamSpec, sync_id: UUID | None = None
    ) -> None:
        """`transaction`: begins one of the tenant."""
        self._transaction = transaction
        self._sync_id = sync_id
        self._spec = spec
        self._rows = Rows(spec.table)

    def known(self, scope: str, keys: Sequence[int] | None = None) -> Known:
        """What the CMS has of a collection, or of some of its records."""
        with self._transaction() as connection:
            return self._rows.known(connection, scope, keys)

    def checkpoint(self, collection: str) -> Checkpoint:
        """Where the collection stands."""
        with self._transaction() as connection:
            return load_checkpoint(connection, self._spec.name, collection, self._sync_id)

    def hints(self) -> Sequence[Hint]:
        """The records of the stream that the source hinted at, and that nobody has read since."""
        with self._transaction() as connection:
            return hints.waiting(connection, self._spec.name)

    def failed(self, collection: str) -> Sequence[int | None]:
        """The keys of its records that are in the dead letters; None for one without a key."""
        with self._transaction() as connection:
            return dead_letters.keys(connection, self._spec.name, collection)


class HeldStream(HeldPart):
    """Writes a tenant's stream for as long as its lease holds."""

    def __init__(
        self,
        database: Database,
        kept: Kept,
        lease: Lease,
        request: SyncRequest,
        spec: StreamSpec,
        clock: Clock,
    ) -> None:
        super().__init__(database, kept, lease, spec.name)
        stored = StoredStream(self._transaction, spec, lease.sync_id)
        self._tenant, self._options = request.tenant, request.options
        self.known, self.checkpoint = stored.known, stored.checkpoint
        self.hints, self.failed = stored.hints, stored.failed
        self._spec = spec
        self._rows = Rows(spec.table)
        self._clock = clock
        self._created = self._updated = self._deleted = 0
        self._dead: set[str] = set()

    def start(self) -> None:
        """Record that the stream is running, as one more attempt."""
        with self._transaction() as connection:
            self._start(connection)
            self._dead = dead_letters.unresolved(connection, self._spec.name)

    def write(self, page: Page) -> Written:
        """Write a page and its checkpoint in one transaction.

        A record that PostgreSQL refuses goes to the dead letters; the others are written.
        """
        return _again_after_deadlocks(partial(self._write, page))

    def bury(self, scope: str, keys: Sequence[int], done: Sequence[Hint] = ()) -> int:
        """Give rows their tombstones, local edits excepted; gives the number of tombstones.

        The hints that are settled with it go away in the same transaction.
        """
        return _again_after_deadlocks(partial(self._bury, scope, keys, done))

    def finish(
        self, status: StreamStatus, error: str | None = None, kind: str | None = None
    ) -> None:
        """Record how the stream ended, with the counts that were shown last."""
        with self._transaction() as connection:
            held = self._finish(connection, status, error, kind)
            whole = not self._options.hinted  # who looked at a few knows nothing of the others
            if held and whole and status is StreamStatus.DONE and self._dead:
                table, sync_id = self._spec.table, self._lease.sync_id
                dead_letters.settle(
                    connection, self._spec.name, table, sync_id, everything=self._options.full
                )

    def _write(self, page: Page) -> Written:
        """As a rule nothing is refused; only a second try pays for the savepoints of halving."""
        write = self._rows.insert if page.all_new else self._rows.upsert
        try:
            return self._write_by(partial(self._all, write), page)
        except _Refused:
            return self._write_by(self._halving, page)

    def _write_by(self, merge: _Merge, page: Page) -> Written:
        with self.writing() as connection:
            written, refused = merge(connection, page.records)
            skipped = len(page.records) - len(written) - len(refused)
            created = sum(written.values())
            rejected = [*page.rejected, *refused]
            self._bookkeeping(connection, page, rejected, written)
            result = Written(created, len(written) - created, skipped, len(refused))
            self._count(connection, result)
        self._created += result.created
        self._updated += result.updated
        return result

    def _bury(self, scope: str, keys: Sequence[int], done: Sequence[Hint]) -> int:
        with self.writing() as connection:
            buried = self._rows.bury(connection, scope, keys, self._clock())
            hints.remove(connection, done)
            self._count(connection, Written(), buried)
        self._deleted += buried
        return buried

    def _all(
        self, write: WriteRows, connection: Connection, records: Sequence[tuple[Record, bytes]]
    ) -> _Merged:
        """Write all records; raises `_Refused`, which leaves the transaction to be rolled back."""
        try:
            return self._written(write, connection, records), []
        except (LeftOut, *_RECORD_ERRORS) as error:
            raise _Refused from error

    def _halving(self, connection: Connection, records: Sequence[tuple[Record, bytes]]) -> _Merged:
        """Write records; when PostgreSQL refuses them, find the ones to blame by halving."""
        try:
            with connection.transaction():
                return self._written(self._rows.upsert, connection, records), []
        except _RECORD_ERRORS as error:
            if len(records) == 1:
                return {}, [self._refused(records[0][0], error)]
        middle = len(records) // 2
        first, first_refused = self._halving(connection, records[:middle])
        second, second_refused = self._halving(connection, records[middle:])
        return first | second, first_refused + second_refused

    def _written(
        self, write: WriteRows, connection: Connection, records: Sequence[tuple[Record, bytes]]
    ) -> dict[int, bool]:
        if not records:
            return {}
        return write(connection, records, self._lease.sync_id, self._clock())

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
        """The dead letters, the checkpoint and the hints that belong to the page."""
        stream, sync_id = self._spec.name, self._lease.sync_id
        dead_letters.add(connection, stream, page.collection, sync_id, rejected)
        revived = [str(key) for key in written if str(key) in self._dead]
        if revived:
            dead_letters.resolve(connection, stream, page.collection, revived)
        if page.checkpoint is not None:
            place = (self._tenant, stream, page.collection, sync_id)
            save_checkpoint(connection, *place, page.checkpoint)
        hints.remove(connection, page.done)

    def _count(self, connection: Connection, result: Written, deleted: int = 0) -> None:
        """Count in the page's own transaction, so that a kill loses no count either."""
        if result.created or result.updated or deleted:
            counts: dict[str, int | None] = {
                "created": self._created + result.created,
                "updated": self._updated + result.updated,
                "deleted": self._deleted + deleted,
            }
            connection.execute(COUNT, self._identity(counts))


def _again_after_deadlocks(transaction: Callable[[], T]) -> T:
    """An editor may lock the same rows in another order; PostgreSQL then rolls one side back."""
    for _ in range(1, _TRIES):
        try:
            return transaction()
        except RetryLater as error:
            if not isinstance(error.__cause__, postgres.DeadlockDetected):
                raise
    return transaction()
