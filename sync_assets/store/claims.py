"""Which requests start next, and those that were started: what the sensor works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sync_assets.core.fairness import MOST_TENANTS, Waiting, in_turn, launches
from sync_assets.core.queues import QUEUES, Priority
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database
from sync_assets.store.requests import Request, request_of
from sync_assets.store.sync_log import note_all

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('sync.requests', 0))"
_KIND = "concat_ws(' ', source, streams, options)"
# The share of an organization is bounded before anything is sorted: one that floods costs no more.
_WAITING = f"""
    SELECT id, tenant_id, organization, queue, priority, alone, due_at, {_KIND} AS kind
    FROM (
      SELECT r.*, row_number() OVER (PARTITION BY organization, priority ORDER BY due_at) AS place
      FROM sync.requests r
      WHERE state = 'queued' AND due_at <= now() AND queue <> ALL(%(full)s)
        AND NOT EXISTS (SELECT FROM sync.requests busy
          WHERE busy.tenant_id = r.tenant_id AND busy.state = 'launched')
    ) waiting WHERE place <= %(most)s
"""  # noqa: S608 - nothing of it comes from outside
# A turn counts also where its attempt failed: those who fail must not come first every time.
_SERVED = """
    SELECT organization, max(launched_at) AS at FROM sync.requests
    WHERE launched_at > now() - interval '1 hour' GROUP BY organization
"""
_BUSY = """
    SELECT queue, count(DISTINCT coalesce(claim, id)) AS runs FROM sync.requests
    WHERE state = 'launched' GROUP BY queue
"""
# Without those that were cancelled, or given other options, this very moment.
_TAKE = f"""
    UPDATE sync.requests SET state = 'launched', claim = %(claim)s, run_id = NULL, alive_at = NULL,
      launched_at = now(), attempt = attempt + 1, error = NULL
    WHERE id IN (SELECT id FROM sync.requests
      WHERE id = ANY(%(ids)s) AND state = 'queued' AND {_KIND} = %(kind)s
      ORDER BY tenant_id FOR UPDATE SKIP LOCKED)  -- in the order of those who ask
    RETURNING *
"""  # noqa: S608 - names of our own
_NEVER_BEGUN = "NOT EXISTS (SELECT FROM sync.streams s WHERE s.sync_id = r.id)"
# What was hinted at may have been read already, by a sync that had begun when the hint came. The
# requests are this transaction's by now: whoever hints later asks for another one.
_NOTHING_LEFT = f"""
    UPDATE sync.requests r SET state = 'completed', ended_at = now()
    WHERE id = ANY(%(ids)s) AND claim = %(claim)s AND hinted AND {_NEVER_BEGUN} AND NOT EXISTS (
      SELECT FROM sync.hints h WHERE h.tenant_id = r.tenant_id AND h.stream = ANY(r.streams))
    RETURNING id, tenant_id
"""  # noqa: S608 - names of our own
_HINTED_ONLY = f"""
    UPDATE sync.requests r SET streams = ARRAY(
      SELECT part FROM unnest(r.streams) WITH ORDINALITY AS one (part, place)
      WHERE part = %(embeddings)s OR EXISTS (
        SELECT FROM sync.hints h WHERE h.tenant_id = r.tenant_id AND h.stream = part)
      ORDER BY place)
    WHERE id = ANY(%(ids)s) AND claim = %(claim)s AND state = 'launched' AND hinted
      AND {_NEVER_BEGUN}
"""  # noqa: S608 - names of our own
_STREAMS_DONE = """
    SELECT sync_id, array_agg(stream) AS done FROM sync.streams
    WHERE sync_id = ANY(%(ids)s) AND status = 'done' GROUP BY sync_id
"""
_LAUNCHED = """
    SELECT r.id, r.tenant_id, r.claim, r.run_id, r.launched_at,
      r.cancel_at IS NOT NULL AS cancelled,
      now() - r.launched_at AS age,
      now() - r.alive_at AS silent,
      now() - greatest(r.launched_at,
        (SELECT max(progressed_at) FROM sync.streams s WHERE s.sync_id = r.id)) AS idle
    FROM sync.requests r WHERE state = 'launched' ORDER BY launched_at
"""
UPTIME = "SELECT now() - pg_postmaster_start_time()"
"""Nobody can give a sign of life, or get on, while the server is down."""

_DUE = """
    SELECT EXISTS (SELECT FROM sync.requests WHERE state = 'queued' AND due_at <= now())
"""
_OF_CLAIM = "SELECT * FROM sync.requests WHERE claim = %(claim)s AND state = 'launched'"
_IDS = "SELECT id, tenant_id FROM sync.requests WHERE claim = %(claim)s"


@dataclass(frozen=True, slots=True)
class Launch:
    """Requests that start together, in one run.

    Attributes:
        claim: proof that a run was made for them; a later claim takes its power away.
        requests: one for each tenant, of equal source, streams and options.
        streams: those that are still to be synced.
    """

    claim: UUID
    requests: Sequence[Request]
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Launched:
    """A request that was started and has not ended.

    Attributes:
        run_id: known once the run has begun it.
        age: the time since it was started.
        silent: the time since its process gave the last sign of life; None before the first.
        idle: the time since its sync got on; what has a sign of life may still be stuck.
    """

    id: UUID
    tenant_id: str
    claim: UUID | None
    run_id: str | None
    launched_at: datetime
    cancelled: bool
    age: timedelta
    silent: timedelta | None
    idle: timedelta


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request that a run was made for, and the streams that it has not synced yet."""

    id: UUID
    streams: tuple[str, ...]


class Claims:
    """Takes requests out of the queue; one sensor tick at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> bool:
        """Does anything wait whose time has come? Cheap, for those who ask often."""
        with self._database.as_control() as connection:
            return connection.execute(_DUE).scalar_one()

    def take(self, slots: int, now: datetime) -> list[Launch]:
        """Claim what starts now.

        Args:
            slots: free places for runs.
            now: for the ageing of what waits.
        """
        with self._database.as_control() as connection:
            connection.execute(_ONE_AT_A_TIME)
            busy = {row.queue: row.runs for row in connection.execute(_BUSY)}
            full = [name for name, queue in QUEUES.items() if busy.get(name, 0) >= queue.runs]
            wanted = {"most": max(1, slots) * MOST_TENANTS, "full": full}
            waiting = map(_waiting, connection.execute(_WAITING, wanted))
            served = {row.organization: row.at for row in connection.execute(_SERVED)}
            groups = launches(in_turn(waiting, served, now), slots, busy)
            started = [_launch(connection, group) for group in groups]
            return [launch for launch in started if launch.requests]

    def launched(self) -> list[Launched]:
        """All that was started and has not ended, oldest first."""
        with self._database.as_control() as connection:
            rows = connection.execute(_LAUNCHED).fetchall()
            uptime: timedelta = connection.execute(UPTIME).scalar_one()
        return [
            Launched(
                row.id,
                row.tenant_id,
                row.claim,
                row.run_id,
                row.launched_at,
                row.cancelled,
                row.age,
                min(row.silent, uptime) if row.run_id else None,
                min(row.idle, uptime),
            )
            for row in rows
        ]

    def ids(self, claim: UUID) -> dict[str, UUID]:
        """The requests that a claim was last made for, whatever became of them, by tenant."""
        with self._database.as_control() as connection:
            rows = connection.execute(_IDS, {"claim": claim}).fetchall()
        return {row.tenant_id: row.id for row in rows}

    def of(self, claim: UUID) -> dict[str, Claimed]:
        """What a run was made for and may still do, by tenant."""
        with self._database.as_control() as connection:
            rows = connection.execute(_OF_CLAIM, {"claim": claim}).fetchall()
            requests = [request_of(row) for row in rows]
            done = _done(connection, [request.id for request in requests])
        return {
            request.tenant_id: Claimed(request.id, _left([request], done)) for request in requests
        }


def _launch(connection: Connection, group: Sequence[Waiting]) -> Launch:
    claim, ids = uuid4(), [waiting.id for waiting in group]
    taken = {"claim": claim, "ids": ids, "kind": group[0].kind}
    rows = connection.execute(_TAKE, taken).fetchall()
    if any(row.hinted for row in rows):
        rows = _what_was_hinted(connection, claim, ids)
    requests = [request_of(row) for row in rows]
    return Launch(claim, requests, _left(requests, _done(connection, ids)))


def _what_was_hinted(connection: Connection, claim: UUID, ids: Sequence[UUID]) -> Sequence[Row]:
    """Leave out streams, and whole requests, of which nothing is hinted at any more."""
    parameters = {"claim": claim, "ids": ids, "embeddings": EMBEDDINGS}
    left = {row.id: row.tenant_id for row in connection.execute(_NOTHING_LEFT, parameters)}
    note_all(connection, left, "Nothing is left to do: an earlier sync has read what was hinted.")
    connection.execute(_HINTED_ONLY, parameters)
    return connection.execute(_OF_CLAIM, parameters).fetchall()


def _left(requests: Sequence[Request], done: Mapping[UUID, set[str]]) -> tuple[str, ...]:
    """The streams that one of them at least still has to sync; all where none is left."""
    streams = tuple(dict.fromkeys(stream for request in requests for stream in request.streams))
    left = tuple(
        stream
        for stream in streams
        if any(
            stream in request.streams and stream not in done.get(request.id, set())
            for request in requests
        )
    )
    return left or streams


def _done(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    rows = connection.execute(_STREAMS_DONE, {"ids": list(ids)})
    return {row.sync_id: set(row.done) for row in rows}


def _waiting(row: Row) -> Waiting:
    return Waiting(
        row.id,
        row.tenant_id,
        row.organization,
        row.queue,
        Priority(row.priority),
        row.kind,
        row.due_at,
        alone=row.alone,
    )
