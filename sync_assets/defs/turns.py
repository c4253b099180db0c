"""The tenants of a sweep, each with its turn."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import dagster as dg

from sync_assets.core.counts import Counts
from sync_assets.core.errors import OutOfTime, Stopped, Superseded, SyncError, SyncHeld
from sync_assets.core.ports import SyncOptions
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.checks import results_of
from sync_assets.defs.figures import Figures, figures_of
from sync_assets.defs.identity import CLAIM_TAG, sync_id_of
from sync_assets.defs.telling import worth_telling
from sync_assets.runs import Run
from sync_assets.store.claims import Claimed

ROWS = 10
"""A tenant's share of Dagster's event log in a sweep: one a stream, the others for checks."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a tenant's turn in a sweep ended.

    Attributes:
        outcomes: how each stream did.
        checks: what Dagster is to be told of the streams that were synced.
        error: why none was tried, or why nothing can be said of them.
        figures: what a shop's month tells, by stream.
    """

    tenant: str
    sync_id: UUID
    outcomes: Sequence[Outcome] = ()
    checks: Sequence[dg.AssetCheckResult] = ()
    error: str | None = None
    figures: Mapping[str, Figures] = field(default_factory=dict[str, Figures])

    @property
    def problem(self) -> str | None:
        """Why the tenant failed; None where it was synced, is busy, cancelled or goes on."""
        if self.error is not None:
            return self.error
        errors = [outcome.error for outcome in self.outcomes if outcome.error is not None]
        real = [error for error in errors if not isinstance(error, OutOfTime | SyncHeld)]
        return str(real[0]) if real else None


@dataclass(frozen=True, slots=True)
class Turns:
    """Gives tenants their turns; safe from several threads.

    Attributes:
        claimed: what the run was made for, by tenant; a person's run was made for nothing.
        ids: the syncs that a re-execution repeats, by tenant.
        turn: seconds for a tenant; a longer sync goes on in a run of its own. Who has not begun
            when the sweep is so old goes back into the queue, where others may come first.
    """

    run: Run
    dagster_run: dg.DagsterRun
    source: SourceSpec
    options: SyncOptions
    stop: StopSignal
    claimed: Mapping[str, Claimed]
    ids: Mapping[str, UUID]
    turn: float
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(
        cls,
        run: Run,
        dagster_run: dg.DagsterRun,
        source: SourceSpec,
        options: SyncOptions,
        stop: StopSignal,
    ) -> "Turns":
        """The turns of a run."""
        platform = run.platform
        # Opened before there are threads: `cached_property` has no lock from Python 3.12 on.
        _ = platform.tenants, platform.syncs, platform.health, platform.failed_checks
        _ = platform.requests, platform.attempts, platform.settling, platform.shops
        tag = dagster_run.tags.get(CLAIM_TAG)
        claimed = platform.claims.of(run.claim) if run.claim else {}
        ids = platform.claims.ids(UUID(tag)) if tag else {}
        turn = platform.settings.sweep_turn
        return cls(run, dagster_run, source, options, stop, claimed, ids, turn)

    def sync(self, tenant: str) -> Turn:
        """Sync a tenant, and say how it ended; raises nothing."""
        sync_id = self.ids.get(tenant) or sync_id_of(self.dagster_run, tenant)
        outcomes: list[Outcome] = []
        try:
            if not self._may_begin(tenant):
                return Turn(tenant, sync_id)
            streams = self.claimed[tenant].streams if tenant in self.claimed else ()
            request = self.run.request(tenant, streams, self.options, sync_id)
            outcomes = self.run.tenant(request, self.stop, self.turn)
            checks, figures = self._checks(tenant, outcomes), self._figures(tenant, outcomes)
            return Turn(tenant, sync_id, outcomes, checks, figures=figures)
        except (Superseded, SyncHeld) as error:
            _log.info("%s", error)
            return Turn(tenant, sync_id)
        except Stopped as error:
            wanted = self.run.cancelled(sync_id)
            return Turn(tenant, sync_id, outcomes, error=None if wanted else str(error))
        except SyncError as error:
            return Turn(tenant, sync_id, outcomes, error=str(error))
        except Exception as error:  # noqa: BLE001 - one tenant's surprise is not the others'
            _log.exception("The sweep of %s failed in a way nobody thought of", tenant)
            sentence = f"{type(error).__name__}: see the program's log."
            return Turn(tenant, sync_id, outcomes, error=sentence)

    def _may_begin(self, tenant: str) -> bool:
        """Is it still this run's to do? When the sweep is old, it goes back into the queue."""
        if self.run.claim is None:
            return True
        if tenant not in self.claimed:
            return False
        if time.monotonic() - self.began < self.turn:
            return True
        self.run.platform.settling.postpone(self.claimed[tenant].id, self.run.claim)
        return False

    def _figures(self, tenant: str, outcomes: Sequence[Outcome]) -> dict[str, Figures]:
        name, platform = self.source.name, self.run.platform
        synced = [outcome.stream for outcome in outcomes if isinstance(outcome.counts, Counts)]
        return {stream: figures_of(platform, name, stream, tenant) for stream in synced}

    def _checks(self, tenant: str, outcomes: Sequence[Outcome]) -> list[dg.AssetCheckResult]:
        """The checks worth a row; all of them, at every sweep, would be most of the event log."""
        synced = [outcome.stream for outcome in outcomes if isinstance(outcome.counts, Counts)]
        results = results_of(self.run.platform, self.source, synced, tenant)
        failed = self.run.platform.failed_checks.of(tenant)
        return worth_telling(results, tenant, failed, ROWS - len(outcomes))
