"""Upkeep before its time: the installation's, and a full sync of an organization's tenants."""

from datetime import datetime
from enum import StrEnum

from fastapi import APIRouter, Response

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.enqueue import enqueue
from sync_assets.gateway import sync_shapes
from sync_assets.gateway.access import Admin, Caller
from sync_assets.gateway.idempotency import Once
from sync_assets.gateway.shapes import Answer, Json
from sync_assets.gateway.state import ThePlatform

router = APIRouter(tags=["maintenance"])


class Task(StrEnum):
    """What can be asked for."""

    CLEAN_UP = "clean_up"
    STATISTICS = "statistics"
    HEALTH = "health"
    FULL_SYNC = "full_sync"


class Accepted(Answer):
    """`new` is false where the same waits or has just begun; a full sync gives its syncs."""

    task: Task
    asked_at: datetime
    new: bool
    syncs: list[sync_shapes.Asked]


@router.post("/v1/maintenance/{task}", status_code=202, response_model=Accepted)
def ask(task: Task, caller: Admin, platform: ThePlatform, once: Once) -> Response:
    """Ask for upkeep that else comes by itself; it begins within a minute.

    What began in the last five minutes is not begun again, whoever asks.
    `full_sync` reads everything again of the organization's tenants.
    """

    def act() -> Response:
        if task is Task.FULL_SYNC:
            return Json(_full_sync(platform, caller), 202)
        wish = platform.wishes.ask(task.value, caller.name)
        asked_at = wish.asked_at.isoformat()
        return Json({"task": task, "askedAt": asked_at, "new": wish.new, "syncs": []}, 202)

    return once(act)


def _full_sync(platform: Platform, caller: Caller) -> dict[str, object]:
    asked = enqueue(
        platform,
        platform.tenants.ids_of(caller.organization),
        SyncOptions(full=True),
        organization=caller.organization,
        priority=Priority.LOW,
        asked_by=caller.name,
        strict=False,
    )
    return {
        "task": Task.FULL_SYNC,
        "askedAt": utc_now().isoformat(),
        "new": any(answer.new for answer in asked),
        "syncs": [answer.as_dict() for answer in asked],
    }
