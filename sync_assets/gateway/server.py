"""The server under the app: bounded headers, and no patience with who sends none."""

import asyncio
import json
from http import HTTPStatus

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync_assets.gateway.bodies import LARGEST_HEADERS
from sync_assets.gateway.problems import MEDIA_TYPE

CONNECTIONS = 1_000
"""At the same time; uvicorn's own limit would answer without a problem."""

ENDING = 5
"""Seconds that open streams are given when the server ends."""


class Protocol(H11Protocol):
    """HTTP/1.1, which is ended where no headers come, and refuses with problem details."""

    patience = 10.0
    """Seconds for which headers are waited for."""

    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(503)
            return
        self._waits = self.loop.call_later(self.patience, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait no more once there are headers; and anew for those of the next call."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._waits is None and not self.transport.is_closing():
            self._waits = self.loop.call_later(self.patience, self._too_slow)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Refuse what is no HTTP, or has too large headers."""
        left, _closed = self.conn.trailing_data
        self._refuse(431 if len(left) > LARGEST_HEADERS else 400)

    def _too_slow(self) -> None:
        self._waits = None
        self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Answer a connection's last call, unless the app has begun to."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        phrase = HTTPStatus(status).phrase
        body = json.dumps({"type": "about:blank", "title": phrase, "status": status}).encode()
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        start = h11.Response(status_code=status, headers=headers, reason=phrase.encode())
        for event in (start, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None


def config(
    app: ASGIApp, host: str, port: int, protocol: type[Protocol] = Protocol
) -> uvicorn.Config:
    """How the app is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol,
        ws="none",
        lifespan="on",
        access_log=False,  # ours has no query strings
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        timeout_keep_alive=75,  # longer than proxies keep theirs
        timeout_graceful_shutdown=ENDING,
        backlog=2048,
    )


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve the app until a signal comes."""
    uvicorn.Server(config(app, host, port)).run()
