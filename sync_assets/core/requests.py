"""What is asked for, and what becomes of a request once its streams have ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from random import random
from uuid import UUID

from sync_assets.core.errors import RetryLater, SourceChanged, SyncHeld, Unexpected
from sync_assets.core.queues import Queue
from sync_assets.core.retry import Backoff
from sync_assets.core.run import StreamStatus

BACKOFF = Backoff(attempts=3, base=30.0, ceiling=3600.0)
"""Three attempts in all, about half a minute and a minute apart."""

HELD_AGAIN = 15.0
"""Seconds until a request that found its streams held by another sync tries again."""

_WAITING_HELPS = {kind.__name__ for kind in (RetryLater, SourceChanged, Unexpected)}

LOST = "The process that ran the sync ended"


class State(Enum):
    """Where a request is on its way."""

    QUEUED = "queued"
    LAUNCHED = "launched"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to a wish for a sync.

    Attributes:
        sync_id: also the correlation id.
        new: False when such a request waited already; this is its id, and it does both.
        due: not before then.
    """

    sync_id: UUID
    tenant_id: str
    streams: tuple[str, ...]
    queue: Queue
    due: datetime
    new: bool

    def as_dict(self) -> dict[str, object]:
        """The answer with the names that the programs of the replaced systems know."""
        return {
            "syncId": str(self.sync_id),
            "siteId": self.tenant_id,
            "status": State.QUEUED.value,
            "queuedJobsCount": len(self.streams),
            "jobs": [f"{self.sync_id}:{stream}" for stream in self.streams],
            "queue": self.queue.name,
            "dueAt": self.due.isoformat(),
            "new": self.new,
        }


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """How a stream of an attempt ended; `kind` is the error's class."""

    stream: str
    status: StreamStatus
    error: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request.

    Attributes:
        state: QUEUED for another attempt.
        error: the cause, where there is one.
        delay: seconds until the other attempt; None keeps the request's place.
        counts: this attempt was one of those that a request has.
        alone: the other attempt needs a run of its own.
    """

    state: State
    error: str | None = None
    delay: float | None = None
    counts: bool = True
    alone: bool = False


def verdict(
    ends: Sequence[StreamEnd],
    attempt: int,
    attempts: int,
    *,
    wrote: bool,
    jitter: Callable[[], float] = random,
    backoff: Backoff = BACKOFF,
) -> Verdict | None:
    """What becomes of a request after an attempt; None while that is not over.

    Args:
        ends: how its streams stand.
        attempt: which one this was, from 1.
        attempts: how many it has in all.
        wrote: whether the attempt moved a checkpoint or a row.
        jitter: gives a number in [0, 1).
        backoff: how long it waits for another one.
    """
    statuses = {end.status for end in ends}
    if not ends or StreamStatus.RUNNING in statuses:
        return None
    if StreamStatus.DEFERRED in statuses:  # its time is over for all streams
        return _out_of_time(attempt, attempts, wrote=wrote)
    if statuses & {StreamStatus.PENDING, StreamStatus.STOPPED}:
        return None
    failed = [end for end in ends if end.status is StreamStatus.FAILED]
    if failed:
        return _after_failure(failed, attempt, replace(backoff, attempts=attempts), jitter)
    return _without_failure(ends)


def lost(
    attempt: int,
    attempts: int,
    cause: str,
    jitter: Callable[[], float] = random,
    backoff: Backoff = BACKOFF,
) -> Verdict:
    """What becomes of a request whose attempt ended without a word."""
    return _again(cause, attempt, replace(backoff, attempts=attempts), jitter)


def _out_of_time(attempt: int, attempts: int, *, wrote: bool) -> Verdict:
    """On from the checkpoint, in a run of its own; for ever only while that moves."""
    if not wrote and attempt >= attempts:
        return Verdict(State.FAILED, "It ran out of time, again and again, and wrote nothing.")
    return Verdict(State.QUEUED, delay=0.0, counts=not wrote, alone=True)


def _without_failure(ends: Sequence[StreamEnd]) -> Verdict:
    """Completed, but for what somebody else held or was left out."""
    held = next((end for end in ends if end.kind == SyncHeld.__name__), None)
    if held is not None:
        return Verdict(State.QUEUED, held.error, HELD_AGAIN, counts=False)
    skipped = [end for end in ends if end.status is StreamStatus.SKIPPED]
    if skipped:  # by an earlier attempt; a person executed others of its streams once more
        return Verdict(State.FAILED, _said(skipped))
    return Verdict(State.COMPLETED)


def _after_failure(
    failed: Sequence[StreamEnd], attempt: int, backoff: Backoff, jitter: Callable[[], float]
) -> Verdict:
    """Another attempt where it can help one of the streams at least."""
    error = _said(failed)
    if any(end.kind in _WAITING_HELPS for end in failed):
        return _again(error, attempt, backoff, jitter)
    return Verdict(State.FAILED, error)


def _said(ends: Sequence[StreamEnd]) -> str:
    return f"{', '.join(end.stream for end in ends)}: {ends[0].error}"


def _again(error: str, attempt: int, backoff: Backoff, jitter: Callable[[], float]) -> Verdict:
    delay = backoff.delay(attempt, None, jitter)
    if delay is None:
        return Verdict(State.FAILED, error)
    return Verdict(State.QUEUED, error, delay)
