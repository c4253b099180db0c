"""A Dagster run at work on requests: begins them, watches over them, settles them."""

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sync_assets.bootstrap import Platform
from sync_assets.core.correlation import correlated
from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.errors import OperatorMustAct, SyncError, SyncHeld
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.requests import BACKOFF, State
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.store.attempts import Limits
from sync_assets.store.watch import Watch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        claim: the claim that it was launched for; None where a person launched it, whose syncs
            are given requests of their own.
        asked_by: who is written down in those.
        in_terminal: a person waits in front of it, who tries again himself.
    """

    platform: Platform
    run_id: str
    watch: Watch
    claim: UUID | None = None
    asked_by: str = "dagster"
    in_terminal: bool = False

    def request(
        self, tenant: str, streams: Sequence[str], options: SyncOptions, sync_id: UUID
    ) -> SyncRequest:
        """What this run does for a tenant; where that cannot be, its request ends.

        Raises:
            UnknownTenant: it is not registered, or was removed.
            OperatorMustAct: its source has no such stream.
        """
        try:
            return self.platform.request(tenant, streams, options, sync_id, self.run_id)
        except OperatorMustAct as error:
            if self.claim is not None:
                self.platform.settling.give_up(sync_id, str(error), claim=self.claim)
            raise

    def stream(self, request: SyncRequest, stream: str, stop: StopSignal) -> Counts:
        """Sync one stream of a request; see `core.run.run_stream`.

        Raises:
            Superseded: the request is not this run's any more.
            SyncHeld: another sync of the tenant is at work; this one waits for its end.
        """
        with self._attempt(request, stop) as own:
            return self.platform.run_stream(request, stream, own)

    def check_embeddings(self, request: SyncRequest, stop: StopSignal) -> EmbeddingCounts:
        """See whether a tenant's texts may be embedded; raises as `stream` does."""
        with self._attempt(request, stop) as own:
            return self.platform.check_embeddings(request, own)

    def embed(self, request: SyncRequest, stop: StopSignal) -> EmbeddingCounts:
        """Embed a tenant's texts; raises as `stream` does."""
        with self._attempt(request, stop) as own:
            return self.platform.embed(request, own)

    def tenant(
        self, request: SyncRequest, stop: StopSignal, turn: float | None = None
    ) -> list[Outcome]:
        """Sync all streams of a request, within a turn; see `core.run.run_tenant`.

        Raises:
            Superseded: the request is not this run's any more.
            SyncHeld: another sync of the tenant is at work; this one waits for its end.
        """
        with self._attempt(request, stop, turn) as own:
            return self.platform.run_tenant(request, own)

    def terminated(self, sync_id: UUID) -> None:
        """Cancel a sync whose run a person has terminated."""
        self.platform.settling.give_up(
            sync_id, "Its run was terminated.", self.run_id, cancelled=True
        )

    def cancelled(self, sync_id: UUID) -> bool:
        """Was the sync cancelled by request, not by ending its run?"""
        return self.platform.requests.get(sync_id).state is State.CANCELLED

    @contextmanager
    def _attempt(
        self, request: SyncRequest, stop: StopSignal, turn: float | None = None
    ) -> Generator[StopSignal]:
        with correlated(request.id, request.tenant.id):
            limits = self._begin(request)
            own = stop.child(turn=turn, soft=limits.soft, hard=limits.hard)
            self.watch.add(request.id, own)
            try:
                yield own
            finally:
                self.watch.remove(request.id)
                self._settle(request.id)

    def _begin(self, request: SyncRequest) -> Limits:
        attempts = 1 if self.in_terminal else BACKOFF.attempts
        try:
            return self.platform.attempts.take_up(request, self.claim, self.asked_by, attempts)
        except SyncHeld as error:
            self.platform.skip(request, error)
            self._settle(request.id)
            raise

    def _settle(self, sync_id: UUID) -> None:
        """Settle a request whose streams have ended; where that fails, the sensor does it."""
        try:
            self.platform.settling.settle(sync_id, self.run_id)
        except SyncError as error:
            _log.warning("A sync could not be settled now: %s", error)
