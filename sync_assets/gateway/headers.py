"""The outermost layer: what every answer bears, and what becomes of an error nobody thought of."""

import logging
import time
from collections.abc import Mapping
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.gateway.metrics import Metrics
from sync_assets.gateway.problems import Problem
from sync_assets.gateway.routes import route_of

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Unless the answer has its own, as pages have."""

_log = logging.getLogger(__name__)


class Envelope:
    """Names each call, adds headers, measures, logs, and answers what nobody caught."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4()
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = str(request_id)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                self._metrics.answered(scope, status, time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            _log.exception("An error nobody thought of", extra={"request_id": str(request_id)})
            if status:
                raise  # the answer has begun: the connection is all that can be ended
            detail = "An error nobody thought of. Tell whoever runs this service its id."
            answer = Problem(500, detail=detail, correlationId=str(request_id)).response()
            await answer(scope, receive, sending)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """One line a call; the route, not the address: that may hold what nobody should read."""
        caller = scope["state"].get("caller")
        _log.info(
            "%s %s %s",
            scope["method"],
            route_of(scope),
            status,
            extra={
                "request_id": str(scope["state"]["request_id"]),
                "milliseconds": round(seconds * 1000, 1),
                "key_id": caller and caller.key_id,
            },
        )
