"""How far a sync is, stream by stream, for whoever watches it."""

from typing import Any

from sync_assets.core.report import Report, StreamRow


def progress_of(report: Report) -> dict[str, Any]:
    """The state of a sync with the names of its report.

    In `streams`, `total` is what the source announced, None while unknown, `processed` what was
    accounted for, `skipped` what was not written, and `errors` what could not be kept; for the
    embeddings these count chunks.
    """
    request = report.request
    return {
        "syncId": str(report.sync_id),
        "siteId": report.tenant_id,
        "source": report.source,
        "status": report.status,
        "error": report.error,
        "queue": request and request.queue,
        "priority": request and request.priority.name.lower(),
        "attempt": request and request.attempt,
        "attempts": request and request.attempts,
        "createdAt": report.created_at.isoformat(),
        "dueAt": request and request.due_at.isoformat(),
        "startedAt": report.started_at and report.started_at.isoformat(),
        "finishedAt": report.finished_at and report.finished_at.isoformat(),
        "ended": report.ended,
        "streams": {row.stream: _stream(report, row) for row in report.streams},
    }


def _stream(report: Report, row: StreamRow) -> dict[str, Any]:
    return {
        "status": report.stream_status(row).value,
        "attempt": row.attempt,
        **(_chunks(row) if row.embedding else _records(row)),
        "error": report.stream_error(row),
        "startedAt": row.started_at and row.started_at.isoformat(),
        "finishedAt": row.finished_at and row.finished_at.isoformat(),
    }


def _records(row: StreamRow) -> dict[str, int | None]:
    counts = row.counts
    return {
        "total": counts.total,
        "processed": counts.accounted,
        "created": counts.created,
        "updated": counts.updated,
        "skipped": counts.unchanged + counts.skipped,
        "deleted": counts.deleted,
        "errors": counts.failed,
    }


def _chunks(row: StreamRow) -> dict[str, int | None]:
    embedding = row.embedding
    assert embedding is not None  # noqa: S101 - for the type
    return {
        "total": embedding.chunks_pending,
        "processed": embedding.chunks_embedded,
        "created": embedding.chunks_embedded,
        "updated": 0,
        "skipped": embedding.embeddings_skipped,
        "deleted": 0,
        "errors": 0,
    }
