"""One run for many tenants: the same sync, tenant by tenant, in a few threads."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OutOfTime, SyncError, SyncHeld
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.assets import asset_key
from sync_assets.defs.checks import evaluations_of, log_check
from sync_assets.defs.config import SweepConfig
from sync_assets.defs.failures import translated
from sync_assets.defs.identity import sync_id_of
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.side_by_side import side_by_side

THREADS = 4
"""Tenants at the same time in one sweep."""

TURN = 60
"""Seconds for a tenant in a sweep; a longer sync goes on in a run of its own."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a tenant's turn in a sweep ended.

    Attributes:
        outcomes: how each stream did.
        checks: what is to be said of the streams that were synced.
        error: why none was tried, or why nothing can be said of them.
    """

    tenant: str
    outcomes: Sequence[Outcome] = ()
    checks: Sequence[dg.AssetCheckEvaluation] = ()
    error: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the tenant failed; None when it was synced, is busy or goes on by itself."""
        if self.error is not None:
            return self.error
        errors = [outcome.error for outcome in self.outcomes if outcome.error is not None]
        real = [error for error in errors if not isinstance(error, OutOfTime | SyncHeld)]
        return str(real[0]) if real else None


def sweep_of(source: SourceSpec) -> dg.JobDefinition:
    """The job `{source}_sweep`."""

    @dg.op(
        name=f"{source.name}_sweep_tenants",
        description=f"Syncs the given tenants of {source.title}, each with all its streams. "
        "Fails at the end, naming the tenants that failed; the others are materialized.",
    )
    def sweep_tenants(
        context: dg.OpExecutionContext, config: SweepConfig, platform: PlatformResource
    ) -> None:
        stop, tenants = StopSignal(), list(dict.fromkeys(config.tenants))
        problems: dict[str, str] = {}
        with translated(f"all {len(tenants)}"), platform.open() as opened:
            # Opened before there are threads: `cached_property` has no lock from Python 3.12 on.
            _ = opened.tenants, opened.syncs, opened.health
            call = partial(_sync_tenant, context.run, opened, source, config.options(), stop)
            with side_by_side(call, tenants, stop, width=THREADS) as turns:
                for turn in turns:
                    _report(context, source.name, turn)
                    if turn.problem:
                        problems[turn.tenant] = turn.problem
        if problems:
            raise _failed(problems, len(tenants))

    @dg.job(name=f"{source.name}_sweep", description=f"Syncs many tenants of {source.title}.")
    def sweep() -> None:
        sweep_tenants()

    return sweep


def _sync_tenant(
    run: dg.DagsterRun,
    platform: Platform,
    source: SourceSpec,
    options: SyncOptions,
    stop: StopSignal,
    tenant: str,
) -> Turn:
    outcomes: list[Outcome] = []
    try:
        request = platform.request(tenant, (), options, sync_id_of(run, tenant), run.run_id)
        outcomes = platform.run_tenant(request, stop.turn(TURN))
        return Turn(tenant, outcomes, _checks(platform, source, outcomes, request))
    except SyncError as error:
        return Turn(tenant, outcomes, error=str(error))
    except Exception as error:  # noqa: BLE001 - one tenant's surprise is not the others'
        _log.exception("The sweep of %s failed in a way nobody thought of", tenant)
        return Turn(tenant, outcomes, error=f"{type(error).__name__}: see the program's log.")


def _checks(
    platform: Platform, source: SourceSpec, outcomes: Sequence[Outcome], request: SyncRequest
) -> list[dg.AssetCheckEvaluation]:
    """The checks worth an event: those that fail, and in a full sweep, once a day, all.

    Every quarter of an hour, all of them would be most of the event log.
    """
    synced = [outcome.stream for outcome in outcomes if outcome.counts is not None]
    found = evaluations_of(platform, source, synced, request.tenant.id)
    return [check for check in found if request.options.full or not check.passed]


def _report(context: dg.OpExecutionContext, source: str, turn: Turn) -> None:
    """Mark the partitions of the streams that were synced."""
    sync_id = sync_id_of(context.run, turn.tenant)
    for outcome in turn.outcomes:
        if outcome.counts is not None:
            context.log_event(
                dg.AssetMaterialization(
                    asset_key(source, outcome.stream),
                    partition=turn.tenant,
                    metadata=materialization_metadata(sync_id, outcome.counts),
                )
            )
        elif outcome.error is not None:
            context.log.warning("%s: %s", turn.tenant, outcome.error)
    for check in turn.checks:
        log_check(context, check)
    if turn.error is not None:
        context.log.warning("%s: %s", turn.tenant, turn.error)


def _failed(problems: dict[str, str], of: int) -> dg.Failure:
    names = ", ".join(sorted(problems))
    return dg.Failure(
        description=f"{len(problems)} of {of} tenants failed: {names}.",
        metadata={tenant: dg.MetadataValue.text(why) for tenant, why in problems.items()},
        allow_retries=False,
    )
