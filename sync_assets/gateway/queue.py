"""The queues: how they stand, clearing one, and trying whether they work."""

from fastapi import APIRouter, Response

from sync_assets.core.queues import QUEUES
from sync_assets.gateway.access import Admin, Reader, Syncer
from sync_assets.gateway.daemon import Daemon, daemon_of
from sync_assets.gateway.problems import not_there
from sync_assets.gateway.shapes import Answer, Json
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.sync_shapes import Status

router = APIRouter(tags=["queues"])


class Figures(Answer):
    """Requests of a queue in one state, those that ended only of the last day; times in seconds."""

    queue: str
    state: Status
    requests: int
    ended_today: int
    oldest_wait: float | None
    p50_wait: float | None
    p95_wait: float | None
    p50_duration: float | None
    p95_duration: float | None


class Stats(Answer):
    """How the queues stand."""

    queues: list[Figures]


class Cleared(Answer):
    """How many syncs were cancelled."""

    queue: str
    cancelled: int


class Tried(Answer):
    """Milliseconds that the database and the queue took; `ok` where syncs start, too."""

    ok: bool
    database_ms: float
    queue_ms: float
    daemon: Daemon


@router.get("/v1/queue/stats", response_model=Stats)
def stats(caller: Reader, platform: ThePlatform) -> Response:
    """What waits, runs and has ended of the organization, by queue."""
    rows = platform.queues.stats(caller.organization, platform.settings.timezone)
    return Json({"queues": [row.as_dict() for row in rows]})


@router.delete("/v1/queue/{name}", response_model=Cleared)
def clear(name: str, caller: Admin, platform: ThePlatform) -> Response:
    """Cancel what waits of the organization in a queue; what is at work goes on."""
    if name not in QUEUES:
        raise not_there()
    cancelled = platform.queues.clear(caller.organization, name, caller.name)
    return Json({"queue": name, "cancelled": cancelled})


@router.post("/v1/queue/test", response_model=Tried)
def test(_caller: Syncer, platform: ThePlatform) -> Response:
    """Queue something and take it back at once, and look whether anybody would start it."""
    trial = platform.queues.trial()
    daemon = daemon_of(platform)
    found = {"databaseMs": trial.database, "queueMs": trial.queue, "daemon": daemon}
    return Json({"ok": daemon["state"] == "beating", **found})
