"""One asset for each stream of each source, partitioned by tenant."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import SyncError
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec, StreamSpec
from sync_assets.defs.checks import results_of, steps_name
from sync_assets.defs.config import SyncConfig
from sync_assets.defs.embeddings import embeddings_of
from sync_assets.defs.failures import ends_run_when_cancelled, translated
from sync_assets.defs.figures import figures_of
from sync_assets.defs.identity import at_work, sync_id_of
from sync_assets.defs.keys import asset_key
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.partitions import tenant_of, tenants_of
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.selected import selected
from sync_assets.defs.telling import tell, worth_telling

RESULTS = 16
"""Results of checks that a run for one tenant tells: all, up to four streams."""


def assets_of(source: SourceSpec) -> list[dg.AssetsDefinition]:
    """The assets `{source}/{stream}`, and that of their embeddings."""
    return [*(_asset(source, stream) for stream in source.streams), *embeddings_of(source)]


def _asset(source: SourceSpec, stream: StreamSpec) -> dg.AssetsDefinition:
    @dg.asset(
        key=asset_key(source.name, stream.name),
        deps=[asset_key(source.name, need) for need in stream.needs],
        partitions_def=tenants_of(source.name),
        group_name=source.name,
        kinds={source.name, "postgres"},
        description=stream.description,
        metadata={
            "dagster/table_name": f"cms.{stream.table.name}",
            "dagster/column_schema": _schema(stream),
        },
        op_tags={"sync_assets/source": source.name, "sync_assets/stream": stream.name},
    )
    def materialize(
        context: dg.AssetExecutionContext, config: SyncConfig, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        tenant = tenant_of(context)
        sync_id = sync_id_of(context.run, tenant)
        with (
            translated(tenant),
            platform.open() as opened,
            at_work(context.run, opened) as run,
            ends_run_when_cancelled(context, run, sync_id),
        ):
            request = run.request(
                tenant, selected(context, source, opened), config.options(), sync_id
            )
            context.log.info("Sync %s of %s: %s", sync_id, tenant, stream.name)
            counts = run.stream(request, stream.name, StopSignal())
            metadata = materialization_metadata(sync_id, counts)
            figures = figures_of(opened, source.name, stream.name, tenant)
            yield dg.MaterializeResult(metadata={**figures, **metadata})
            _tell_checks(context, opened, source, stream.name, tenant)

    return materialize


def _tell_checks(
    context: dg.AssetExecutionContext,
    platform: Platform,
    source: SourceSpec,
    stream: str,
    tenant: str,
) -> None:
    """Do the checks of a stream that was just synced, unless this run has a step for them."""
    if context.job_def.has_node_named(steps_name(source.name, stream)):
        return  # Dagster refuses a second result of a check in the same run
    try:
        results = results_of(platform, source, [stream], tenant)
        failed, room = platform.failed_checks, RESULTS // len(source.streams)
        tell(
            context,
            failed,
            tenant,
            worth_telling(results, tenant, failed.of(tenant), room, passing=True),
        )
    except SyncError as error:  # the stream was synced all the same
        context.log.warning("The checks of %s could not be done: %s", stream, error)


def _schema(stream: StreamSpec) -> dg.TableSchema:
    columns = [dg.TableColumn(column.name, column.type.value) for column in stream.table.columns]
    return dg.TableSchema([dg.TableColumn(stream.table.key, "bigint"), *columns])
