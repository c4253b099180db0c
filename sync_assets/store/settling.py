"""Settles what becomes of a request once an attempt of it has ended."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

import orjson
import psycopg

from sync_assets.core.requests import BACKOFF, State, StreamEnd, Verdict, lost, verdict
from sync_assets.core.retry import Backoff
from sync_assets.core.run import StreamStatus
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database
from sync_assets.store.requests import twin_of
from sync_assets.store.sync_log import note

_log = logging.getLogger(__name__)

# A run that was given up says nothing any more of a request that is another's by now.
_LOCK = """
    SELECT * FROM sync.requests WHERE id = %(id)s AND state = 'launched'
      AND (%(run)s::text IS NULL OR run_id = %(run)s) FOR UPDATE
"""
# Others of its run were begun, so it was not that run's start which failed.
_OTHERS_BEGUN = """
    SELECT EXISTS (SELECT FROM sync.requests WHERE claim = %(claim)s AND alive_at IS NOT NULL)
"""
_STOPPED = """
    SELECT coalesce(bool_or(status = 'stopped') AND NOT bool_or(status = 'running'), false)
    FROM sync.streams WHERE sync_id = %(id)s
"""
_KEEP_CHECKPOINTS = """
    UPDATE sync.checkpoints SET sync_id = %(twin)s WHERE sync_id = %(id)s AND EXISTS (
      SELECT FROM sync.requests WHERE id = %(twin)s AND NOT (options->'full')::boolean)
"""
_ENDS = """
    SELECT stream, status, error, error_kind FROM sync.streams WHERE sync_id = %(id)s
    ORDER BY array_position((SELECT streams FROM sync.syncs WHERE id = %(id)s), stream)
"""
_WROTE = """
    SELECT EXISTS (SELECT FROM sync.checkpoints WHERE tenant_id = %(tenant)s
      AND updated_at > %(since)s)
      OR EXISTS (SELECT FROM sync.streams WHERE sync_id = %(id)s AND status = 'deferred'
        AND coalesce((counts->>'created')::bigint, 0) + coalesce((counts->>'updated')::bigint, 0)
          + coalesce((counts->>'deleted')::bigint, 0)
          + coalesce((counts->>'chunks_embedded')::bigint, 0) > 0)
"""
_AGAIN = """
    UPDATE sync.requests SET state = 'queued', claim = NULL, run_id = NULL, alive_at = NULL,
      not_before = NULL, error = %(error)s, alone = alone OR %(alone)s,
      attempt = attempt - CASE WHEN %(counts)s THEN 0 ELSE 1 END,
      due_at = coalesce(now() + make_interval(secs => %(delay)s), due_at)
    WHERE id = %(id)s
"""
_END = """
    UPDATE sync.requests SET state = %(state)s, error = %(error)s, ended_at = now(),
      superseded_by = %(twin)s::uuid,
      alerted_at = CASE WHEN %(twin)s::uuid IS NOT NULL OR hinted THEN now() END
    WHERE id = %(id)s
"""
_END_STREAMS = """
    UPDATE sync.streams SET status = %(status)s, error = coalesce(error, %(error)s),
      finished_at = coalesce(finished_at, now())
    WHERE sync_id = %(id)s AND status IN ('pending', 'running', 'deferred')
"""
_HAND_ON = """
    UPDATE sync.requests AS twin SET attempt = greatest(twin.attempt, %(attempt)s),
      error = %(error)s,
      due_at = greatest(twin.due_at, now() + make_interval(secs => %(delay)s)),
      alone = twin.alone OR %(alone)s,
      options = twin.options || jsonb_build_object(
        'full', (twin.options->'full')::boolean OR (old.options->'full')::boolean,
        'approve_deletions', (twin.options->'approve_deletions')::boolean
          OR (old.options->'approve_deletions')::boolean),
      queue = CASE WHEN old.priority > twin.priority THEN old.queue ELSE twin.queue END,
      priority = greatest(twin.priority, old.priority),
      attempts = greatest(twin.attempts, old.attempts)
    FROM sync.requests AS old WHERE old.id = %(id)s AND twin.id = %(twin)s AND twin.state = 'queued'
"""
_BURY = """
    INSERT INTO sync.dead_letters AS letter
      (tenant_id, stream, collection, record, payload, cause, sync_id)
    VALUES (%(tenant)s, %(stream)s, 'request', %(record)s, %(payload)s, %(cause)s, %(id)s)
    ON CONFLICT (tenant_id, stream, collection, record) DO UPDATE SET cause = excluded.cause,
      occurrences = letter.occurrences + 1, last_seen_at = now(), resolved_at = NULL
"""
_RESOLVE = """
    UPDATE sync.dead_letters SET resolved_at = now()
    WHERE tenant_id = %(tenant)s AND collection = 'request' AND stream = ANY(%(streams)s)
      AND resolved_at IS NULL
"""


class Settling:
    """Ends the attempts of requests."""

    def __init__(self, database: Database, backoff: Backoff = BACKOFF) -> None:
        """`backoff`: between the attempts of a request, which has its own number of them."""
        self._database = database
        self._backoff = backoff

    def settle(self, sync_id: UUID, run_id: str | None = None) -> State | None:
        """End an attempt whose streams have ended.

        Args:
            sync_id: the request.
            run_id: only while it is that run's; the sensor may settle anybody's.

        Returns:
            What became of the request; None where the attempt goes on, was never begun, or was
            settled before.
        """
        with self._database.as_control() as connection:
            row = connection.execute(_LOCK, {"id": sync_id, "run": run_id}).fetchone()
            if row is None:
                return None
            ends = _ends(connection, row)
            if row.cancel_at is not None:
                if any(end.status is StreamStatus.RUNNING for end in ends):
                    return None
                return _apply(connection, row, ends, Verdict(State.CANCELLED))
            found = self._verdict(connection, row, ends)
            return None if found is None else _apply(connection, row, ends, found)

    def give_up(
        self,
        sync_id: UUID,
        error: str,
        run_id: str | None = None,
        claim: UUID | None = None,
        *,
        cancelled: bool = False,
    ) -> None:
        """End a request that no further attempt can help, or that a person has stopped.

        Args:
            sync_id: the request.
            error: why.
            run_id: only while it is that run's.
            claim: only while it is that claim's.
            cancelled: by a person.
        """
        ended = Verdict(State.CANCELLED if cancelled else State.FAILED, error)

        def end(_: Connection, row: Row) -> Verdict | None:
            return None if claim and row.claim != claim else ended

        self._decide(sync_id, end, run_id=run_id)

    def lose(self, sync_id: UUID, cause: str) -> None:
        """End an attempt that ended without a word: by a kill, a crash, or the watchdog.

        Where all its streams had ended before, they say what becomes of it. What took a whole
        sweep along is alone the next time, and those that it had not begun have lost nothing;
        neither has a sync that had time to say that it stops, as before a deployment.
        """

        def again(connection: Connection, row: Row) -> Verdict:
            if connection.execute(_STOPPED, {"id": row.id}).scalar():
                return Verdict(State.QUEUED, delay=0.0, counts=False)
            claim = {"claim": row.claim}
            if row.alive_at is None and connection.execute(_OTHERS_BEGUN, claim).scalar():
                return Verdict(State.QUEUED, counts=False)
            found = lost(row.attempt, row.attempts, cause, backoff=self._backoff)
            return replace(found, alone=True)

        self._decide(sync_id, again, settle=True)

    def postpone(self, sync_id: UUID, claim: UUID | None = None) -> None:
        """Queue a request again, at its old place, that no run has begun; that is no attempt.

        Args:
            sync_id: the request.
            claim: only while it is that claim's; a sweep that is behind its time must not take it
                from a later one.
        """
        postponed = Verdict(State.QUEUED, counts=False)
        self._decide(sync_id, lambda _, row: None if claim and row.claim != claim else postponed)

    def _decide(
        self,
        sync_id: UUID,
        decide: Callable[[Connection, Row], Verdict | None],
        *,
        run_id: str | None = None,
        settle: bool = False,
    ) -> None:
        with self._database.as_control() as connection:
            row = connection.execute(_LOCK, {"id": sync_id, "run": run_id}).fetchone()
            if row is None:
                return
            ends = _ends(connection, row)
            cancelled = Verdict(State.CANCELLED) if row.cancel_at is not None else None
            settled = self._verdict(connection, row, ends) if settle else None
            found = cancelled or settled or decide(connection, row)
            if found is not None:
                _apply(connection, row, ends, found)

    def _verdict(
        self, connection: Connection, row: Row, ends: Sequence[StreamEnd]
    ) -> Verdict | None:
        """What the streams say; None where they have not ended in this very attempt."""
        if row.alive_at is None:  # no run has begun it: they are as an earlier attempt left them
            return None
        since = {"id": row.id, "tenant": row.tenant_id, "since": row.launched_at}
        # In a sweep its turn was short: that is not the sync's failure.
        wrote = not row.alone or bool(connection.execute(_WROTE, since).scalar())
        return verdict(ends, row.attempt, row.attempts, wrote=wrote, backoff=self._backoff)


def _ends(connection: Connection, row: Row) -> list[StreamEnd]:
    """How the streams of a request stand; also those that are not on record yet."""
    known = [_end(stream) for stream in connection.execute(_ENDS, {"id": row.id})]
    missing = set(row.streams) - {end.stream for end in known}
    return known + [StreamEnd(name, StreamStatus.PENDING) for name in sorted(missing)]


def _apply(connection: Connection, row: Row, ends: Sequence[StreamEnd], found: Verdict) -> State:
    """Store what becomes of a request; gives its state."""
    if found.state is State.QUEUED:
        return _queue_again(connection, row, ends, found)
    if row.hinted:  # nothing is lost with it: the next ordinary sync finds what is to be found
        return _finish(connection, row, found)
    if found.state is State.FAILED:
        _bury(connection, row, ends, found.error or "")
    if found.state is State.COMPLETED:
        resolved = {"tenant": row.tenant_id, "streams": list(row.streams)}
        connection.execute(_RESOLVE, resolved)
    return _finish(connection, row, found)


def _finish(connection: Connection, row: Row, found: Verdict, twin: UUID | None = None) -> State:
    """End a request; nobody is alerted where another one, the twin, goes on with it."""
    parameters = {"id": row.id, "state": found.state.value, "error": found.error, "twin": twin}
    connection.execute(_END, parameters)
    if found.state is not State.COMPLETED:
        status = "stopped" if found.state is State.CANCELLED else "failed"
        error = found.error or "The sync was cancelled."
        connection.execute(_END_STREAMS, {"id": row.id, "status": status, "error": error})
    note(connection, row.tenant_id, row.id, f"The sync is {found.state.value}.")
    return found.state


def _queue_again(
    connection: Connection, row: Row, ends: Sequence[StreamEnd], found: Verdict
) -> State:
    """Queue another attempt; where a newer request waits for the same, that one is it."""
    parameters = {
        "id": row.id,
        "error": found.error,
        "delay": found.delay,
        "counts": found.counts,
        "alone": found.alone,
    }
    try:
        with connection.transaction():
            connection.execute(_AGAIN, parameters)
    except psycopg.IntegrityError:
        return _hand_on(connection, row, ends, found)
    if found.error is not None:
        message = f"Attempt {row.attempt} of {row.attempts} failed: {found.error}"
        note(connection, row.tenant_id, row.id, message, level=logging.WARNING)
    return State.QUEUED


def _hand_on(connection: Connection, row: Row, ends: Sequence[StreamEnd], found: Verdict) -> State:
    """Let the newer request inherit what this one has behind it, and end this one."""
    twin = twin_of(connection, row.tenant_id, row.streams, row.period, hinted=row.hinted)
    if twin is None:  # it was taken out of the queue this very moment
        return _queue_again(connection, row, ends, found)
    attempt = row.attempt if found.counts else row.attempt - 1
    inherited = {"id": row.id, "twin": twin, "attempt": attempt, "alone": found.alone}
    connection.execute(_KEEP_CHECKPOINTS, {"id": row.id, "twin": twin})
    held = connection.execute(_HAND_ON, {**inherited, "delay": found.delay, "error": found.error})
    if held.rowcount == 0:  # likewise
        return _queue_again(connection, row, ends, found)
    why = f"{found.error} " if found.error else ""
    state = State.FAILED if found.error and found.counts else State.CANCELLED
    last = Verdict(state, f"{why}Sync {twin}, asked for since, goes on with it.")
    note(connection, row.tenant_id, row.id, f"Sync {twin}, asked for since, goes on with it.")
    return _finish(connection, row, last, twin)


def _bury(connection: Connection, row: Row, ends: Sequence[StreamEnd], error: str) -> None:
    """Keep a request that no attempt could do among the dead letters, and say so loudly."""
    stream = next((end.stream for end in ends if end.status is not StreamStatus.DONE), None)
    payload = {"streams": row.streams, "options": row.options, "asked_by": row.asked_by}
    connection.execute(
        _BURY,
        {
            "id": row.id,
            "tenant": row.tenant_id,
            "stream": stream or row.streams[0],
            "record": str(row.id),
            "payload": orjson.dumps(payload).decode(),
            "cause": error,
        },
    )
    note(connection, row.tenant_id, row.id, error, level=logging.ERROR)
    details = {"sync_id": str(row.id), "tenant": row.tenant_id, "attempt": row.attempt}
    _log.error("Sync %s of %s failed: %s", row.id, row.tenant_id, error, extra=details)


def _end(row: Row) -> StreamEnd:
    return StreamEnd(row.stream, StreamStatus(row.status), row.error, row.error_kind)
