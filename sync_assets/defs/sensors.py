"""Keeps partitions in step with the tenants, and goes on with syncs that outgrew a sweep."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.ports import SyncOptions
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.config import options_in
from sync_assets.defs.enqueue import enqueue
from sync_assets.defs.freshness import freshness_of
from sync_assets.defs.identity import SYNC_ID_TAG
from sync_assets.defs.partitions import tenants_of
from sync_assets.defs.resources import PlatformResource

# Without NOT_STARTED: the daemon launches a run that it made and lost when asked under its key.
_LIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def sensors_of(source: SourceSpec) -> list[dg.SensorDefinition]:
    """The sensors `{source}_tenants`, `{source}_continue` and `{source}_freshness`."""
    return [_tenants(source), continue_of(source), freshness_of(source)]


def _tenants(source: SourceSpec) -> dg.SensorDefinition:
    partitions = tenants_of(source.name)
    name = f"{source.name}_tenants"

    @dg.sensor(
        name=name,
        job_name=f"{source.name}_sweep",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Makes a partition for each new tenant of {source.title} and starts its "
        "first sync; retires the partitions of removed tenants.",
    )
    def tick(
        context: dg.SensorEvaluationContext, platform: PlatformResource
    ) -> dg.SensorResult | dg.SkipReason:
        with platform.open() as opened:
            active = set(opened.tenants.ids(source.name))
        present = set(context.instance.get_dynamic_partitions(name))
        new, gone = sorted(active - present), sorted(present - active)
        if not new and not gone:
            return dg.SkipReason("Every active tenant has its partition.")
        return dg.SensorResult(
            run_requests=[enqueue(source.name, new, SyncOptions())] if new else [],
            dynamic_partitions_requests=[
                *([partitions.build_add_request(new)] if new else []),
                *([partitions.build_delete_request(gone)] if gone else []),
            ],
        )

    return tick


def continue_of(source: SourceSpec, clock: Clock = utc_now) -> dg.SensorDefinition:
    """The sensor `{source}_continue`."""

    @dg.sensor(
        name=f"{source.name}_continue",
        job_name=f"{source.name}_sync",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Gives a sync that was longer than its turn in a sweep a run of its own, "
        "which goes on from its checkpoint.",
    )
    def tick(
        context: dg.SensorEvaluationContext, platform: PlatformResource
    ) -> dg.SensorResult | dg.SkipReason:
        with platform.open() as opened:
            deferred = opened.syncs.deferred(source.name)
        # A single request without its partition would fail the tick, for all tenants.
        present = set(context.instance.get_dynamic_partitions(f"{source.name}_tenants"))
        deferred = [sync for sync in deferred if sync.tenant_id in present]
        live = _live(context.instance, [str(sync.id) for sync in deferred])
        deferred = [sync for sync in deferred if str(sync.id) not in live]
        if not deferred:
            return dg.SkipReason("No sync that outgrew its turn waits for a run.")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    # A run that dies before its stream starts is no attempt and uses its key up:
                    # the next hour has another.
                    run_key=f"{sync.id}:{sync.attempt}:{clock():%Y%m%d%H}",
                    partition_key=sync.tenant_id,
                    tags={SYNC_ID_TAG: str(sync.id)},
                    run_config=_config(source, sync.options),
                )
                for sync in deferred
            ]
        )

    return tick


def _live(instance: dg.DagsterInstance, sync_ids: Iterable[str]) -> set[str]:
    """Those of the syncs that have a run which has not ended."""
    tags = {SYNC_ID_TAG: list(sync_ids)}
    if not tags[SYNC_ID_TAG]:
        return set()
    runs = instance.get_runs(dg.RunsFilter(tags=tags, statuses=_LIVE))
    return {run.tags[SYNC_ID_TAG] for run in runs}


def _config(source: SourceSpec, options: Mapping[str, Any]) -> dict[str, object]:
    """The options of a sync as the run config of its job."""
    config = options_in(options)
    return {
        "ops": {f"{source.name}__{stream.name}": {"config": config} for stream in source.streams}
    }
