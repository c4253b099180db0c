"""Shows a sync that somebody else runs, or will run, to its end."""

import math
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sync_assets.cli.asker import asker
from sync_assets.cli.job import LOOK_EVERY, Ended, report_of, run_job
from sync_assets.cli.output import say
from sync_assets.cli.progress import Progress, progress_of
from sync_assets.cli.signals import Asked
from sync_assets.cli.summary import waiting
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.ports import SyncRequest
from sync_assets.core.report import Report
from sync_assets.core.run import StreamStatus

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform


ALONE = (
    "Nothing starts it: no daemon of Dagster is at work. 'sync-assets dev' starts one, or "
    "'dagster-daemon run' where you run the services yourself."
)

_PATIENCE = 15  # seconds that a request may wait before somebody asks whether it is in vain
_SILENT = timedelta(seconds=90)  # a daemon gives a sign of life every 30


def run_or_follow(platform: "Platform", request: SyncRequest, asked: Asked) -> Ended:
    """Run a sync, unless another process does all of it already: then show that one.

    The other one may also begin while ours is being started, and keep it from its streams.
    """
    other = platform.syncs.instead_of(request)
    if other is not None:
        return follow(platform, other, asked)
    ended = run_job(platform, request, asked)
    if asked.to_stop or ended.report is None or not _was_held(ended.report):
        return ended
    other = platform.syncs.instead_of(request)
    if other is None:
        return ended
    with suppress(OperatorMustAct):  # it has ended
        platform.requests.cancel(request.id, asker())  # it waits for another try, for nothing
    return follow(platform, other, asked)


def follow(platform: "Platform", sync_id: UUID, asked: Asked) -> Ended:
    """Show a sync to its end; a wish to stop ends only the looking."""
    tenant = platform.syncs.report(sync_id).tenant_id
    say(f"Sync {sync_id} of {tenant} is already at work; showing that one.")
    report = watch(platform, sync_id, asked)
    return Ended(report, 0, None, "", asked.to_stop and not report.ended)


def watch(platform: "Platform", sync_id: UUID, asked: Asked) -> Report:
    """Show how a sync goes on, until it ends or a stop is asked for; gives its last report."""
    report = platform.syncs.report(sync_id)
    zone = platform.settings.timezone
    with progress_of([row.stream for row in report.streams]) as progress:
        said, hint_at = _show(progress, report, zone, None), time.monotonic() + _PATIENCE
        while not report.ended and not asked.to_stop:
            time.sleep(LOOK_EVERY)
            report = report_of(platform, sync_id) or report
            said = _show(progress, report, zone, said)
            if time.monotonic() > hint_at and report.status == "queued":
                hint_at = math.inf
                if is_alone(platform):
                    progress.tell(ALONE)
    return report


def is_alone(platform: "Platform") -> bool:
    """Is there no daemon that starts what waits?"""
    from sync_assets.store.dagster_tables import heartbeats

    beats = heartbeats(platform.database).values()
    return not beats or utc_now() - max(beats) > _SILENT


def _show(progress: Progress, report: Report, zone: str, said: str | None) -> str | None:
    """Show the streams, and what a sync waits for when that was not said yet."""
    progress.show(report)
    why = waiting(report, zone)
    if why is not None and why != said:
        progress.tell(why)
    return why


def _was_held(report: Report) -> bool:
    """Were streams skipped though none failed? Then another sync had them."""
    statuses = {report.stream_status(row) for row in report.streams}
    return StreamStatus.SKIPPED in statuses and StreamStatus.FAILED not in statuses
