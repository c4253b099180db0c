"""The record of syncs: what was asked for, how each stream stands, what was logged."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.errors import UnknownSync, UnknownTenant
from sync_assets.core.ports import StreamReader, SyncRequest
from sync_assets.core.report import Report
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.store import dead_letters
from sync_assets.store.database import Database
from sync_assets.store.held_part import HeldPart
from sync_assets.store.held_stream import HeldStream, StoredStream
from sync_assets.store.leases import Lease, hold
from sync_assets.store.pool import Kept
from sync_assets.store.reports import report_of, reports_of
from sync_assets.store.sync_log import PAGE, lines, lines_of

_BEGIN = """
    INSERT INTO sync.syncs (id, tenant_id, source, streams, options, run_id)
    SELECT %(id)s, id, %(source)s, %(streams)s, %(options)s::jsonb, %(run)s
    FROM sync.tenants WHERE id = %(tenant)s
    ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id
"""
_PENDING = """
    INSERT INTO sync.streams (sync_id, tenant_id, stream, hinted)
    SELECT %(id)s, %(tenant)s, stream, %(hinted)s AND stream <> %(embeddings)s
      -- those are complete each time
    FROM unnest(%(streams)s::text[]) AS wanted (stream) ON CONFLICT DO NOTHING
"""
_SKIP = """
    UPDATE sync.streams SET status = 'skipped', error = %(reason)s, error_kind = %(kind)s,
      finished_at = now()
    WHERE sync_id = %(id)s AND stream = %(stream)s AND status IN ('pending', 'deferred')
"""
_LATEST = """
    SELECT id FROM sync.syncs WHERE tenant_id = %(tenant)s ORDER BY created_at DESC LIMIT 1
"""
# Who had the tenant when the sync was asked for, and who has it now.
_OWNER = """
    SELECT t.id FROM sync.tenants t WHERE t.organization = %(organization)s AND t.id = coalesce(
      (SELECT tenant_id FROM sync.requests WHERE id = %(id)s AND organization = %(organization)s),
      (SELECT tenant_id FROM sync.syncs s WHERE id = %(id)s
        AND NOT EXISTS (SELECT FROM sync.requests r WHERE r.id = s.id)))
"""
# With the leases of processes that are gone left out, as in _STREAMS.
_INSTEAD = """
    SELECT s.id FROM sync.syncs s
    JOIN sync.streams r ON r.sync_id = s.id AND r.stream = ANY(%(streams)s)
    LEFT JOIN sync.leases l
      ON l.tenant_id = r.tenant_id AND l.stream = r.stream AND l.sync_id = r.sync_id
    WHERE s.tenant_id = %(tenant)s AND s.id <> %(id)s
      AND s.streams @> %(streams)s::text[] AND s.options @> %(options)s::jsonb
      AND NOT s.options @> '{"hinted": true}'  -- it does a few records only
      AND (r.status = 'done' AND r.finished_at > (SELECT created_at FROM sync.syncs
        WHERE id = %(id)s)
        OR l.expires_at > now()
        AND sync.backend_started(l.backend_pid) IS NOT DISTINCT FROM l.backend_started)
    ORDER BY s.created_at DESC LIMIT 1
"""


class Syncs:
    """Records syncs and reads their reports."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def begin(self, request: SyncRequest) -> None:
        """Record a sync and its pending streams; harmless when it was recorded before."""
        parameters = {
            "id": request.id,
            "tenant": request.tenant.id,
            "source": request.tenant.source,
            "streams": list(request.streams),
            "options": orjson.dumps(asdict(request.options)).decode(),
            "run": request.run_id,
            "hinted": request.options.hinted,
            "embeddings": EMBEDDINGS,
        }
        with self._database.as_tenant(request.tenant.id) as connection:
            if connection.execute(_BEGIN, parameters).rowcount == 0:
                raise UnknownTenant(f"There is no tenant {request.tenant.id!r:.80} any more.")
            connection.execute(_PENDING, parameters)

    def holder(self, spec: SourceSpec) -> "Holder":
        """The part of this that runs a source's streams."""
        return Holder(self, self._database, spec, self._clock)

    def skip(
        self, sync_id: UUID, tenant_id: str, stream: str, reason: str, kind: str | None = None
    ) -> None:
        """Record that a stream was not run, and why; `kind` is the error's class."""
        parameters = {"id": sync_id, "stream": stream, "reason": reason, "kind": kind}
        with self._database.as_tenant(tenant_id) as connection:
            connection.execute(_SKIP, parameters)

    def report(self, sync_id: UUID) -> Report:
        """The report at this moment; raises `UnknownSync`."""
        return report_of(self._database, sync_id)

    def reports(self, sync_ids: Sequence[UUID]) -> dict[UUID, Report]:
        """The reports of several syncs by id, read together."""
        return reports_of(self._database, sync_ids)

    def new_lines(self, after: Mapping[UUID, int], limit: int) -> dict[UUID, list[dict[str, Any]]]:
        """The next lines of several logs behind those ids; see `store.sync_log.lines_of`."""
        return lines_of(self._database, after, limit)

    def owner_of(self, sync_id: UUID, organization: str) -> str:
        """The id of the tenant whose sync it is.

        Raises:
            UnknownSync: there is none, or its tenant is or was another organization's.
        """
        parameters = {"id": sync_id, "organization": organization}
        with self._database.as_control() as connection:
            tenant: str | None = connection.execute(_OWNER, parameters).scalar()
        if tenant is None:
            raise UnknownSync(f"There is no sync {sync_id} of organization {organization!r:.80}.")
        return tenant

    def latest(self, tenant_id: str) -> UUID | None:
        """The tenant's newest sync."""
        with self._database.as_control() as connection:
            return connection.execute(_LATEST, {"tenant": tenant_id}).scalar()

    def instead_of(self, request: SyncRequest) -> UUID | None:
        """Another sync that does all that this one shall, if there is one.

        It is at work, or it was after this one had begun and kept it from its streams.
        """
        options = request.options
        wishes = {"full": options.full, "approve_deletions": options.approve_deletions}
        parameters = {
            "id": request.id,
            "tenant": request.tenant.id,
            "streams": list(request.streams),
            "options": orjson.dumps({name: True for name, on in wishes.items() if on}).decode(),
        }
        with self._database.as_control() as connection:
            return connection.execute(_INSTEAD, parameters).scalar()

    def log(self, sync_id: UUID, after: int = 0, limit: int = PAGE) -> list[dict[str, Any]]:
        """The lines of a sync's log behind the one with that id; see `store.sync_log.lines`."""
        return lines(self._database, sync_id, after=after, limit=limit)

    def dead_letters(self, sync_id: UUID, limit: int) -> list[tuple[str, str, str]]:
        """Stream, record and cause of what a sync could not keep, the first few."""
        with self._database.as_control() as connection:
            return dead_letters.of_sync(connection, sync_id, limit)


class Holder:
    """Holds the streams of one source; what `core.run` needs."""

    def __init__(self, syncs: Syncs, database: Database, spec: SourceSpec, clock: Clock) -> None:
        self._syncs = syncs
        self._database = database
        self._spec = spec
        self._clock = clock
        self.begin = syncs.begin
        self.skip = syncs.skip

    @contextmanager
    def hold(self, request: SyncRequest, stream: str) -> Generator[HeldStream]:
        """Hold a stream for this sync; raises `SyncHeld` when another one does."""
        spec = self._spec.stream(stream)
        with self._held(request, stream) as (lease, kept):
            held = HeldStream(self._database, kept, lease, request, spec, self._clock)
            held.start()
            yield held

    @contextmanager
    def hold_part(self, request: SyncRequest, part: str) -> Generator[HeldPart]:
        """The same for a part that is no stream."""
        with self._held(request, part) as (lease, kept):
            held = HeldPart(self._database, kept, lease, part)
            held.start()
            yield held

    @contextmanager
    def _held(self, request: SyncRequest, part: str) -> Generator[tuple[Lease, Kept]]:
        with (
            hold(self._database, request.tenant.id, part, request.id) as lease,
            self._database.keep() as kept,
        ):
            yield lease, kept

    def stored(self, tenant_id: str, stream: str) -> StreamReader:
        """What a plan reads; it holds nothing."""
        return StoredStream(self._database, tenant_id, self._spec.stream(stream))
