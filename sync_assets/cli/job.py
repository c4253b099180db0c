"""Runs a sync's Dagster job in a child process and watches how far it is."""

import json
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sync_assets.cli import children
from sync_assets.cli.progress import Progress, progress_of
from sync_assets.cli.signals import Asked
from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.core.ports import SyncRequest
from sync_assets.core.report import Report

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_LOOK_EVERY = 0.3  # seconds
_STOPS_WITHIN = 60.0  # seconds; a sync obeys within a few


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended.

    Attributes:
        report: None when the sync never began.
        status: the child's exit status.
        log: the file with its output.
        last_lines: the end of it.
        interrupted: somebody asked it to stop before it was done.
    """

    report: Report | None
    status: int
    log: Path
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
        environment(platform) | _leave(platform),
        given=json.dumps(_wish(request)).encode(),
    )
    try:
        with progress_of(request) as progress:
            _watch(platform, request, child, asked, progress)
    finally:
        children.stop([child])
    report, status = _report(platform, request), child.process.wait()
    done = status == 0 and report is not None and report.status == "completed"
    interrupted = asked.to_stop and not done
    return Ended(report, status, child.log, child.last_lines(), interrupted)


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
            progress.stopping()
            deadline = time.monotonic() + _STOPS_WITHIN
        if deadline is not None and time.monotonic() > deadline:
            return  # the caller ends it
        report = _report(platform, request)
        if report is not None:
            progress.show(report)
        time.sleep(_LOOK_EVERY)
    report = _report(platform, request)
    if report is not None:
        progress.show(report)


def _report(platform: "Platform", request: SyncRequest) -> Report | None:
    """The report at this moment; None before the sync began, or while PostgreSQL is away."""
    try:
        return platform.syncs.report(request.id)
    except (OperatorMustAct, RetryLater):
        return None


def _wish(request: SyncRequest) -> dict[str, object]:
    """What the child reads from its standard input."""
    return {
        "sync_id": str(request.id),
        "tenant": request.tenant.id,
        "source": request.tenant.source,
        "streams": list(request.streams),
        **asdict(request.options),
    }


def _leave(platform: "Platform") -> dict[str, str]:
    """The leave to use private addresses, where this process has it."""
    return {"SYNC_ASSETS_ALLOW_PRIVATE_URLS": str(platform.settings.allow_private_urls).lower()}
