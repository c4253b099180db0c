"""One asset for each stream of each source, partitioned by tenant."""

from typing import Any

import dagster as dg

from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec, StreamSpec
from sync_assets.defs.config import SyncConfig
from sync_assets.defs.failures import translated
from sync_assets.defs.identity import sync_id_of
from sync_assets.defs.metadata import materialization_metadata
from sync_assets.defs.partitions import tenant_of, tenants_of
from sync_assets.defs.resources import PlatformResource


def assets_of(source: SourceSpec) -> list[dg.AssetsDefinition]:
    """The assets `{source}/{stream}`."""
    return [_asset(source, stream) for stream in source.streams]


def asset_key(source: str, stream: str) -> dg.AssetKey:
    """The key of a stream's asset."""
    return dg.AssetKey([source, stream])


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
    ) -> dg.MaterializeResult[Any]:
        tenant = tenant_of(context)
        sync_id = sync_id_of(context.run, tenant)
        with translated(tenant), platform.open() as opened:
            streams = _selected(context, source)
            request = opened.request(
                tenant, streams, config.options(), sync_id, run_id=context.run.run_id
            )
            context.log.info("Sync %s of %s: %s", sync_id, tenant, stream.name)
            counts = opened.run_stream(request, stream.name, StopSignal())
        return dg.MaterializeResult(metadata=materialization_metadata(sync_id, counts))

    return materialize


def _selected(context: dg.AssetExecutionContext, source: SourceSpec) -> list[str]:
    """The streams of this run, which are the jobs of its sync."""
    chosen = context.run.asset_selection
    keys = [stream.name for stream in source.streams]
    if chosen is None:
        return keys
    return [name for name in keys if asset_key(source.name, name) in chosen]


def _schema(stream: StreamSpec) -> dg.TableSchema:
    columns = [dg.TableColumn(column.name, column.type.value) for column in stream.table.columns]
    return dg.TableSchema([dg.TableColumn(stream.table.key, "bigint"), *columns])
