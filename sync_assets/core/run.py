"""Runs the streams of one tenant's sync and keeps the record of how each of them ended."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sync_assets.core.correlation import correlated
from sync_assets.core.counts import Counts
from sync_assets.core.errors import (
    LeaseLost,
    OutOfTime,
    Stopped,
    SyncError,
    SyncHeld,
    Unexpected,
    kind_of,
)
from sync_assets.core.ports import Connection, Source, StreamStore, SyncRequest
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.core.sync import sync_stream

if TYPE_CHECKING:
    from sync_assets.core.embedding import EmbeddingCounts

_log = logging.getLogger(__name__)


class StreamStatus(Enum):
    """How a stream of a sync stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"
    DEFERRED = "deferred"


class HeldPart(Protocol):
    """A part of a sync, such as a stream, that this sync holds."""

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Write a line into the sync's log; `level` as in `logging`."""
        ...

    def put_back(self) -> None:
        """Leave it to a later step of the same attempt."""
        ...

    def finish(
        self, status: StreamStatus, error: str | None = None, kind: str | None = None
    ) -> None:
        """Record how it ended, with the counts that were shown last.

        Args:
            status: how it ended.
            error: the cause, for people.
            kind: the error's class, by which another attempt is made or not.
        """
        ...


class HeldStream(HeldPart, StreamStore, Protocol):
    """A stream that this sync holds."""


class Syncs(Protocol):
    """The record of all syncs."""

    def begin(self, request: SyncRequest) -> None:
        """Record a sync and its pending streams; harmless when it was recorded before."""
        ...

    def hold(self, request: SyncRequest, stream: str) -> AbstractContextManager[HeldStream]:
        """Hold a stream for this sync; raises `SyncHeld` when another one does."""
        ...

    def skip(
        self, sync_id: UUID, tenant_id: str, stream: str, reason: str, kind: str | None = None
    ) -> None:
        """Record that a stream was not run, and why; `kind` is the error's class."""
        ...


Held = TypeVar("Held", bound=HeldPart)
Account = TypeVar("Account", Counts, "EmbeddingCounts")

Connect = Callable[[], Connection]
"""Gives the open connection, opened at the first call."""


def run_stream(
    request: SyncRequest, stream: str, syncs: Syncs, connect: Connect, stop: StopSignal
) -> Counts:
    """Sync one stream and record how it ended; see `run_part`."""

    def work(store: HeldStream) -> Counts:
        if request.options.hinted:
            from sync_assets.core.targeted import sync_hinted

            return sync_hinted(stream, connect, store, request.options, stop)
        return sync_stream(stream, connect(), store, request.options, stop)

    return run_part(request, stream, syncs.hold(request, stream), work, stop)


def run_part(
    request: SyncRequest,
    part: str,
    hold: AbstractContextManager[Held],
    work: Callable[[Held], Account],
    stop: StopSignal,
    *,
    is_done: Callable[[Account], bool] = lambda _: True,
) -> Account:
    """Do one part of a sync and record how it ended.

    Args:
        request: the sync.
        part: its name.
        hold: holds it for as long as it is at work.
        work: does it.
        stop: is set by an interrupt.
        is_done: whether that was all; otherwise another step goes on with it.

    Raises:
        SyncError: named by who has to act; recorded before it is raised.
    """
    with correlated(request.id, request.tenant.id), hold as held:
        try:
            held.note(logging.INFO, f"Syncing {part}.")
            counts = work(held)
        except BaseException as error:
            if not isinstance(error, Exception):
                stop.set()  # an interrupt: let the requests in flight end, too
            _record_failure(held, error)
            raise
        if not is_done(counts):
            held.put_back()
            return counts
        held.finish(StreamStatus.DONE)
        held.note(logging.INFO, f"Synced {part}.", counts.as_dict())
        return counts


class Outcome(NamedTuple):
    """How a part of a tenant's sync ended: with counts, an error, or not at all."""

    stream: str
    counts: "Counts | EmbeddingCounts | None" = None
    error: Exception | None = None


def run_tenant(
    request: SyncRequest,
    source: Source,
    syncs: Syncs,
    stop: StopSignal,
    embed: "Callable[[], EmbeddingCounts] | None" = None,
) -> list[Outcome]:
    """Sync all parts of a request; a failed one stops only those that need it.

    Args:
        request: the sync.
        source: whose streams they are.
        syncs: the record of it.
        stop: ends it.
        embed: embeds the texts, where the request wants that, and records how it ended.

    Raises:
        Stopped: a stop was asked for.
    """
    syncs.begin(request)
    outcomes: list[Outcome] = []
    with open_later(source, request, stop) as connect:

        def run(part: str) -> "Counts | EmbeddingCounts":
            if part == EMBEDDINGS and embed is not None:
                return embed()
            return run_stream(request, part, syncs, connect, stop)

        for part in request.streams:
            unmet = _unmet(source, part, outcomes)
            if unmet is not None:
                reason = f"{part} needs {unmet}, which was not synced."
                syncs.skip(request.id, request.tenant.id, part, reason)
                outcomes.append(Outcome(part))
                continue
            outcomes.append(_outcome(request, part, syncs, run))
            if isinstance(outcomes[-1].error, OutOfTime):
                break
    return outcomes


class open_later:  # noqa: N801 - reads as the function that it is
    """Connects at the first call and closes at the end, so that no stream connects twice."""

    def __init__(self, source: Source, request: SyncRequest, stop: StopSignal) -> None:
        self._open = lambda: source.connect(request.tenant, request.options, stop)
        self._stack = ExitStack()
        self._connection: Connection | None = None

    def __enter__(self) -> Connect:
        return self._connect

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._stack.enter_context(self._open())
        return self._connection


def _outcome(
    request: SyncRequest,
    stream: str,
    syncs: Syncs,
    run: "Callable[[str], Counts | EmbeddingCounts]",
) -> Outcome:
    try:
        return Outcome(stream, run(stream))
    except Stopped:
        raise
    except SyncHeld as error:
        syncs.skip(request.id, request.tenant.id, stream, str(error), SyncHeld.__name__)
        return Outcome(stream, error=error)
    except SyncError as error:
        return Outcome(stream, error=error)
    except Exception as error:  # noqa: BLE001 - recorded and logged by run_stream
        return Outcome(stream, error=Unexpected(_unexpected(error)))


def _unmet(source: Source, stream: str, before: list[Outcome]) -> str | None:
    """The first stream that this one needs and that did not succeed in this sync."""
    failed = {outcome.stream for outcome in before if outcome.counts is None}
    return next((need for need in source.spec.needs(stream) if need in failed), None)


def _record_failure(store: HeldPart, error: BaseException) -> None:
    """Record how the stream ended; a lost lease leaves the record to its new holder."""
    match error:
        case LeaseLost():
            return
        case OutOfTime():
            store.finish(StreamStatus.DEFERRED)
        case Stopped() | KeyboardInterrupt():
            store.finish(StreamStatus.STOPPED, "The sync was stopped.")
        case SyncError():
            store.finish(StreamStatus.FAILED, str(error), kind_of(error))
            store.note(logging.ERROR, str(error))
        case Exception():
            _log.exception("A sync failed in a way nobody thought of")
            store.finish(StreamStatus.FAILED, _unexpected(error), Unexpected.__name__)
        case _:
            store.finish(StreamStatus.STOPPED, "The sync was stopped.")


def _unexpected(error: Exception) -> str:
    return f"{type(error).__name__}: see the program's log."
