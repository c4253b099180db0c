"""What happened to a tenant's records, for who follows them."""

import time
from collections.abc import Sequence
from typing import Annotated

from anyio import sleep, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from sync_assets.core.changes import Batch, CursorExpired, Kind
from sync_assets.core.changes import Cursor as Position
from sync_assets.core.streams import StreamSpec
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.access import Reader
from sync_assets.gateway.limits import Places
from sync_assets.gateway.problems import Problem, problem_responses
from sync_assets.gateway.shapes import Answer, Cursor, Json, Name
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["changes"])

LONGEST_WAIT = 25
"""Seconds; what stands between often hangs up after thirty."""

LOOK_EVERY = 1.0
"""Seconds between two looks while somebody waits."""

WAITING, WAITING_OF_ONE = 200, 100
"""Calls that may wait at the same time, of all and of an organization: each looks every second."""

NOW = "now"

waiting = Places(WAITING, WAITING_OF_ONE)


class Change(Answer):
    """What happened to one record."""

    id: str
    stream: str
    collection: str | None
    key: int
    change: Kind
    at: str
    sync_id: str | None


class Changes(Answer):
    """The next changes, and where those after them begin."""

    changes: list[Change]
    next_cursor: str
    has_more: bool


@router.get(
    "/v1/tenants/{tenant_id}/changes", response_model=Changes, responses=problem_responses(410)
)
async def changes(  # noqa: PLR0913, PLR0917 - one for each thing that can be wished
    tenant: OwnTenant,
    caller: Reader,
    platform: ThePlatform,
    request: Request,
    cursor: Annotated[
        Cursor | None,
        Query(
            description="`nextCursor` of the last answer; `now` for one that begins here; without "
            "it, the oldest changes that are kept."
        ),
    ] = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 500,
    streams: Annotated[list[Name] | None, Query(description="Only of these.")] = None,
    wait: Annotated[
        int,
        Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for a change if there is none."),
    ] = 0,
) -> Response:
    """The changes of a tenant's records behind a cursor, in order, each at least once."""
    check_streams(platform.spec(tenant.source).streams, streams)

    def read() -> Batch:
        return _read(platform, tenant, cursor, limit, streams)

    batch = await to_thread.run_sync(read)
    if wait and cursor != NOW and not batch.changes:
        with waiting.taken(caller.organization):
            ends = time.monotonic() + wait
            while not (batch.changes or await request.is_disconnected() or _is_over(ends)):
                await sleep(LOOK_EVERY)
                batch = await to_thread.run_sync(read)
    return Json(batch.as_dict())


def _is_over(ends: float) -> bool:
    return time.monotonic() >= ends


def _read(
    platform: ThePlatform, tenant: Tenant, cursor: str | None, limit: int, streams: list[str] | None
) -> Batch:
    if cursor == NOW:
        return Batch((), platform.changes.now(tenant.id), has_more=False)
    try:
        behind = None if cursor is None else Position.parse(cursor)
        return platform.changes.read(tenant.id, behind, limit, streams)
    except CursorExpired as error:
        title = "The cursor has expired"
        raise Problem(410, title, str(error), kind="cursor-expired") from error


def check_streams(known: Sequence[StreamSpec], wanted: Sequence[str] | None) -> None:
    """Raises `Problem` 422 for a stream that the tenant's source does not have."""
    names = [stream.name for stream in known]
    for name in wanted or ():
        if name not in names:
            detail = f"There is no stream {name!r:.60}. There is {', '.join(names)}."
            raise Problem(422, detail=detail)
