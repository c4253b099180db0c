"""The record of syncs: what was asked for, how each stream stands, what was logged."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.errors import UnknownSync
from sync_assets.core.ports import SyncRequest
from sync_assets.core.report import Report
from sync_assets.core.streams import SourceSpec
from sync_assets.store import dead_letters
from sync_assets.store.database import Database
from sync_assets.store.holding import Holder, begin, skip
from sync_assets.store.reports import report_of, reports_of
from sync_assets.store.sync_log import PAGE, lines, lines_of

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
        begin(self._database, request)

    def holder(self, spec: SourceSpec) -> Holder:
        """The part of this that runs a source's streams."""
        return Holder(self._database, spec, self._clock)

    def skip(
        self, sync_id: UUID, tenant_id: str, stream: str, reason: str, kind: str | None = None
    ) -> None:
        """Record that a stream was not run, and why; `kind` is the error's class."""
        skip(self._database, sync_id, tenant_id, stream, reason, kind)

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
