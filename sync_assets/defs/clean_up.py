"""The job `clean_up`: every night, what is old and no longer needed goes."""

import time
from collections.abc import Sequence

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.defs.maintenance import TAGS
from sync_assets.defs.old_runs import delete_old_runs
from sync_assets.defs.resources import PlatformResource
from sync_assets.store.dagster_tables import forget_checks
from sync_assets.store.retention import Retention
from sync_assets.upkeep.cleaning import SECONDS, beginning, clean_rows


def clean_up_job(checks: Sequence[dg.AssetCheckKey]) -> dg.JobDefinition:
    """The job; `checks` are all that there are, whose current results stay."""

    @dg.op(
        name="clean_up_everything",
        description="Deletes old requests with their syncs, log lines, resolved dead letters, "
        "idle paces, and Dagster's old runs with their event logs.",
    )
    def everything(context: dg.OpExecutionContext, platform: PlatformResource) -> dict[str, int]:
        until = time.monotonic() + SECONDS
        with platform.open() as opened:
            counts = {
                **clean_rows(opened, utc_now(), until),
                **_clean_dagster(opened, context.instance, checks, until),
            }
        context.add_output_metadata(counts)
        return counts

    @dg.job(
        name="clean_up",
        tags=TAGS,
        description="Deletes what is old and no longer needed.",
        # Given here: Dagster copies a sensor with a job that lacks one, and warns of a beta then.
        resource_defs={"platform": PlatformResource()},
    )
    def clean_up() -> None:
        everything()

    return clean_up


def _clean_dagster(
    platform: Platform,
    instance: dg.DagsterInstance,
    checks: Sequence[dg.AssetCheckKey],
    until: float,
) -> dict[str, int]:
    before = beginning(platform.settings, platform.settings.keep_runs_days, utc_now())
    if before is None:
        return {"runs": 0, "runs_kept": 0, "check_results": 0}
    needed = Retention(platform.database, until).runs_in_use()
    runs = delete_old_runs(instance, before, checks, needed, until)
    results = forget_checks(platform.database, before, until)
    return {"runs": runs.deleted, "runs_kept": runs.kept, "check_results": results}
