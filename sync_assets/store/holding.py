"""What a sync does with its record while it runs: it begins it, and holds one part at a time."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from uuid import UUID

import orjson

from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.errors import UnknownTenant
from sync_assets.core.ports import StreamReader, SyncRequest
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.store.database import Database
from sync_assets.store.held_part import HeldPart
from sync_assets.store.held_stream import HeldStream, StoredStream
from sync_assets.store.leases import Lease, hold
from sync_assets.store.pool import Kept

_BEGIN = """
    INSERT INTO sync.syncs (id, tenant_id, source, streams, options, run_id)
    SELECT %(id)s, id, %(source)s, %(streams)s, %(options)s::jsonb, %(run)s
    FROM sync.tenants WHERE id = %(tenant)s
    ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id
"""
# Embeddings are complete each time, also after hints.
_PENDING = """
    INSERT INTO sync.streams (sync_id, tenant_id, stream, hinted)
    SELECT %(id)s, %(tenant)s, stream, %(hinted)s AND stream <> %(embeddings)s
    FROM unnest(%(streams)s::text[]) AS wanted (stream) ON CONFLICT DO NOTHING
"""
_SKIP = """
    UPDATE sync.streams SET status = 'skipped', error = %(reason)s, error_kind = %(kind)s,
      finished_at = now()
    WHERE sync_id = %(id)s AND stream = %(stream)s AND status IN ('pending', 'deferred')
"""


def begin(database: Database, request: SyncRequest) -> None:
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
    with database.as_tenant(request.tenant.id) as connection:
        if connection.execute(_BEGIN, parameters).rowcount == 0:
            raise UnknownTenant(f"There is no tenant {request.tenant.id!r:.80} any more.")
        connection.execute(_PENDING, parameters)


def skip(
    database: Database,
    sync_id: UUID,
    tenant_id: str,
    stream: str,
    reason: str,
    kind: str | None = None,
) -> None:
    """Record that a stream was not run, and why; `kind` is the error's class."""
    parameters = {"id": sync_id, "stream": stream, "reason": reason, "kind": kind}
    with database.as_tenant(tenant_id) as connection:
        connection.execute(_SKIP, parameters)


class Holder:
    """Holds the streams of one source; what `core.run` needs."""

    def __init__(self, database: Database, spec: SourceSpec, clock: Clock = utc_now) -> None:
        self._database = database
        self._spec = spec
        self._clock = clock
        self.begin = partial(begin, database)
        self.skip = partial(skip, database)

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
        return StoredStream(partial(self._database.as_tenant, tenant_id), self._spec.stream(stream))
