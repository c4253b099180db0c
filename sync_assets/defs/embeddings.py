"""The asset `{source}/embeddings`: a cost check, then the embedding that it lets through."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.defs.failures import ends_run_when_cancelled, translated
from sync_assets.defs.identity import at_work, sync_id_of
from sync_assets.defs.keys import asset_key
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.partitions import tenant_of, tenants_of
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.selected import selected
from sync_assets.runs import Run

_DESCRIPTION = (
    "The texts of {title}'s records, in pieces, as vectors. A cost check comes first: where the "
    "budget is spent or blocked, the embedding is skipped, and an observation says why."
)


def embeddings_of(source: SourceSpec) -> list[dg.AssetsDefinition]:
    """The asset, where the source has texts."""
    return [_asset(source)] if source.texts else []


def observation(source: str, tenant: str, sync_id: object, counts: EmbeddingCounts) -> Any:  # noqa: ANN401 - Dagster's events have no common public type
    """What Dagster is told of a tenant whose texts were not, or not all, embedded."""
    metadata = materialization_metadata(sync_id, counts)
    # Dagster's UI does not show the description, and folds what follows the sixth line.
    why = {name: metadata[name] for name in ("skip_reason", "cost_state") if name in metadata}
    return dg.AssetObservation(
        asset_key(source, EMBEDDINGS),
        partition=tenant,
        description=counts.skip_reason,
        metadata={**why, **metadata},
    )


def _asset(source: SourceSpec) -> dg.AssetsDefinition:
    streams = [stream.name for stream in source.texts]

    @dg.op(
        name=f"{source.name}_cost_check",
        ins={name: dg.In(dg.Nothing) for name in streams},
        out=dg.Out(dg.Nothing, is_required=False),
        description="Splits what changed, takes away what is no longer public, and asks the budget "
        "whether the rest may be embedded.",
    )
    def cost_check(
        context: dg.OpExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.Output[None]]:
        with _working(context, platform, source) as (run, request):
            if EMBEDDINGS not in request.streams:  # nobody wants any
                off = run.platform.texts.switched_off(request.tenant)
                _told(context, source, request, EmbeddingCounts(skip_reason=off or ""))
                return
            counts = run.check_embeddings(request, StopSignal())
            if not _told(context, source, request, counts):
                yield dg.Output(None)

    @dg.op(
        name=f"{source.name}_embed",
        ins={"allowed": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing, is_required=False),
        description="Embeds what has no vector yet, call by call, as far as the budget reaches.",
    )
    def embed(
        context: dg.OpExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.Output[None]]:
        with _working(context, platform, source) as (run, request):
            counts = run.embed(request, StopSignal())
            if not _told(context, source, request, counts):
                yield dg.Output(None, metadata=materialization_metadata(request.id, counts))

    @dg.graph_asset(
        key=asset_key(source.name, EMBEDDINGS),
        ins={
            name: dg.AssetIn(asset_key(source.name, name), dagster_type=dg.Nothing)
            for name in streams
        },
        partitions_def=tenants_of(source.name),
        group_name=source.name,
        kinds={"postgres", "ai"},
        description=_DESCRIPTION.format(title=source.title),
    )
    def embeddings(**upstream: Any) -> Any:  # noqa: ANN401 - Dagster's own
        return embed(cost_check(**upstream))

    return embeddings


@contextmanager
def _working(
    context: dg.OpExecutionContext, platform: PlatformResource, source: SourceSpec
) -> Generator[tuple[Run, SyncRequest]]:
    tenant = tenant_of(context)
    sync_id = sync_id_of(context.run, tenant)
    with (
        translated(tenant),
        platform.open() as opened,
        at_work(context.run, opened) as run,
        ends_run_when_cancelled(context, run, sync_id),
    ):
        parts = selected(context, source, opened)
        yield run, run.request(tenant, parts, SyncOptions(), sync_id)


def _told(
    context: dg.OpExecutionContext,
    source: SourceSpec,
    request: SyncRequest,
    counts: EmbeddingCounts,
) -> bool:
    """Tell Dagster why something was left out; gives whether it was."""
    if not counts.skipped:
        return False
    context.log.warning("Not embedded: %s", counts.skip_reason)
    context.log_event(observation(source.name, request.tenant.id, request.id, counts))
    return True
