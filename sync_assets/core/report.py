"""The report of a sync, computed from what is stored, so that it is right at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets.core.run import StreamStatus

BETWEEN_STREAMS = timedelta(seconds=60)
"""A sync without request or lease is still at work for so long after a stream ended."""

INTERRUPTED = "The process that ran this stream ended. The next sync goes on from its checkpoint."

OUT_OF_TIME = "Its time was over. The next sync goes on from its checkpoint."


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A part of a sync as it is stored, and whether its lease is alive.

    Attributes:
        embedding: the account of the part that embeds, instead of `counts`.
    """

    stream: str
    status: StreamStatus
    attempt: int
    counts: Counts
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None
    held: bool
    embedding: EmbeddingCounts | None = None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """The request behind a sync as it is stored, and whether its process is alive.

    Attributes:
        due_at: not before then; where an attempt has failed, the time of the next one.
        begun: a run has begun this attempt.
        silent: the process of that run gave no sign of life for too long.
        error: why the last attempt failed.
    """

    state: State
    queue: str
    priority: Priority
    asked_by: str
    run_id: str | None
    attempt: int
    attempts: int
    due_at: datetime
    ended_at: datetime | None
    begun: bool
    silent: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known of a sync, for people and programs.

    Attributes:
        request: None for a sync that was run by hand, outside of Dagster.
    """

    sync_id: UUID
    tenant_id: str
    source: str
    organization: str
    created_at: datetime
    streams: Sequence[StreamRow]
    now: datetime
    request: RequestRow | None = None

    @property
    def status(self) -> str:
        """`queued`, `running`, `completed`, `failed` or `cancelled`."""
        if self.request is None:
            return self._status_of_streams()
        if self.request.state is not State.LAUNCHED:
            return self.request.state.value
        if not self.request.begun:
            return "queued"
        return "running" if self._at_work() else "failed"

    @property
    def error(self) -> str | None:
        """Why the sync, or its last attempt, failed."""
        if self.request is not None and self.request.error is not None:
            return self.request.error
        bad = [*self._in(StreamStatus.FAILED), *self._in(StreamStatus.SKIPPED)]
        return next((f"{row.stream}: {self._lost(row) or row.error}" for row in bad), None)

    @property
    def ended(self) -> bool:
        """Will nothing more happen to it?"""
        return self.status not in {"queued", "running"}

    def stream_status(self, row: StreamRow) -> StreamStatus:
        """A stream's status; one that nobody works on any more has failed."""
        return StreamStatus.FAILED if self._lost(row) else row.status

    def stream_error(self, row: StreamRow) -> str | None:
        """Why a stream failed or was left out, also where nobody was left to say so."""
        return self._lost(row) or row.error

    @property
    def started_at(self) -> datetime | None:
        """When the first stream began."""
        return min((row.started_at for row in self.streams if row.started_at), default=None)

    @property
    def finished_at(self) -> datetime | None:
        """When the last stream ended, None while the sync waits or is at work."""
        if not self.ended:
            return None
        ends = [row.finished_at for row in self.streams if row.finished_at]
        return max(ends, default=self.request.ended_at if self.request else None)

    def as_dict(self) -> dict[str, Any]:
        """The report with the names that the programs of the replaced systems know.

        `skipped` is all that was not written: unchanged records and those with a newer local
        edit. totals = created + updated + skipped + failed.
        """
        rows = [row.counts for row in self.streams]
        unchanged = sum(counts.unchanged for counts in rows)
        failed = sum(counts.failed for counts in rows)
        return {
            "syncId": str(self.sync_id),
            "siteId": self.tenant_id,
            "organizationId": self.organization,
            "source": self.source,
            "startedAt": _iso(self.started_at),
            "finishedAt": _iso(self.finished_at),
            "status": "processing" if self.status == "running" else self.status,
            **self._asked(),
            "queuedJobsCount": len(self.streams),
            "currentStream": next((row.stream for row in self._in(StreamStatus.RUNNING)), None),
            "failedStreams": [row.stream for row in self._in(StreamStatus.FAILED)],
            "error": self.error,
            "totals": {
                row.stream: row.counts.accounted for row in self.streams if not row.embedding
            },
            "created": sum(counts.created for counts in rows),
            "updated": sum(counts.updated for counts in rows),
            "skipped": unchanged + sum(counts.skipped for counts in rows),
            "unchanged": unchanged,
            "failed": failed,
            "deleted": sum(counts.deleted for counts in rows),
            "deletionsRefused": sum(counts.refused for counts in rows),
            "repaired": sum(counts.repaired for counts in rows),
            **self._embedding(),
            "durationMs": self._duration(),
            "metrics": {
                "totalProcessed": sum(counts.accounted for counts in rows),
                "errorsCount": failed + len(self._in(StreamStatus.FAILED)),
                "wpRequestMs": sum(counts.source_request_ms for counts in rows),
                "upsertMs": sum(counts.upsert_ms for counts in rows),
                "requests": sum(counts.requests for counts in rows),
            },
            "jobs": [self._job(row) for row in self.streams],
        }

    def _job(self, row: StreamRow) -> dict[str, Any]:
        embedding, done = row.embedding, self.stream_status(row) is StreamStatus.DONE
        skipped = done and embedding and embedding.skipped and not embedding.chunks_embedded
        return {
            "jobId": f"{self.sync_id}:{row.stream}",
            "type": row.stream,
            "status": "skipped" if skipped else self.stream_status(row).value,
            "attempt": row.attempt,
            "result": (row.embedding or row.counts).as_dict(),
            "error": self.stream_error(row),
        }

    def _embedding(self) -> dict[str, Any]:
        """What became of the texts."""
        found = next((row.embedding for row in self.streams if row.embedding), EmbeddingCounts())
        return {
            "embeddingsQueued": found.embeddings_queued,
            "embeddingsSkipped": found.embeddings_skipped,
            "costState": found.cost_state,
            "skipReason": found.skip_reason,
        }

    def _asked(self) -> dict[str, Any]:
        """What is known of the request; None of it for a sync without one."""
        request = self.request
        return {
            "queue": request and request.queue,
            "priority": request and request.priority.name.lower(),
            "askedBy": request and request.asked_by,
            "runId": request and request.run_id,
            "attempt": request and request.attempt,
            "attempts": request and request.attempts,
            "dueAt": _iso(request and request.due_at),
        }

    def _in(self, status: StreamStatus) -> list[StreamRow]:
        return [row for row in self.streams if self.stream_status(row) is status]

    def _at_work(self) -> bool:
        """Does a run work on the request, as far as its signs of life tell?"""
        request = self.request
        if request is None or request.state is not State.LAUNCHED or not request.begun:
            return False
        return not request.silent or any(row.held for row in self.streams)

    def _lost(self, row: StreamRow) -> str | None:
        """Why nobody works on a stream that is said to run or to wait for a run of its own."""
        if row.status is StreamStatus.RUNNING and not row.held and not self._at_work():
            return INTERRUPTED
        if row.status is StreamStatus.DEFERRED and self.request is None:
            return OUT_OF_TIME
        return None

    def _status_of_streams(self) -> str:
        """The status of a sync without a request."""
        statuses = [self.stream_status(row) for row in self.streams]
        if StreamStatus.RUNNING in statuses:
            return "running"
        if StreamStatus.STOPPED in statuses:
            return "cancelled"
        if StreamStatus.PENDING in statuses:
            return self._unfinished(statuses)
        return "failed" if _bad(statuses) else "completed"

    def _unfinished(self, statuses: Sequence[StreamStatus]) -> str:
        if all(status is StreamStatus.PENDING for status in statuses):
            return "queued"
        if any(map(self._lost, self.streams)):
            return "failed"
        ends = [row.finished_at for row in self.streams if row.finished_at]
        at_work = bool(ends) and self.now - max(ends) < BETWEEN_STREAMS
        return "running" if at_work else "failed"

    def _duration(self) -> int | None:
        if self.started_at is None:
            return None
        end = self.finished_at or self.now
        return round((end - self.started_at).total_seconds() * 1000)


def _bad(statuses: Sequence[StreamStatus]) -> bool:
    return StreamStatus.FAILED in statuses or StreamStatus.SKIPPED in statuses


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
