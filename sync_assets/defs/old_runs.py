"""Deletes old runs of Dagster with their event logs, but for those that something still shows."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from sync_assets.defs.partitions import tenants_of
from sync_assets.defs.reconcile import LIVE
from sync_assets.sources import SPECS

MOST = 2_000
"""Runs a night; deleting one takes 0.1 s."""

FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]

_GOES_ON = {"REQUESTED", "CANCELING", "FAILING"}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """What Dagster shows at this moment, and would show no more without its run.

    Attributes:
        materializations: storage ids of the latest one of each partition.
        runs: those of current results of checks.
        backfills: those that go on.
        roots: runs that unfinished ones repeat.
    """

    materializations: Collection[int]
    runs: Collection[str]
    backfills: Collection[str]
    roots: Collection[str]


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many old runs were deleted, and how many kept because they are still needed."""

    deleted: int
    kept: int


def delete_old_runs(
    instance: dg.DagsterInstance,
    before: datetime,
    checks: Sequence[dg.AssetCheckKey],
    needed: Collection[str],
    until: float,
) -> Deleted:
    """Delete the finished runs that were last changed before, the oldest first.

    Args:
        instance: whose runs.
        before: when a run is old.
        checks: all checks that there are.
        needed: ids of runs to keep for other reasons.
        until: stops once `time.monotonic()` is past it.
    """
    # Looked up once: whatever is not the latest now will never be so again.
    shown, deleted, kept = shown_now(instance, checks), 0, 0
    for run in _old(instance, before):
        if deleted >= MOST or time.monotonic() > until:
            break
        if run.run_id in needed or _is_shown(instance, run, shown):
            kept += 1
            continue
        instance.delete_run(run.run_id)
        instance.compute_log_manager.delete_logs(prefix=[run.run_id])
        deleted += 1
    return Deleted(deleted, kept)


def shown_now(instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]) -> Shown:
    """What Dagster shows now; partitions of removed tenants are not shown."""
    partitions = {
        source.name: set(instance.get_dynamic_partitions(str(tenants_of(source.name).name)))
        for source in SPECS
    }
    latest = {
        storage_id
        for key in instance.get_asset_keys()
        for storage_id in _latest(instance, key, partitions)
    }
    live = instance.get_run_records(
        dg.RunsFilter(statuses=[*LIVE, dg.DagsterRunStatus.NOT_STARTED])
    )
    repeated = {(run.dagster_run.root_run_id, run.dagster_run.parent_run_id) for run in live}
    backfills = {
        backfill.backfill_id
        for backfill in instance.get_backfills()
        if backfill.status.value in _GOES_ON
    }
    roots = {run for pair in repeated for run in pair if run is not None}
    return Shown(latest, set(_checking(instance, checks, partitions)), backfills, roots)


def _latest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Mapping[str, set[str]]
) -> Iterator[int]:
    """The storage ids of the latest materializations of an asset."""
    last = instance.fetch_materializations(key, limit=1).records
    if last and last[0].partition_key is None:
        yield last[0].storage_id
    by_partition = instance.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    for partition, storage_id in by_partition.items():
        if _exists(key, partition, partitions):
            yield storage_id


def _checking(
    instance: dg.DagsterInstance,
    checks: Sequence[dg.AssetCheckKey],
    partitions: Mapping[str, set[str]],
) -> Iterator[str]:
    """The runs of those results of checks that are about the latest materialization."""
    # There is no public way to ask for the checks of a partition yet, but in GraphQL.
    for info in instance.event_log_storage.get_asset_check_partition_info(list(checks)):
        if info.is_current and _exists(info.check_key.asset_key, info.partition_key, partitions):
            yield info.latest_planned_run_id


def _exists(key: dg.AssetKey, partition: str | None, partitions: Mapping[str, set[str]]) -> bool:
    return partition is None or partition in partitions.get(key.path[0], {partition})


def _old(instance: dg.DagsterInstance, before: datetime) -> Iterator[dg.DagsterRun]:
    """The old runs; a page is read before the last one is given out, whose runs are its cursor."""
    # Dagster keeps UTC and drops the zone of what it compares that with.
    wanted = dg.RunsFilter(statuses=FINISHED, updated_before=before.astimezone(UTC))
    cursor, page = None, list[dg.RunRecord]()
    while True:
        following = instance.get_run_records(wanted, limit=_PAGE, ascending=True, cursor=cursor)
        yield from (record.dagster_run for record in page)
        if not following:
            return
        cursor, page = following[-1].dagster_run.run_id, list(following)


def _is_shown(instance: dg.DagsterInstance, run: dg.DagsterRun, shown: Shown) -> bool:
    if run.run_id in shown.runs or run.run_id in shown.roots:
        return True
    if run.tags.get("dagster/backfill") in shown.backfills:
        return True
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    cursor, more = None, True
    while more:
        found = instance.get_records_for_run(run.run_id, cursor=cursor, of_type=kind, limit=1_000)
        if any(record.storage_id in shown.materializations for record in found.records):
            return True
        cursor, more = found.cursor, found.has_more
    return False
