"""A wire between nginx and Dagster that keeps what went over it."""

import select
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Wire(ThreadingTCPServer):
    """Passes bytes on in both directions.

    Attributes:
        connections: how many were made.
        heard: all that Dagster was sent.
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = ("127.0.0.1", port)
        self.connections = 0
        self.heard = bytearray()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Connection(BaseRequestHandler):
    def handle(self) -> None:
        wire = self.server
        assert isinstance(wire, Wire)
        wire.connections += 1
        with socket.create_connection(wire.target) as far:
            near: socket.socket = self.request
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is near:
                        wire.heard += data
                    (far if ready is near else near).sendall(data)

    def finish(self) -> None:
        self.request.close()


@contextmanager
def tapped(port: int) -> Generator[Wire]:
    """A wire to that port of 127.0.0.1."""
    with Wire(port) as wire:
        serving = threading.Thread(target=wire.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield wire
        finally:
            wire.shutdown()
            serving.join()
