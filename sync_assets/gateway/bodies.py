"""Reads bodies before anything is done: bounded, in time, and of a kind that we understand."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.gateway.problems import Problem

LARGEST = 1024 * 1024
"""Bytes of a body, unless its door takes larger ones."""

HEARD_OUT = 3 * LARGEST
"""Bytes beyond that which are read, and thrown away: whose connection ends while it sends may never
see the answer, and a proxy takes that for an upstream that has died."""

LARGER_AT_ONCE = 8
"""Bodies beyond `LARGEST` that are held at the same time; others wait. Anybody may send one, and
memory for one of each connection there is not."""

PATIENCE = 20.0
"""Seconds for which a body is waited for."""

LARGEST_HEADERS = 16 * 1024
"""Bytes of all headers together; the server below refuses most that is larger."""

LONGEST_QUERY = 8 * 1024

_CLOSE: Mapping[str, str] = {"Connection": "close"}
_WITH_BODY = {"POST", "PUT", "PATCH"}


class Bodies:
    """Hands each call on with its whole body, or answers why not."""

    def __init__(
        self, app: ASGIApp, patience: float = PATIENCE, larger: Mapping[str, int] | None = None
    ) -> None:
        """`patience`: in seconds; `larger`: bytes that bodies may have, by how a path begins."""
        self._app = app
        self._patience = patience
        self._larger = dict(larger or {})
        self._places = asyncio.Semaphore(LARGER_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as held:
            try:
                _check_head(scope)
                body = await self._read(scope, receive, held)
                if body is None:
                    return  # the caller has left
                _check_kind(scope, body)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
            await self._app(scope, _again(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive, held: AsyncExitStack) -> bytes | None:
        headers, path = Headers(scope=scope), scope["path"]
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return b""
        most = next(
            (size for start, size in self._larger.items() if path.startswith(start)), LARGEST
        )
        if int(headers.get("content-length", "0")) > most + HEARD_OUT:  # the parser checks digits
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._patience):
                return await self._all(receive, most, held)
        except TimeoutError as error:
            detail = f"The body did not come within {self._patience:g} seconds."
            raise Problem(408, detail=detail, headers=_CLOSE) from error

    async def _all(self, receive: Receive, most: int, held: AsyncExitStack) -> bytes | None:
        """The body; None when its sender has left. Raises `Problem` 413."""
        parts, size, more = list[bytes](), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part: bytes = message.get("body", b"")
            if size <= LARGEST < size + len(part) and most > LARGEST:
                await held.enter_async_context(self._places)
            size += len(part)
            if size > most + HEARD_OUT:
                break
            if size > most:
                parts.clear()
            else:
                parts.append(part)
            more = message.get("more_body", False)
        if size > most:
            raise _too_large(most)
        return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then whatever comes, which is the end of the connection."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving


def _check_head(scope: Scope) -> None:
    query: bytes = scope["query_string"]
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
        raise Problem(431, headers=_CLOSE)
    if len(query) > LONGEST_QUERY:
        raise Problem(414, detail=f"The query has more than {LONGEST_QUERY} characters.")
    if b"%00" in query or b"\0" in query:
        raise Problem(422, detail="The query holds a NUL, which is in no text.")


def _check_kind(scope: Scope, body: bytes) -> None:
    """The API takes JSON; pages take what browsers send."""
    if not body or scope["method"] not in _WITH_BODY or not scope["path"].startswith("/v1/"):
        return
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise Problem(415, detail="Send JSON, as 'Content-Type: application/json'.")


def _too_large(most: int) -> Problem:
    return Problem(413, detail=f"A body has at most {most} bytes.", headers=_CLOSE)
