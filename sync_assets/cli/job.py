"""Runs a sync's Dagster job in a child process and watches how far it is."""

import json
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sync_assets.cli import children
from sync_assets.cli.asker import asker
from sync_assets.cli.output import say
from sync_assets.cli.progress import Progress, progress_of
from sync_assets.cli.signals import Asked
from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.core.ports import SyncRequest
from sync_assets.core.report import Report
from sync_assets.core.requests import LOST

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

LOOK_EVERY = 0.3  # seconds
_STOPS_WITHIN = 60.0  # seconds; a sync obeys within a few


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended.

    Attributes:
        report: None when the sync never began.
        status: the child's exit status.
        log: the file with its output, None where another process has it.
        last_lines: the end of it.
        interrupted: somebody asked it to stop before it was done.
    """

    report: Report | None
    status: int
    log: Path | None
    last_lines: str
    interrupted: bool

    @property
    def completed(self) -> bool:
        """Did all go well?"""
        return self.status == 0 and self.report is not None and self.report.status == "completed"


def run_job(platform: "Platform", request: SyncRequest, asked: Asked) -> Ended:
    """Run the job `{source}_sync` for one tenant until it ends or a stop is asked for."""
    from sync_assets.environment import environment

    child = children.start(
        "sync",
        children.python("sync_assets.defs.execute"),
        platform.settings.home / "logs" / f"sync-{request.id}.log",
        environment(platform),
        given=json.dumps(_wish(request)).encode(),
    )
    say(f"Syncing {request.tenant.id} ({', '.join(request.streams)}): sync {request.id}")
    try:
        with progress_of(request.streams) as progress:
            _watch(platform, request, child, asked, progress)
    finally:
        children.stop([child])
    status = child.process.wait()
    _settle(platform, request.id, status, interrupted=asked.to_stop)
    report = report_of(platform, request.id)
    done = status == 0 and report is not None and report.status == "completed"
    interrupted = asked.to_stop and not done
    return Ended(report, status, child.log, child.last_lines(), interrupted)


def _settle(platform: "Platform", sync_id: UUID, status: int, *, interrupted: bool) -> None:
    """End the request of a child that is gone; no daemon may run that would do it."""
    settling = platform.settling
    with suppress(RetryLater):  # PostgreSQL is away: the sensor does it later
        settling.settle(sync_id)
        if interrupted:
            settling.give_up(sync_id, "Interrupted.", cancelled=True)
        else:
            settling.lose(sync_id, f"{LOST} with status {status}.")


def _watch(
    platform: "Platform",
    request: SyncRequest,
    child: children.Child,
    asked: Asked,
    progress: Progress,
) -> None:
    """Show how far the child is, until it ends; hand a wish to stop on to it."""
    deadline: float | None = None
    while child.status is None:
        if asked.to_stop and deadline is None:
            child.signal(signal.SIGINT)
            progress.tell("Stopping: what was written stays.")
            deadline = time.monotonic() + _STOPS_WITHIN
        if deadline is not None and time.monotonic() > deadline:
            return  # the caller ends it
        report = report_of(platform, request.id)
        if report is not None:
            progress.show(report)
        time.sleep(LOOK_EVERY)
    report = report_of(platform, request.id)
    if report is not None:
        progress.show(report)


def report_of(platform: "Platform", sync_id: UUID) -> Report | None:
    """The report at this moment; None before the sync began, or while PostgreSQL is away."""
    try:
        return platform.syncs.report(sync_id)
    except (OperatorMustAct, RetryLater):
        return None


def _wish(request: SyncRequest) -> dict[str, object]:
    """What the child reads from its standard input."""
    return {
        "sync_id": str(request.id),
        "tenant": request.tenant.id,
        "source": request.tenant.source,
        "streams": list(request.streams),
        "asked_by": asker(),
        **asdict(request.options),
    }
