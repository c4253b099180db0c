"""The attempts of a request: begun by a run, and kept alive by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from sync_assets.core.errors import Superseded, SyncHeld
from sync_assets.core.ports import SyncRequest
from sync_assets.core.queues import Priority, queue_of, route
from sync_assets.core.requests import BACKOFF
from sync_assets.store.database import Database

ALIVE = 60
"""Seconds after its last sign of life for which a process is taken to live."""

# What a run may take up: the request that it was made for, one that ended and is executed once
# more, one that nobody works on any more; and again whatever it has taken up before.
_TAKE_UP = """
    INSERT INTO sync.requests AS held (id, tenant_id, organization, source, streams, period,
      options, queue, priority, asked_by, state, attempt, attempts, claim, run_id, launched_at,
      begun_at, alive_at)
    SELECT %(id)s, id, organization, source, %(streams)s::text[], %(period)s,
      %(options)s::jsonb, %(queue)s, %(priority)s, %(asked_by)s, 'launched', 1, %(attempts)s, NULL,
        %(run)s,
      now(), now(), now()
    FROM sync.tenants WHERE id = %(tenant)s
    ON CONFLICT (id) DO UPDATE SET state = 'launched', run_id = excluded.run_id,
      claim = %(claim)s::uuid, launched_at = CASE WHEN held.state = 'launched'
        AND held.run_id = excluded.run_id THEN held.launched_at ELSE now() END,
      attempt = CASE WHEN held.state = 'launched' THEN held.attempt ELSE held.attempt + 1 END,
      attempts = CASE WHEN held.state = 'launched' THEN held.attempts
        ELSE greatest(held.attempts, held.attempt + 1) END,
      waited = coalesce(held.waited, now() - held.due_at),
      begun_at = coalesce(held.begun_at, now()), alive_at = now(), cancel_at = CASE
        WHEN held.state = 'launched' THEN held.cancel_at END,
      ended_at = NULL, alerted_at = NULL, error = NULL
    WHERE held.state = 'launched' AND held.run_id = excluded.run_id
      OR held.state = 'launched' AND held.run_id IS NULL AND held.claim = %(claim)s::uuid
      OR %(claim)s::uuid IS NULL AND held.run_id IS DISTINCT FROM excluded.run_id
        AND (held.state <> 'launched'
          OR coalesce(held.alive_at, held.launched_at) < now() - make_interval(secs => %(alive)s))
    RETURNING queue, extract(epoch FROM now() - launched_at)::float AS elapsed,
      (SELECT run_id FROM sync.requests before WHERE before.id = held.id) AS before
"""
# One sync a tenant: two runs may begin at the same moment.
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('attempt ' || %(tenant)s, 0))"
# A process is alive that beats, or that still has the connection of a lease.
_OTHER = """
    SELECT id FROM sync.requests r
    WHERE tenant_id = %(tenant)s AND id <> %(id)s AND state = 'launched' AND run_id IS NOT NULL
      AND (alive_at > now() - make_interval(secs => %(beats)s) OR EXISTS (
        SELECT FROM sync.leases l WHERE l.sync_id = r.id AND l.expires_at > now()
          AND sync.backend_started(l.backend_pid) IS NOT DISTINCT FROM l.backend_started))
    ORDER BY begun_at LIMIT 1
"""
# Also those that an earlier attempt has done: this run was asked to do them once more.
_RESET = """
    UPDATE sync.streams SET status = 'pending', error = NULL, error_kind = NULL
    WHERE sync_id = %(id)s AND stream = ANY(%(streams)s)
"""
_BEAT = """
    UPDATE sync.requests SET alive_at = now()
    WHERE id = ANY(%(ids)s) AND state = 'launched' AND run_id = %(run)s
"""
_UNWANTED = """
    SELECT id FROM unnest(%(ids)s::uuid[]) AS mine (id) WHERE NOT EXISTS (
      SELECT FROM sync.requests r WHERE r.id = mine.id
        AND state = 'launched' AND cancel_at IS NULL AND run_id = %(run)s)
"""
_OTHERS_WAIT = """
    SELECT EXISTS (SELECT FROM sync.requests r WHERE state = 'queued'
      AND due_at < now() - make_interval(secs => %(patience)s)
      AND NOT EXISTS (SELECT FROM sync.requests busy
        WHERE busy.tenant_id = r.tenant_id AND busy.state = 'launched'))
"""
BEATS = 15
"""Seconds within which a process that lives has beaten; one that was killed is in nobody's way."""

PATIENCE = 15
"""Seconds that a request waits before a sync behind its soft limit makes room for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that an attempt has left; see `core.stop`."""

    soft: float
    hard: float


class Attempts:
    """Begins the attempts of requests and watches over them."""

    def __init__(
        self, database: Database, soft: float | None = None, hard: float | None = None
    ) -> None:
        """`soft`, `hard`: seconds, instead of those of the queues."""
        self._database = database
        self._soft = soft
        self._hard = hard

    def take_up(
        self,
        request: SyncRequest,
        claim: UUID | None,
        asked_by: str,
        attempts: int = BACKOFF.attempts,
    ) -> Limits:
        """Begin an attempt; a run that was made for no request is given one of its own.

        Harmless when this run has taken it up before.

        Args:
            request: the sync, with the run that does it.
            claim: what the run was made for, None for a run that a person started.
            asked_by: who is written down for a run that was made for no request.
            attempts: how many such a request has.

        Returns:
            How long it may take from now on.

        Raises:
            Superseded: the request is another run's by now, or was cancelled.
            SyncHeld: another sync of the tenant is at work; this one is taken up, and has to be
                put off.
        """
        parameters = {
            "id": request.id,
            "tenant": request.tenant.id,
            "streams": list(request.streams),
            "period": request.options.period,
            "options": orjson.dumps(request.options).decode(),
            "queue": route(request.streams, Priority.NORMAL).name,
            "priority": Priority.NORMAL.value,
            "asked_by": asked_by,
            "attempts": attempts,
            "run": request.run_id,
            "claim": claim,
            "alive": ALIVE,
            "beats": BEATS,
        }
        with self._database.as_control() as connection:
            connection.execute(_ONE_BY_ONE, parameters)
            row = connection.execute(_TAKE_UP, parameters).fetchone()
            if row is None:
                raise Superseded(
                    f"Sync {request.id} of {request.tenant.id} is not this run's any more: it was "
                    "cancelled, or another run does it. See 'sync-assets status "
                    f"{request.id}'."
                )
            other = None
            if row.before != request.run_id:
                connection.execute(_RESET, parameters)
                other = connection.execute(_OTHER, parameters).scalar()
        if other is not None:
            raise SyncHeld(
                f"{request.tenant.id} is held by sync {other}. See 'sync-assets report {other}', "
                "or wait for it."
            )
        soft, hard = self._soft or queue_of(row.queue).soft, self._hard or queue_of(row.queue).hard
        return Limits(max(0.0, soft - row.elapsed), max(0.0, hard - row.elapsed))

    def beat(self, ids: Sequence[UUID], run_id: str | None) -> None:
        """Give a sign of life for the syncs of this process."""
        with self._database.as_control() as connection:
            connection.execute(_BEAT, {"ids": list(ids), "run": run_id})

    def unwanted(self, ids: Sequence[UUID], run_id: str | None) -> set[UUID]:
        """Those of the syncs at work that shall end: cancelled, or not this run's any more."""
        with self._database.as_control() as connection:
            rows = connection.execute(_UNWANTED, {"ids": list(ids), "run": run_id})
            return set(rows.scalars())

    def others_wait(self) -> bool:
        """Has a request waited for some time that could start, were there a place?"""
        with self._database.as_control() as connection:
            return connection.execute(_OTHERS_WAIT, {"patience": PATIENCE}).scalar_one()
