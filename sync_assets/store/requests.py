"""Asking for syncs: durable, deduplicated, changed and taken back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from sync_assets.core.errors import Conflict, UnknownSync, UnknownTenant
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority, queue_of, route
from sync_assets.core.requests import BACKOFF, Asked, State
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database
from sync_assets.store.sync_log import note, note_all

# Two wishes for the same become one, in one statement: whichever comes second finds the first.
_ASK = """
    INSERT INTO sync.requests AS held (id, tenant_id, organization, source, streams, period,
      options, queue, priority, asked_by, state, attempts, due_at, not_before)
    SELECT gen_random_uuid(), id, organization, source, %(streams)s::text[], %(period)s,
      %(options)s::jsonb, %(queue)s, %(priority)s, %(asked_by)s, 'queued', %(attempts)s,
      greatest(%(due)s::timestamptz, now()),
      CASE WHEN %(due)s::timestamptz > now() THEN %(due)s::timestamptz END
    FROM (SELECT * FROM sync.tenants WHERE id = ANY(%(tenants)s) AND active
      ORDER BY id FOR SHARE) AS there  -- who is being removed is waited for
    ON CONFLICT (tenant_id, streams, period, not_before, hinted) WHERE state = 'queued'
    DO UPDATE SET
      options = held.options || excluded.options || jsonb_build_object(
        'batch_size', least((held.options->'batch_size')::int,
          (excluded.options->'batch_size')::int),
        'full', (held.options->'full')::boolean OR (excluded.options->'full')::boolean,
        'approve_deletions', (held.options->'approve_deletions')::boolean
          OR (excluded.options->'approve_deletions')::boolean),
      queue = CASE WHEN excluded.priority > held.priority THEN excluded.queue
        ELSE held.queue END,
      priority = greatest(held.priority, excluded.priority),
      attempts = greatest(held.attempts, excluded.attempts),
      due_at = CASE WHEN held.attempt > 0 THEN held.due_at  -- a retry keeps its distance
        ELSE least(held.due_at, excluded.due_at) END,
      asked_at = now()
    RETURNING id, tenant_id, streams, queue, due_at, xmax = 0 AS new
"""
# What earlier attempts of a request have read is older than the wish that joins it.
_DO_AGAIN = """
    UPDATE sync.streams SET status = 'pending' WHERE sync_id = ANY(%(ids)s) AND status = 'done'
"""
_BEGIN_ANEW = """
    UPDATE sync.checkpoints SET reread_from = NULL WHERE sync_id = ANY(%(ids)s)
"""
_TENANTS = """
    SELECT id, source, organization, active, (secret IS NOT NULL OR username IS NULL) AS usable
    FROM sync.tenants WHERE id = ANY(%(tenants)s)
"""
_GET = "SELECT * FROM sync.requests WHERE id = %(id)s"
_CANCEL = """
    UPDATE sync.requests SET
      state = CASE WHEN state = 'queued' OR alive_at IS NULL THEN 'cancelled' ELSE state END,
      ended_at = CASE WHEN state = 'queued' OR alive_at IS NULL THEN now() END,
      cancel_at = coalesce(cancel_at, now())
    WHERE id = %(id)s AND state IN ('queued', 'launched') RETURNING tenant_id, state
"""
_CANCEL_STREAMS = """
    UPDATE sync.streams SET status = 'stopped', error = 'The sync was cancelled.',
      finished_at = now()
    WHERE sync_id = %(id)s AND status IN ('pending', 'deferred')
"""
_RESCHEDULE = """
    UPDATE sync.requests SET due_at = coalesce(%(due)s, due_at),
      not_before = coalesce(%(due)s, not_before),
      priority = coalesce(%(priority)s, priority), queue = coalesce(%(queue)s, queue)
    WHERE id = %(id)s AND state = 'queued' RETURNING tenant_id
"""
_TWIN = """
    SELECT id FROM sync.requests WHERE state = 'queued' AND tenant_id = %(tenant)s
      AND streams = %(streams)s AND period IS NOT DISTINCT FROM %(period)s AND not_before IS NULL
      AND hinted = %(hinted)s
"""
_RETRY = """
    UPDATE sync.requests SET state = 'queued', attempt = 0, claim = NULL, run_id = NULL,
      not_before = NULL, superseded_by = NULL, due_at = now(), asked_at = now(),
      launched_at = NULL, begun_at = NULL, alive_at = NULL, cancel_at = NULL, ended_at = NULL,
      alerted_at = NULL, error = NULL, asked_by = %(asked_by)s
    WHERE id = %(id)s AND state IN ('failed', 'cancelled')
      AND EXISTS (SELECT FROM sync.tenants t WHERE t.id = tenant_id AND t.active)
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A stored request."""

    id: UUID
    tenant_id: str
    organization: str
    source: str
    streams: tuple[str, ...]
    options: SyncOptions
    queue: str
    priority: Priority
    asked_by: str
    state: State
    attempt: int
    attempts: int
    run_id: str | None
    created_at: datetime
    due_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    error: str | None


class Requests:
    """The requests for syncs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tenants(self, ids: Sequence[str], on: Connection | None = None) -> dict[str, Row]:
        """Source, organization, active and usable of the tenants that there are, by id."""
        with self._database.as_control_on(on) as connection:
            rows = connection.execute(_TENANTS, {"tenants": list(ids)}).fetchall()
        return {row.id: row for row in rows}

    def ask(  # noqa: PLR0913 - one for each thing that can be wished
        self,
        tenants: Sequence[str],
        streams: Sequence[str],
        options: SyncOptions,
        *,
        priority: Priority,
        asked_by: str,
        due: datetime | None = None,
        attempts: int = BACKOFF.attempts,
        strict: bool = True,
        on: Connection | None = None,
    ) -> list[Asked]:
        """Queue a sync of these streams for each tenant; all tenants of one source.

        A request that waits for the same is returned instead of a second one, and does both. With
        `on`, a transaction of the control role, they are queued when that ends.

        Raises:
            UnknownTenant: one was removed meanwhile; nothing was queued. Unless `strict` is
                False: then it is left out.
        """
        parameters = {
            "tenants": list(dict.fromkeys(tenants)),
            "streams": list(streams),
            "period": options.period,
            "options": orjson.dumps(asdict(options)).decode(),
            "queue": route(streams, priority).name,
            "priority": priority.value,
            "asked_by": asked_by,
            "due": due,
            "attempts": attempts,
        }
        with self._database.as_control_on(on) as connection:
            rows = connection.execute(_ASK, parameters).fetchall()
            missing = set(tenants) - {row.tenant_id for row in rows}
            if missing and strict:
                raise UnknownTenant(f"Tenants were removed meanwhile: {', '.join(missing)}.")
            new = {row.id: row.tenant_id for row in rows if row.new}
            joined = [row.id for row in rows if not row.new]
            if joined:
                _do_again(connection, joined, full=options.full)
            note_all(connection, new, f"Asked by {asked_by}.")
        return [_asked(row) for row in rows]

    def get(self, sync_id: UUID) -> Request:
        """A request; raises `UnknownSync`."""
        with self._database.as_control() as connection:
            row = connection.execute(_GET, {"id": sync_id}).fetchone()
        if row is None:
            raise UnknownSync(
                f"There is no sync {sync_id}. 'sync-assets history' shows the newest ones."
            )
        return request_of(row)

    def cancel(self, sync_id: UUID, by: str) -> State:
        """Take a request back; a sync at work ends within seconds and keeps what it wrote.

        Returns:
            CANCELLED, or LAUNCHED while the sync is still ending.

        Raises:
            UnknownSync: there is none.
            Conflict: it has ended.
        """
        with self._database.as_control() as connection:
            row = connection.execute(_CANCEL, {"id": sync_id}).fetchone()
            if row is not None:
                if row.state == State.CANCELLED.value:
                    connection.execute(_CANCEL_STREAMS, {"id": sync_id})
                note(connection, row.tenant_id, sync_id, f"Cancelled (by {by}).")
                return State(row.state)
        ended = self.get(sync_id)
        raise Conflict(f"Sync {sync_id} has ended already: {ended.state.value}.")

    def reschedule(
        self, sync_id: UUID, *, due: datetime | None = None, priority: Priority | None = None
    ) -> Request:
        """Give a waiting request another time or priority.

        Raises:
            UnknownSync: there is none.
            Conflict: it waits no longer, or another one waits for that moment.
        """
        request = self.get(sync_id)
        queue = None if priority is None else route(request.streams, priority).name
        value = None if priority is None else priority.value
        parameters = {"id": sync_id, "due": due, "priority": value, "queue": queue}
        try:
            with self._database.as_control() as connection:
                row = connection.execute(_RESCHEDULE, parameters).fetchone()
                if row is not None:
                    note(connection, row.tenant_id, sync_id, _rescheduled(due, priority))
        except psycopg.IntegrityError as error:
            raise Conflict(
                f"Another sync of {request.tenant_id} waits for that very moment already. See "
                f"'sync-assets history --tenant {request.tenant_id}'."
            ) from error
        if row is None:
            raise Conflict(f"Sync {sync_id} waits no longer. See 'sync-assets status {sync_id}'.")
        return self.get(sync_id)

    def retry(self, sync_id: UUID, by: str) -> UUID:
        """Queue a failed or cancelled request once more, with all its attempts.

        Returns:
            Its id, or that of a newer request which waits for the same and does both.

        Raises:
            UnknownSync: there is none.
            Conflict: it has not failed.
            UnknownTenant: its tenant was removed.
        """
        request = self.get(sync_id)
        if request.state not in {State.FAILED, State.CANCELLED}:
            raise Conflict(
                f"Sync {sync_id} is {request.state.value}; only a failed or cancelled one can be "
                "retried."
            )
        try:
            with self._database.as_control() as connection:
                queued = connection.execute(_RETRY, {"id": sync_id, "asked_by": by}).rowcount
                if queued:
                    note(connection, request.tenant_id, sync_id, f"Asked for once more (by {by}).")
        except psycopg.IntegrityError:  # a newer one waits for the same
            queued = 0
        return sync_id if queued else self._ask_like(request, by)

    def _ask_like(self, request: Request, by: str) -> UUID:
        """Let the request that waits for the same do this one, too."""
        [asked] = self.ask(
            [request.tenant_id],
            request.streams,
            request.options,
            priority=request.priority,
            asked_by=by,
            attempts=request.attempts,
        )
        return asked.sync_id


def _do_again(connection: Connection, ids: Sequence[UUID], *, full: bool) -> None:
    """Let the next attempt do all that was wished for, also what earlier ones have done."""
    connection.execute(_DO_AGAIN, {"ids": ids})
    if full:
        connection.execute(_BEGIN_ANEW, {"ids": ids})


def _rescheduled(due: datetime | None, priority: Priority | None) -> str:
    parts = [f"for {due:%Y-%m-%d %H:%M %Z}"] if due else []
    parts += [f"with priority {priority.name.lower()}"] if priority is not None else []
    return f"Rescheduled {' '.join(parts)}."


def twin_of(
    connection: Connection,
    tenant: str,
    streams: Sequence[str],
    period: str | None,
    *,
    hinted: bool,
) -> UUID | None:
    """The request that waits for these streams of a tenant, if there is one."""
    parameters = {
        "tenant": tenant,
        "streams": list(streams),
        "period": period,
        "hinted": hinted,
    }
    return connection.execute(_TWIN, parameters).scalar()


def request_of(row: Row) -> Request:
    """A request from all columns of its row."""
    return Request(
        row.id,
        row.tenant_id,
        row.organization,
        row.source,
        tuple(row.streams),
        _options(row.options),
        row.queue,
        Priority(row.priority),
        row.asked_by,
        State(row.state),
        row.attempt,
        row.attempts,
        row.run_id,
        row.created_at,
        row.due_at,
        row.begun_at,
        row.ended_at,
        row.error,
    )


def _options(stored: dict[str, Any]) -> SyncOptions:
    """The options that this release knows; one that was rolled back may find others."""
    known = {field.name for field in fields(SyncOptions)}
    return SyncOptions(**{name: value for name, value in stored.items() if name in known})


def _asked(row: Row) -> Asked:
    return Asked(
        row.id, row.tenant_id, tuple(row.streams), queue_of(row.queue), row.due_at, new=row.new
    )
