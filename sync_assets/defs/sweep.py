"""One run for many tenants: the same sync, tenant by tenant, in a few threads."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OutOfTime, SyncError, SyncHeld
from sync_assets.core.pipeline import in_order
from sync_assets.core.ports import SyncOptions
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.assets import asset_key
from sync_assets.defs.config import SweepConfig
from sync_assets.defs.identity import sync_id_of
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.resources import PlatformResource

THREADS = 4
"""Tenants at the same time in one sweep."""

TURN = 60
"""Seconds for a tenant in a sweep; a longer sync goes on in a run of its own."""


class TenantResult:
    """How a tenant's turn in a sweep ended."""

    def __init__(self, tenant: str, outcomes: list[Outcome], error: SyncError | None) -> None:
        self.tenant = tenant
        self.outcomes = outcomes
        self.error = error

    @property
    def problem(self) -> str | None:
        """Why the tenant failed; None when it was synced, is busy or goes on by itself."""
        errors = [self.error, *(outcome.error for outcome in self.outcomes)]
        real = [e for e in errors if e is not None and not isinstance(e, OutOfTime | SyncHeld)]
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
        problems: dict[str, str] = {}
        with platform.open() as opened, _stopping() as stop:
            for result in _results(context, opened, config, stop):
                _report(context, source.name, result)
                if result.problem:
                    problems[result.tenant] = result.problem
        if problems:
            raise _failed(problems, len(config.tenants))

    @dg.job(name=f"{source.name}_sweep", description=f"Syncs many tenants of {source.title}.")
    def sweep() -> None:
        sweep_tenants()

    return sweep


@contextmanager
def _stopping() -> Generator[StopSignal]:
    """A signal that is set when the run is interrupted or ends."""
    stop = StopSignal()
    try:
        yield stop
    finally:
        stop.set()


def _results(
    context: dg.OpExecutionContext, platform: Platform, config: SweepConfig, stop: StopSignal
) -> Iterable[TenantResult]:
    options = config.options()
    tenants = list(dict.fromkeys(config.tenants))
    calls = (partial(_sync_tenant, context.run, platform, t, options, stop) for t in tenants)
    return in_order(calls, stop, width=THREADS)


def _sync_tenant(
    run: dg.DagsterRun, platform: Platform, tenant: str, options: SyncOptions, stop: StopSignal
) -> TenantResult:
    try:
        sync_id = sync_id_of(run, tenant)
        request = platform.request(tenant, (), options, sync_id, run_id=run.run_id)
        return TenantResult(tenant, platform.run_tenant(request, stop.turn(TURN)), None)
    except SyncError as error:
        return TenantResult(tenant, [], error)


def _report(context: dg.OpExecutionContext, source: str, result: TenantResult) -> None:
    """Mark the partitions of the streams that were synced."""
    for outcome in result.outcomes:
        if outcome.counts is not None:
            sync_id = sync_id_of(context.run, result.tenant)
            context.log_event(
                dg.AssetMaterialization(
                    asset_key(source, outcome.stream),
                    partition=result.tenant,
                    metadata=materialization_metadata(sync_id, outcome.counts),
                )
            )
        elif outcome.error is not None:
            context.log.warning("%s: %s", result.tenant, outcome.error)
    if result.error is not None:
        context.log.warning("%s: %s", result.tenant, result.error)


def _failed(problems: dict[str, str], of: int) -> dg.Failure:
    names = ", ".join(sorted(problems))
    return dg.Failure(
        description=f"{len(problems)} of {of} tenants failed: {names}.",
        metadata={tenant: dg.MetadataValue.text(why) for tenant, why in problems.items()},
        allow_retries=False,
    )
