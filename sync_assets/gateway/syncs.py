"""Syncs: asking for them, looking at them, changing one's mind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.progress import progress_of
from sync_assets.core.requests import State
from sync_assets.enqueue import enqueue
from sync_assets.gateway import cursors, sync_shapes
from sync_assets.gateway.access import Reader, Syncer
from sync_assets.gateway.idempotency import Once
from sync_assets.gateway.problems import Problem, problem_responses
from sync_assets.gateway.shapes import Cursor, Json, Limit, Text
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.sync_shapes import Reschedule, Status, Wish, priority_of
from sync_assets.gateway.tenancy import OwnSync, OwnTenant

router = APIRouter(tags=["syncs"])

FURTHEST = timedelta(days=366)
"""So far ahead a sync can be asked for."""

WAITING = 100
"""Syncs of a tenant that may wait, as far as others than the usual ones are asked for: each month
and each moment makes another one."""

_CONFLICT = problem_responses(409)
_ALL = Wish()


@router.post(
    "/v1/tenants/{tenant_id}/syncs",
    status_code=202,
    response_model=sync_shapes.Asked,
    responses=_CONFLICT,
)
def create(
    tenant: OwnTenant, caller: Syncer, platform: ThePlatform, once: Once, wish: Wish = _ALL
) -> Response:
    """Ask for a sync; it starts by itself as soon as there is a place for it.

    Without a body it is one of all streams. Where the same waits already, that one does both.
    """

    def ask() -> Response:
        check_room(platform, wish, [tenant.id], caller.organization)
        [asked] = enqueue(
            platform,
            [tenant.id],
            wish.options,
            streams=wish.streams,
            organization=caller.organization,
            priority=priority_of(wish.priority),
            asked_by=caller.name,
            due=due(wish.at),
        )
        return Json(asked.as_dict(), 202)

    return once(ask)


@router.get("/v1/syncs", response_model=sync_shapes.Entries)
def list_all(
    caller: Reader,
    platform: ThePlatform,
    status: Annotated[list[Status] | None, Query()] = None,
    tenant: Text | None = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> Response:
    """The organization's syncs, newest first."""
    if tenant is not None:
        platform.tenants.owned(tenant, caller.organization)
    page = platform.history.list(
        tenant=tenant,
        organization=caller.organization,
        statuses=status or (),
        limit=limit,
        cursor=cursor,
    )
    found = [entry.as_dict() for entry in page.entries]
    return Json({"syncs": found, "nextCursor": page.cursor})


@router.get("/v1/syncs/{sync_id}", response_model=sync_shapes.Progress)
def show(sync: OwnSync, _caller: Reader, platform: ThePlatform) -> Response:
    """How a sync stands, and how far each of its streams is."""
    return Json(progress_of(platform.syncs.report(sync.id)))


@router.get("/v1/syncs/{sync_id}/report", response_model=sync_shapes.Report)
def report(sync: OwnSync, _caller: Reader, platform: ThePlatform) -> Response:
    """What became of a sync, right at any moment."""
    return Json(platform.syncs.report(sync.id).as_dict())


@router.get("/v1/syncs/{sync_id}/log", response_model=sync_shapes.Log)
def log(
    sync: OwnSync,
    _caller: Reader,
    platform: ThePlatform,
    limit: Limit = 500,
    cursor: Cursor | None = None,
) -> Response:
    """The lines of a sync's log, oldest first."""
    after = cursors.decode_number(cursor) if cursor is not None else 0
    lines = platform.syncs.log(sync.id, after, limit + 1)
    shown = lines[:limit]
    more = cursors.encode(shown[-1]["id"]) if len(lines) > limit else None
    return Json({"lines": shown, "nextCursor": more})


@router.post(
    "/v1/syncs/{sync_id}/cancel",
    status_code=202,
    response_model=sync_shapes.Cancelled,
    responses=_CONFLICT,
)
def cancel(sync: OwnSync, caller: Syncer, platform: ThePlatform, once: Once) -> Response:
    """Take a sync back; one at work ends within seconds, and what it wrote stays."""

    def act() -> Response:
        over = platform.requests.cancel(sync.id, caller.name) is State.CANCELLED
        status = "cancelled" if over else "cancelling"
        return Json({"syncId": str(sync.id), "status": status}, 202)

    return once(act)


@router.post(
    "/v1/syncs/{sync_id}/retry",
    status_code=202,
    response_model=sync_shapes.Retried,
    responses=_CONFLICT,
)
def retry(sync: OwnSync, caller: Syncer, platform: ThePlatform, once: Once) -> Response:
    """Ask once more for a sync that failed or was cancelled."""

    def act() -> Response:
        queued = platform.requests.retry(sync.id, caller.name)
        names = {"syncId": str(queued), "retried": str(sync.id)}
        return Json({**names, "status": State.QUEUED.value}, 202)

    return once(act)


@router.post(
    "/v1/syncs/{sync_id}/reschedule", response_model=sync_shapes.Progress, responses=_CONFLICT
)
def reschedule(
    sync: OwnSync, _caller: Syncer, platform: ThePlatform, once: Once, wish: Reschedule
) -> Response:
    """Give a sync that waits another time or priority."""

    def act() -> Response:
        priority = priority_of(wish.priority) if wish.priority else None
        platform.requests.reschedule(sync.id, due=due(wish.at), priority=priority)
        return Json(progress_of(platform.syncs.report(sync.id)))

    return once(act)


def check_room(platform: Platform, wish: Wish, tenants: Sequence[str], organization: str) -> None:
    """Raises `Problem` 409 where too much waits for one of them."""
    if wish.at is None and wish.period is None:
        return  # there are no more than ways to choose streams
    crowded = platform.queues.crowded(tenants, organization, WAITING)
    if crowded is not None:
        raise Problem(409, detail=f"{WAITING} syncs of {crowded} wait already.")


def due(at: datetime | None) -> datetime | None:
    """The moment itself; raises `Problem` 422 for one that is over or too far ahead."""
    if at is None:
        return None
    now = utc_now()
    if not now - timedelta(minutes=1) <= at <= now + FURTHEST:  # clocks differ a little
        days = FURTHEST.days
        raise Problem(422, detail=f"That moment is over, or more than {days} days ahead.")
    return at
