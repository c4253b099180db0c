"""Reads bodies before anything is done: bounded, in time, and of a kind that we understand."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.gateway.problems import Problem

LARGEST = 1024 * 1024
"""Bytes of a body."""

HEARD_OUT = 4 * LARGEST
"""Bytes that are read, and thrown away, of a body that is too large: whose connection ends while it
sends may never see the answer, and a proxy takes that for an upstream that has died."""

PATIENCE = 20.0
"""Seconds for which a body is waited for."""

LARGEST_HEADERS = 16 * 1024
"""Bytes of all headers together; the server below refuses most that is larger."""

LONGEST_QUERY = 8 * 1024

_CLOSE: Mapping[str, str] = {"Connection": "close"}
_WITH_BODY = {"POST", "PUT", "PATCH"}


class Bodies:
    """Hands each call on with its whole body, or answers why not."""

    def __init__(self, app: ASGIApp, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_head(scope)
            body = await self._read(Headers(scope=scope), receive)
            if body is None:
                return  # the caller has left
            _check_kind(scope, body)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return b""
        if int(headers.get("content-length", "0")) > HEARD_OUT:  # the parser lets only digits in
            raise _too_large()
        try:
            async with asyncio.timeout(self._patience):
                return await _all(receive)
        except TimeoutError as error:
            detail = f"The body did not come within {self._patience:g} seconds."
            raise Problem(408, detail=detail, headers=_CLOSE) from error


async def _all(receive: Receive) -> bytes | None:
    """The body; None when its sender has left. Raises `Problem` 413."""
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > HEARD_OUT:
            break
        if size > LARGEST:
            parts.clear()
        else:
            parts.append(part)
        more = message.get("more_body", False)
    if size > LARGEST:
        raise _too_large()
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


def _too_large() -> Problem:
    return Problem(413, detail=f"A body has at most {LARGEST} bytes.", headers=_CLOSE)
