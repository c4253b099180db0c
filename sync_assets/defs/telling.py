"""Tells Dagster the results of checks, so that each row of its event log says something."""

import json
import logging
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from sync_assets.core.errors import SyncError
from sync_assets.defs.keys import stream_of
from sync_assets.store.failed_checks import Check, FailedChecks

_log = logging.getLogger(__name__)

Context = dg.OpExecutionContext | dg.AssetExecutionContext


def tell(
    context: Context, failed: FailedChecks, tenant: str, results: Sequence[dg.AssetCheckResult]
) -> None:
    """Log these results of a tenant's checks, after the materializations that they speak of."""
    with remembered(failed, tenant, results):
        for result in results:
            log(context, result, tenant)


def worth_telling(
    results: Iterable[dg.AssetCheckResult],
    tenant: str,
    failed: Collection[Check],
    room: int,
    *,
    passing: bool = False,
) -> list[dg.AssetCheckResult]:
    """What changed, then what still fails; as much as there is room for.

    What fails is told each time: Dagster takes a result for outdated once the partition is
    materialized again.

    Args:
        results: of a tenant's checks.
        tenant: whose.
        failed: what Dagster was last told to fail; a check that it was told nothing of passes.
        room: results that may be told.
        passing: tell what passes as before, too, as far as there is room.
    """

    def weight(result: dg.AssetCheckResult) -> int:
        known = _check(tenant, result) in failed
        if known == result.passed:
            return 0  # it fails now, or passes again
        return 2 if result.passed else 1

    ordered = sorted(results, key=weight)
    return [result for result in ordered if passing or weight(result) < 2][:room]


@contextmanager
def remembered(
    failed: FailedChecks, tenant: str, results: Iterable[dg.AssetCheckResult]
) -> Generator[None]:
    """Remember which of the results that are told within fail.

    Before they are told, and until the passed ones were: whatever Dagster shows as failed after a
    crash is known, and will be told to pass.
    """
    ended = {_check(tenant, result): result.passed for result in results}
    _remember(failed.add, [check for check, passed in ended.items() if not passed])
    yield
    _remember(failed.remove, [check for check, passed in ended.items() if passed])


def log(context: Context, result: dg.AssetCheckResult, tenant: str) -> None:
    """Log one result as of the latest materialization; any op may, not just the check's step."""
    key = _key(result)
    event = dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=str(result.check_name),
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        partition=tenant,
        target_materialization_data=_latest(context.instance, key, tenant),
    )
    # The annotation lags behind: an op has been able to log these since Dagster 1.10.6.
    context.log_event(event)  # pyright: ignore[reportArgumentType]


def _latest(instance: dg.DagsterInstance, key: dg.AssetKey, tenant: str) -> Any:  # noqa: ANN401
    """What a result is about; one about nothing does not count among the partitions' results."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[tenant])
    found = instance.fetch_materializations(wanted, limit=1).records
    if not found:
        return None
    record = found[0]
    # The class itself is not public; its stored form is.
    stored = {
        "__class__": "AssetCheckEvaluationTargetMaterializationData",
        "storage_id": record.storage_id,
        "run_id": record.run_id,
        "timestamp": record.timestamp,
    }
    return dg.deserialize_value(json.dumps(stored))


def _remember(change: Callable[[Collection[Check]], None], checks: Collection[Check]) -> None:
    try:
        change(checks)
    except SyncError as error:  # what was synced stays synced
        _log.warning("Could not note what Dagster was told of checks: %s", error)


def _check(tenant: str, result: dg.AssetCheckResult) -> Check:
    return Check(tenant, stream_of(_key(result)), str(result.check_name))


def _key(result: dg.AssetCheckResult) -> dg.AssetKey:
    if result.asset_key is None:
        raise ValueError(f"The result of {result.check_name} names no asset.")
    return result.asset_key
