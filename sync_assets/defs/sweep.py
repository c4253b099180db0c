"""One run for many tenants: the same sync, tenant by tenant, in a few threads."""

from collections.abc import Iterator, Sequence

import dagster as dg

from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.config import SweepConfig
from sync_assets.defs.embeddings import observation
from sync_assets.defs.failures import translated
from sync_assets.defs.identity import at_work
from sync_assets.defs.keys import asset_key
from sync_assets.defs.materialized import log_materializations
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.side_by_side import side_by_side
from sync_assets.defs.telling import tell
from sync_assets.defs.turns import Turn, Turns
from sync_assets.store.failed_checks import FailedChecks

THREADS = 6
"""Tenants at the same time in one sweep."""


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
        with (
            translated(f"all {len(tenants)}"),
            platform.open() as opened,
            at_work(context.run, opened) as run,
        ):
            turns = Turns.of(run, context.run, source, config.options(), stop)
            with side_by_side(turns.sync, tenants, stop, width=THREADS) as ended:
                for some in ended:
                    _report(context, source.name, opened.failed_checks, some)
                    problems |= {turn.tenant: turn.problem for turn in some if turn.problem}
        if problems:
            raise _failed(problems, len(tenants))

    @dg.job(
        name=f"{source.name}_sweep",
        description=f"Syncs many tenants of {source.title}.",
        # Given here: Dagster copies a sensor with a job that lacks one, and warns of a beta then.
        resource_defs={"platform": PlatformResource()},
    )
    def sweep() -> None:
        sweep_tenants()

    return sweep


def _report(
    context: dg.OpExecutionContext, source: str, failed: FailedChecks, turns: Sequence[Turn]
) -> None:
    """Mark the partitions of the streams that were synced, and tell what their checks found."""
    log_materializations(context, _materializations(source, turns))
    for turn in turns:
        for outcome in turn.outcomes:
            if isinstance(outcome.counts, EmbeddingCounts) and outcome.counts.skipped:
                context.log_event(observation(source, turn.tenant, turn.sync_id, outcome.counts))
            elif outcome.error is not None:
                context.log.warning("%s: %s", turn.tenant, outcome.error)
        tell(context, failed, turn.tenant, turn.checks)
        if turn.error is not None:
            context.log.warning("%s: %s", turn.tenant, turn.error)


def _materializations(source: str, turns: Sequence[Turn]) -> Iterator[dg.AssetMaterialization]:
    for turn in turns:
        for outcome in turn.outcomes:
            counts = outcome.counts
            if counts is None or (isinstance(counts, EmbeddingCounts) and counts.skipped):
                continue
            yield dg.AssetMaterialization(
                asset_key(source, outcome.stream),
                partition=turn.tenant,
                metadata={
                    **turn.figures.get(outcome.stream, {}),
                    **materialization_metadata(turn.sync_id, counts),
                },
            )


def _failed(problems: dict[str, str], of: int) -> dg.Failure:
    names = ", ".join(sorted(problems))
    return dg.Failure(
        description=f"{len(problems)} of {of} tenants failed: {names}.",
        metadata={tenant: dg.MetadataValue.text(why) for tenant, why in problems.items()},
        allow_retries=False,
    )
