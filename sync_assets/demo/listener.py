"""A server on a real port of this machine, for whatever answers requests."""

import contextlib
import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Generator
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

from sync_assets.demo.connection import Backend, Connection

_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def listening(
    backend: Backend, host: str, port: int, prepare: Callable[[str], None]
) -> Generator[None]:
    """Serves from threads of this process until the block ends. Port 0 takes a free one.

    `prepare` is told the address before the first request is answered; the backend's `stopping` is
    set before the threads are waited for.
    """
    with _Server((host, port), backend) as server:
        prepare(f"http://{host}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="demo-server")
        thread.start()
        try:
            yield
        finally:
            backend.stopping.set()
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping need not wait for clients to leave."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], backend: Backend) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, partial(Connection, backend))

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
