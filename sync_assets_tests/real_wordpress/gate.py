"""A door in front of a site, at which something can happen between two requests of a sync."""

import http.client
import re
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
TIMEOUT_SECONDS = 120

Action = Callable[[], object]
Headers = list[tuple[str, str]]


class Gate:
    """Passes every request on to the site, as it came.

    with Gate(site.url) as gate:
        gate.before(r"/wp/v2/posts\\?.*offset=990&", lambda: site.delete(12))
    """

    def __init__(self, site_url: str) -> None:
        self._host = urlsplit(site_url).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._pending: list[tuple[re.Pattern[str], Action]] = []
        self._turn = threading.Lock()
        self.requests: list[str] = []

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The site's address as seen from outside."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def waiting(self) -> bool:
        """Has something not happened yet, because no request called for it?"""
        return bool(self._pending)

    def before(self, pattern: str, action: Action) -> None:
        """Act once, before the first request whose decoded URI matches is passed on."""
        self._pending.append((re.compile(pattern), action))

    def before_the_last(self, patterns: Sequence[str], action: Action) -> None:
        """Act once, before the last of these requests, each of which comes after the others."""
        first, *others = patterns
        self.before(first, (lambda: self.before_the_last(others, action)) if others else action)

    def _arrived(self, uri: str) -> None:
        with self._turn:  # whoever comes meanwhile is held up until it has happened
            self.requests.append(uri)
            due = [entry for entry in self._pending if entry[0].search(uri)]
            for entry in due:
                self._pending.remove(entry)
                entry[1]()

    def _passed_on(self, uri: str, headers: dict[str, str]) -> tuple[int, Headers, bytes]:
        upstream = http.client.HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
        try:
            upstream.request("GET", uri, headers={**headers, "Host": self._host})
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                gate._arrived(unquote(self.path))
                status, headers, body = gate._passed_on(self.path, kept(self.headers.items()))
                self.send_response_only(status)
                for name, value in kept(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The site's own access log has it."""

        return Handler


def kept(headers: Headers) -> dict[str, str]:
    """The headers that are about the message and not about the connection."""
    return {name: value for name, value in headers if name.lower() not in HOP_BY_HOP}
