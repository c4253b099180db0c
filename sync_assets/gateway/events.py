"""Server-sent events: progress and log lines of a sync as they happen."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from sync_assets.gateway.access import Caller, Reader
from sync_assets.gateway.hub import Event, Hub, Watcher
from sync_assets.gateway.problems import Problem
from sync_assets.gateway.tenancy import OwnSync

router = APIRouter(tags=["syncs"])

QUIET = 15.0
"""Seconds after which a comment shows that the stream is open."""

LONGEST = 900.0
"""Seconds of a stream; who comes again has its key checked anew."""

MOST, MOST_OF_ONE = 800, 300
"""Open streams of all, and of an organization."""

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="Goes on behind that event.")
]

_LATER = {"Retry-After": "10"}

_log = logging.getLogger(__name__)

_EVENT = {
    "type": "object",
    "description": "An event; its data is JSON.",
    "required": ["event", "id", "data"],
    "properties": {
        "event": {"enum": ["progress", "log", "end"]},
        "id": {"type": "string"},
        "data": {"type": "string"},
    },
}


class EventStream(StreamingResponse):
    """A stream of events."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], release: Callable[[], None]) -> None:
        # nginx would keep events back
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whoever leaves, even before the first event, leaves nothing behind.

        Who stops to read is not waited for without end: sending would never come back.
        """
        try:
            async with asyncio.timeout(LONGEST + QUIET):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            _log.info("Ended a stream that nobody reads")
        finally:
            self._release()


def framed(event: Event) -> bytes:
    """An event as it goes to programs."""
    data = orjson.dumps(event.data)  # without line breaks
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), data)


class Streams:
    """The open streams."""

    def __init__(self, hub: Hub, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        """`most` may be open, and `most_of_one` organization."""
        self.hub = hub
        self._most, self._most_of_one = most, most_of_one
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many are open."""
        return self._open.total()

    def enter(self, organization: str, sync_id: UUID, after: int) -> Watcher:
        """One more; raises `Problem` 429 or 503 where there are too many."""
        if self._open[organization] >= self._most_of_one:
            detail = f"An organization has at most {self._most_of_one} streams open."
            raise Problem(429, detail=detail, headers=_LATER)
        if len(self) >= self._most:
            raise Problem(503, detail="Too many streams are open.", headers=_LATER)
        self._open[organization] += 1
        return self.hub.watch(sync_id, after)

    def leave(self, organization: str, watcher: Watcher) -> None:
        """One less."""
        self.hub.forget(watcher)
        self._open[organization] -= 1
        if not self._open[organization]:
            del self._open[organization]


@router.get(
    "/v1/syncs/{sync_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {
            "description": "`progress` and `log` events as they happen, `end` at the end.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    },
)
async def events(
    request: Request, sync: OwnSync, caller: Reader, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Watch a sync until it ends: server-sent events.

    `progress` has what `GET /v1/syncs/{id}` answers, `log` a line of the log. Each event's id lets
    the stream go on where it broke off.
    """
    return open_stream(request, sync.id, caller, last_event_id)


def open_stream(
    request: Request,
    sync_id: UUID,
    caller: Caller,
    last_event_id: str | None,
    framed: Callable[[Event], bytes] = framed,
) -> StreamingResponse:
    """The stream of a sync that is the caller's; `framed` turns an event into what is sent."""
    after = last_event_id if last_event_id and _is_number(last_event_id) else "0"
    streams: Streams = request.app.state.streams
    watcher = streams.enter(caller.organization, sync_id, int(after))
    return EventStream(_sent(watcher, framed), lambda: streams.leave(caller.organization, watcher))


async def _sent(watcher: Watcher, framed: Callable[[Event], bytes]) -> AsyncGenerator[bytes]:
    """What a watcher is sent."""
    ends = time.monotonic() + LONGEST
    yield b"retry: 1000\n\n"
    while time.monotonic() < ends:
        try:
            event = await asyncio.wait_for(watcher.events.get(), QUIET)
        except TimeoutError:
            yield b": all is quiet\n\n"
            continue
        if event is None:
            return
        yield framed(event)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
