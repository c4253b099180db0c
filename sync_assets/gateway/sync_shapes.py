"""The JSON of syncs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.gateway.shapes import Answer, Asking, Moment, Name, Text

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
Urgency = Literal["low", "normal", "high", "urgent"]
Streams = Annotated[list[Name], Field(max_length=50, description="All, where none is named.")]
StreamStatus = Literal["pending", "running", "done", "failed", "skipped", "stopped", "deferred"]


def priority_of(urgency: Urgency) -> Priority:
    """The priority of that name."""
    return Priority[urgency.upper()]


class Wish(Asking):
    """How a sync shall be done."""

    streams: Streams = Field(default_factory=list)
    full: StrictBool = Field(default=False, description="Read every record again.")
    priority: Urgency = "normal"
    period: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="A month, such as 2026-10, for sources that have periods.",
    )
    batch_size: StrictInt = Field(default=100, ge=1, le=100)
    at: Moment | None = Field(default=None, description="Not before then; within a year.")

    @property
    def options(self) -> SyncOptions:
        """The options that are wished for."""
        return SyncOptions(full=self.full, batch_size=self.batch_size, period=self.period)


class Bulk(Wish):
    """The same for many tenants: those that are named, or all."""

    tenants: list[Text] = Field(default=[], max_length=1000)
    all: StrictBool = Field(default=False, description="All active tenants of the organization.")

    @model_validator(mode="after")
    def _either(self) -> "Bulk":
        if bool(self.tenants) == self.all:
            raise ValueError("name either tenants or all")
        return self


class Quick(Asking):
    """Some streams, incrementally, soon."""

    streams: list[Name] = Field(min_length=1, max_length=50)


class Reschedule(Asking):
    """Another time, another priority, or both."""

    at: Moment | None = None
    priority: Urgency | None = None

    @model_validator(mode="after")
    def _something(self) -> "Reschedule":
        if self.at is None and self.priority is None:
            raise ValueError("say what to change: at, priority, or both")
        return self


class Asked(Answer):
    """The request that does what was asked for; `new` is false where one waited for it already."""

    sync_id: str
    site_id: str
    status: Literal["queued"]
    queued_jobs_count: int
    jobs: list[str]
    queue: str
    due_at: datetime
    new: bool


class AskedMany(Answer):
    """A request for each tenant."""

    syncs: list[Asked]
    queued_jobs_count: int


class Entry(Answer):
    """A sync in the list."""

    sync_id: str
    site_id: str
    organization_id: str
    source: str
    streams: list[str]
    status: Status
    queue: str
    priority: Urgency
    asked_by: str
    run_id: str | None
    attempt: int
    attempts: int
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class Entries(Answer):
    """A page of syncs, newest first."""

    syncs: list[Entry]
    next_cursor: str | None


class StreamProgress(Answer):
    """How far a stream is; `total` is what the source announced."""

    status: StreamStatus
    attempt: int
    total: int | None
    processed: int
    created: int
    updated: int
    skipped: int
    deleted: int
    errors: int
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None


class Progress(Answer):
    """How a sync stands, and how far each of its streams is."""

    sync_id: str
    site_id: str
    source: str
    status: Status
    error: str | None
    queue: str | None
    priority: Urgency | None
    attempt: int | None
    attempts: int | None
    created_at: datetime
    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    ended: bool
    streams: dict[str, StreamProgress]


class Job(Answer):
    """A stream in the report."""

    job_id: str
    type: str
    status: StreamStatus
    attempt: int
    result: dict[str, Any]
    error: str | None


class Report(Answer):
    """What became of a sync."""

    sync_id: str
    site_id: str
    organization_id: str
    source: str
    started_at: datetime | None
    finished_at: datetime | None
    status: Literal["queued", "processing", "completed", "failed", "cancelled"]
    queue: str | None
    priority: Urgency | None
    asked_by: str | None
    run_id: str | None
    attempt: int | None
    attempts: int | None
    due_at: datetime | None
    queued_jobs_count: int
    current_stream: str | None
    failed_streams: list[str]
    error: str | None
    totals: dict[str, int]
    created: int
    updated: int
    skipped: int
    unchanged: int
    failed: int
    deleted: int
    deletions_refused: int
    repaired: int
    embeddings_queued: int
    embeddings_skipped: int
    cost_state: str | None
    skip_reason: str | None
    duration_ms: int | None
    metrics: dict[str, int]
    jobs: list[Job]


class Line(Answer):
    """A line of a sync's log."""

    id: int
    at: datetime
    level: str
    stream: str | None
    message: str
    metadata: dict[str, Any]


class Log(Answer):
    """A page of a sync's log, oldest first; a sync at work may add lines behind the last one."""

    lines: list[Line]
    next_cursor: str | None


class Cancelled(Answer):
    """`cancelling` while the sync is still ending, which takes seconds."""

    sync_id: str
    status: Literal["cancelled", "cancelling"]


class Retried(Answer):
    """The request that does it once more: the same, or a newer one that waited for the same."""

    sync_id: str
    retried: str
    status: Literal["queued"]
