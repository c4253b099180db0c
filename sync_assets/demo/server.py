"""The site on a real port: `with DemoSite.start() as demo: requests.get(demo.url)`."""

import contextlib
import logging
import socket
import socketserver
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

from sync_assets.demo.connection import Connection
from sync_assets.demo.faults import Faults
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.routes import respond
from sync_assets.demo.seed import fill
from sync_assets.demo.site import PASSWORD, USERNAME, Site
from sync_assets.demo.times import utc_now

_LOG = logging.getLogger(__name__)
_REMEMBERED = 10_000


class DemoSite:
    """A running site: its content (`site`), its troubles (`faults`), what it `received`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.faults = Faults()
        self.received: deque[Request] = deque(maxlen=_REMEMBERED)
        self.username, self.password = USERNAME, PASSWORD
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The address of the site's front page, without a slash at the end."""
        return self.site.url

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        seed: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> Generator["DemoSite"]:
        """Serves from a thread of this process until the block ends.

        Port 0 takes a free one; `seed=False` starts with an empty site.
        """
        demo = cls(Site(clock=clock))
        with _Server((host, port), demo) as server:
            demo.site.url = f"http://{host}:{server.server_port}"
            if seed:
                fill(demo.site)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="demo-site")
            thread.start()
            try:
                yield demo
            finally:
                demo.stopping.set()
                server.shutdown()
                thread.join()
                server.hang_up()

    def now(self) -> datetime:
        """The site's time, for the Date header."""
        return self.site.clock()

    def respond(self, request: Request) -> Response:
        """The answer to one request: a fault's, or else the site's."""
        request = replace(request, answer=partial(respond, self.site, request))
        self.received.append(request)
        return self.faults.respond(request) or request.answer()


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping need not wait for clients to leave."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], demo: DemoSite) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, partial(Connection, demo))

    def server_bind(self) -> None:
        """Binds without the reverse look-up of the host's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "demo", self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """Notes a connection before its thread starts."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's
        """Forgets a connection that has ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        """A client that left early is no news; anything else is a mistake of this package."""
        left_early = isinstance(sys.exc_info()[1], ConnectionError)
        _LOG.log(logging.DEBUG if left_early else logging.ERROR, "Request failed", exc_info=True)

    def hang_up(self) -> None:
        """Ends every conversation; the threads, which were waiting for a client, then end too."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
