"""The page's stream of events: what happens to a sync, as parts of the page in its language."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from sync_assets.gateway.events import LastEventId, open_stream
from sync_assets.gateway.hub import Event
from sync_assets.gateway.pages.language import language_of
from sync_assets.gateway.pages.log_view import line_view
from sync_assets.gateway.pages.rendering import formats_of, fragment
from sync_assets.gateway.pages.route import PageRoute
from sync_assets.gateway.pages.sync_view import sync_view
from sync_assets.gateway.pages.visitor import PageSync, SignedIn, Visitor

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/t/{tenant_id}/syncs/{sync_id}/events")
async def events(  # noqa: PLR0913 - what a stream depends on
    request: Request,
    tenant_id: str,
    sync: PageSync,
    visitor: SignedIn,
    *,
    after: int = 0,
    cancelling: bool = False,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Watch a sync until it ends; `after` is the last line of the log that the page has."""

    def shown(event: Event) -> object:
        if event.kind == "progress":
            return _progress(request, tenant_id, visitor, event, cancelling=cancelling)
        return _line(request, event) if event.kind == "log" else event.data

    def framed(event: Event) -> bytes:
        data = orjson.dumps(shown(event))  # without line breaks
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), data)

    return open_stream(request, sync, visitor.caller, last_event_id or str(max(after, 0)), framed)


def _progress(
    request: Request, tenant_id: str, visitor: Visitor, event: Event, *, cancelling: bool
) -> object:
    sync = sync_view(event.data, language_of(request), formats_of(request))
    actions = fragment(
        request,
        "actions.html",
        sync=sync,
        tenant_id=tenant_id,
        visitor=visitor,
        cancelling=cancelling,
    )
    live = fragment(request, "live.html", sync=sync)
    return {"status": sync.status, "live": live, "actions": actions, "said": sync.said}


def _line(request: Request, event: Event) -> str:
    line = line_view(event.data, language_of(request), formats_of(request))
    return fragment(request, "line.html", line=line)
