"""HTTP/1.1 on one connection: requests in, responses out, faults of the wire included."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any, Protocol

from sync_assets.demo.messages import Request, Response

_LOG = logging.getLogger(__name__)
_DRIPS = 20


class Backend(Protocol):
    """Whoever answers."""

    stopping: Event

    def now(self) -> datetime:
        """The time that the Date header shows."""
        ...

    def respond(self, request: Request) -> Response:
        """The answer to one request."""
        ...


class Connection(BaseHTTPRequestHandler):
    """Serves one client until it leaves."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True

    def __init__(self, backend: Backend, *arguments: Any) -> None:  # noqa: ANN401 - socketserver's
        self._backend = backend
        super().__init__(*arguments)  # this is where the whole conversation happens

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.parse(self.command, self.path, headers)
        response = self._backend.respond(replace(request, body=body))
        if response.hang_up:
            self.close_connection = True
        else:
            self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        self.send_header("Date", format_datetime(self._backend.now().astimezone(UTC), usegmt=True))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(response.body[: len(response.body) - response.cut], response.seconds)
        self.close_connection = self.close_connection or response.cut > 0

    def _send_body(self, body: bytes, seconds: float) -> None:
        if not seconds:
            self.wfile.write(body)
            return
        size = max(1, -(-len(body) // _DRIPS))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            if self._backend.stopping.wait(seconds / _DRIPS):
                return

    def log_message(self, format: str, *args: object) -> None:
        """To the log, where the standard library would write to stderr."""
        _LOG.debug(format, *args)
