"""Reads what the report of a sync follows from."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sync_assets.core.budget import money
from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.errors import UnknownSync
from sync_assets.core.queues import Priority
from sync_assets.core.report import Report, RequestRow, StreamRow
from sync_assets.core.requests import State
from sync_assets.core.run import StreamStatus
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.store.attempts import ALIVE
from sync_assets.store.connection import Row
from sync_assets.store.database import Database

# A sync that waits has a request only, and one that Dagster knows nothing of has none.
_SYNC = """
    SELECT wanted.id, coalesce(s.tenant_id, r.tenant_id) AS tenant_id,
      coalesce(s.source, r.source) AS source, coalesce(s.streams, r.streams) AS streams,
      coalesce(t.organization, r.organization, '') AS organization,
      coalesce(r.created_at, s.created_at) AS created_at, now() AS now,
      r.state, r.queue, r.priority, r.asked_by, r.run_id, r.attempt, r.attempts, r.due_at,
      r.ended_at, r.error, r.alive_at IS NOT NULL AS begun,
      greatest(r.alive_at, pg_postmaster_start_time())
        < now() - make_interval(secs => %(alive)s) AS silent
    FROM unnest(%(ids)s::uuid[]) AS wanted (id)
    LEFT JOIN sync.syncs s ON s.id = wanted.id
    LEFT JOIN sync.requests r ON r.id = wanted.id
    LEFT JOIN sync.tenants t ON t.id = coalesce(s.tenant_id, r.tenant_id)
    WHERE s.id IS NOT NULL OR r.id IS NOT NULL
"""
_STREAMS = """
    SELECT r.sync_id, r.stream, r.status, r.attempt, r.counts, r.earlier, r.error, r.started_at,
      r.finished_at, coalesce(l.expires_at > now()
        AND sync.backend_started(l.backend_pid) IS NOT DISTINCT FROM l.backend_started,
      false) AS held
    FROM sync.streams r LEFT JOIN sync.leases l
      ON l.tenant_id = r.tenant_id AND l.stream = r.stream AND l.sync_id = r.sync_id
    WHERE r.sync_id = ANY(%(ids)s)
"""

_UNBORN = {
    State.CANCELLED: StreamStatus.STOPPED,
    State.FAILED: StreamStatus.FAILED,
    State.COMPLETED: StreamStatus.DONE,
}
"""How a stream stands that no run had begun when its request ended."""


def report_of(database: Database, sync_id: UUID) -> Report:
    """The report at this moment; raises `UnknownSync`."""
    found = reports_of(database, [sync_id])
    if sync_id not in found:
        raise UnknownSync(
            f"There is no sync {sync_id}. 'sync-assets history' shows the newest ones, "
            "'sync-assets report --tenant ID' a tenant's last one."
        )
    return found[sync_id]


def reports_of(database: Database, sync_ids: Sequence[UUID]) -> dict[UUID, Report]:
    """The reports of several syncs, by id, without those that nobody knows."""
    ids = list(sync_ids)
    rows: dict[UUID, list[StreamRow]] = {}
    with database.as_control() as connection:
        syncs = connection.execute(_SYNC, {"ids": ids, "alive": ALIVE}).fetchall()
        for row in connection.execute(_STREAMS, {"ids": ids}):
            rows.setdefault(row.sync_id, []).append(_stream_row(row))
    return {sync.id: _report(sync, rows.get(sync.id, [])) for sync in syncs}


def _report(sync: Row, rows: Iterable[StreamRow]) -> Report:
    request = _request_row(sync)
    return Report(
        sync.id,
        sync.tenant_id,
        sync.source,
        sync.organization,
        sync.created_at,
        _in_order(rows, sync.streams, request),
        sync.now,
        request,
    )


def _in_order(
    rows: Iterable[StreamRow], streams: Sequence[str], request: RequestRow | None
) -> list[StreamRow]:
    """The streams in their order; those that no run has begun stand as their request does."""
    known = {row.stream: row for row in rows}
    status = _UNBORN.get(request.state) if request else None
    error = request.error if request and status else None
    missing = (name for name in streams if name not in known)
    known |= {
        name: StreamRow(
            name, status or StreamStatus.PENDING, 0, Counts(), error, None, None, held=False
        )
        for name in missing
    }
    order = {stream: position for position, stream in enumerate(streams)}
    return sorted(known.values(), key=lambda row: order.get(row.stream, len(order)))


def _request_row(row: Row) -> RequestRow | None:
    if row.state is None:
        return None
    return RequestRow(
        State(row.state),
        row.queue,
        Priority(row.priority),
        row.asked_by,
        row.run_id,
        row.attempt,
        row.attempts,
        row.due_at,
        row.ended_at,
        row.begun,
        row.silent,
        row.error,
    )


def _stream_row(row: Row) -> StreamRow:
    return StreamRow(
        row.stream,
        StreamStatus(row.status),
        row.attempt,
        _added(row.counts, row.earlier),
        row.error,
        row.started_at,
        row.finished_at,
        row.held,
        _embedding(row.counts, row.earlier) if row.stream == EMBEDDINGS else None,
    )


def _embedding(counts: dict[str, Any], earlier: dict[str, Any]) -> EmbeddingCounts:
    """The last attempt's account, with what earlier ones of the same sync had embedded and paid."""
    names = {field.name for field in fields(EmbeddingCounts)}
    result = EmbeddingCounts(**{name: value for name, value in counts.items() if name in names})
    before = earlier.get("chunks_embedded", 0)
    result.chunks_pending += before
    result.chunks_embedded += before
    result.calls += earlier.get("calls", 0)
    result.tokens += earlier.get("tokens", 0)
    result.cost = money(Decimal(result.cost) + Decimal(earlier.get("cost", "0")))
    return result


def _added(counts: dict[str, int], earlier: dict[str, int]) -> Counts:
    """The last attempt's counts, with what earlier attempts of the same sync had written.

    The last attempt found that as unchanged, so it moves from there: the sum stays. It looked no
    more at what had its tombstone.
    """
    names = {field.name for field in fields(Counts)}
    result = Counts(**{name: value for name, value in counts.items() if name in names})
    for name in ("created", "updated"):
        moved = min(earlier.get(name, 0), result.unchanged)
        setattr(result, name, getattr(result, name) + moved)
        result.unchanged -= moved
    result.deleted += earlier.get("deleted", 0)
    return result
