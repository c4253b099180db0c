"""Ends runs that nobody asks about any more: their requests have ended, their process is gone.

A process may die between its last request and the end of its run, and where its code server died,
too, nobody tells Dagster. Such a run would keep a place for runs until the ceiling of a day.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

import dagster as dg

from sync_assets.sources import SPECS

QUIET = timedelta(seconds=90)
"""A run of syncs without any at work ends at once; each of its steps writes events meanwhile."""

VERY_QUIET = timedelta(hours=1)
"""Upkeep gives no other sign of life than its events, and may be long at one thing."""

ASSETS_JOB = "__ASSET_JOB"
"""What Dagster calls a run for assets that a person has chosen in the UI."""

_log = logging.getLogger(__name__)


def end_left_over(instance: dg.DagsterInstance, at_work: Collection[str], now: datetime) -> None:
    """End started runs that have been quiet for too long.

    Args:
        instance: whose runs.
        at_work: ids of the runs that have requests, which give signs of life.
        now: the time.
    """
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for record in instance.get_run_records(started):
        run = record.dagster_run
        if run.run_id in at_work:
            continue
        quiet = now - _last_sign(instance, record)
        if quiet > (QUIET if _syncs(run) else VERY_QUIET):
            cause = f"Its process ended: no event for {quiet.seconds} s, and no sync at work."
            _log.error("Run %s is ended: %s", run.run_id, cause)
            instance.report_run_failed(run, cause)


def _last_sign(instance: dg.DagsterInstance, record: dg.RunRecord) -> datetime:
    """When a run last wrote an event, or else changed its state."""
    newest = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False)
    zone = record.update_timestamp.tzinfo
    times = [datetime.fromtimestamp(event.timestamp, zone) for event in newest.records]
    return max([record.update_timestamp, *times])


def _syncs(run: dg.DagsterRun) -> bool:
    ours = {f"{source.name}_{kind}" for source in SPECS for kind in ("sync", "sweep")}
    return run.job_name in {*ours, ASSETS_JOB}
