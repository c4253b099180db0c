"""Shows a sync that is at work already, such as the first one, which the tenant sensor starts."""

import time
from typing import TYPE_CHECKING
from uuid import UUID

from sync_assets.cli.job import LOOK_EVERY, Ended, report_of, run_job
from sync_assets.cli.output import say
from sync_assets.cli.progress import progress_of
from sync_assets.cli.signals import Asked
from sync_assets.core.ports import SyncRequest
from sync_assets.core.report import Report
from sync_assets.core.run import StreamStatus

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_AT_WORK = {"queued", "running"}


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
    return ended if other is None else follow(platform, other, asked)


def follow(platform: "Platform", sync_id: UUID, asked: Asked) -> Ended:
    """Show a sync to its end; a wish to stop ends only the looking."""
    report = platform.syncs.report(sync_id)
    say(f"Sync {sync_id} of {report.tenant_id} is already at work; showing that one.")
    with progress_of([row.stream for row in report.streams]) as progress:
        progress.show(report)
        while report.status in _AT_WORK and not asked.to_stop:
            time.sleep(LOOK_EVERY)
            report = report_of(platform, sync_id) or report
            progress.show(report)
    interrupted = asked.to_stop and report.status in _AT_WORK
    return Ended(report, 0, None, "", interrupted)


def _was_held(report: Report) -> bool:
    """Were streams skipped though none failed? Then another sync had them."""
    statuses = {report.stream_status(row) for row in report.streams}
    return StreamStatus.SKIPPED in statuses and StreamStatus.FAILED not in statuses
