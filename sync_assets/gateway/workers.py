"""Who is at work: the daemon, the organization's runs and leases, and how busy the rest is."""

from datetime import datetime

from fastapi import APIRouter, Response

from sync_assets.gateway.access import Admin
from sync_assets.gateway.daemon import Daemon, daemon_of
from sync_assets.gateway.shapes import Answer, Json, moment
from sync_assets.gateway.state import ThePlatform
from sync_assets.store.workers import Leased, Running, workers

router = APIRouter(tags=["workers"])


class Run(Answer):
    """A sync at work; `aliveAt` is the last sign of life of its process."""

    sync_id: str
    site_id: str
    queue: str
    run_id: str | None
    started_at: datetime | None
    alive_at: datetime | None


class Lease(Answer):
    """A stream that a sync holds."""

    site_id: str
    stream: str
    sync_id: str
    expires_at: datetime


class Load(Answer):
    """How much others have at work."""

    running: int
    waiting: int
    leases: int


class Workers(Answer):
    """Who is at work."""

    daemon: Daemon
    running: list[Run]
    leases: list[Lease]
    waiting: int
    others: Load


@router.get("/v1/workers", response_model=Workers)
def show(caller: Admin, platform: ThePlatform) -> Response:
    """Who is at work; of other organizations only how many."""
    found = workers(platform.database, caller.organization)
    others = found.others
    answer = {
        "daemon": daemon_of(platform),
        "running": [_run(run) for run in found.running],
        "leases": [_lease(lease) for lease in found.leases],
        "waiting": found.waiting,
        "others": {
            "running": others.running,
            "waiting": others.waiting,
            "leases": others.leases,
        },
    }
    return Json(answer)


def _run(run: Running) -> dict[str, object]:
    return {
        "syncId": str(run.sync_id),
        "siteId": run.tenant_id,
        "queue": run.queue,
        "runId": run.run_id,
        "startedAt": moment(run.begun_at),
        "aliveAt": moment(run.alive_at),
    }


def _lease(lease: Leased) -> dict[str, object]:
    return {
        "siteId": lease.tenant_id,
        "stream": lease.stream,
        "syncId": str(lease.sync_id),
        "expiresAt": moment(lease.expires_at),
    }
