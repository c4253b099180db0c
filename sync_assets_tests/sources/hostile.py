"""A web server that does as it is told, down to the byte."""

import contextlib
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from http import HTTPStatus
from typing import Self

Act = Callable[["Talk"], bool]
"""Answers one request; False ends the conversation."""


class Talk:
    """One request, and the socket to answer it on."""

    def __init__(self, wire: socket.socket, target: str, headers: Mapping[str, str]) -> None:
        self.wire = wire
        self.target = target
        self.headers = headers


class HostileServer:
    """Plays its acts one after the other, and the last one again and again."""

    def __init__(self) -> None:
        self.acts: deque[Act] = deque()
        self.seen: list[Talk] = []
        self.ended = threading.Event()
        self.url = ""

    def play(self, *acts: Act) -> Self:
        """What to answer, in this order."""
        self.acts.extend(acts)
        return self

    def next_act(self, talk: Talk) -> Act:
        self.seen.append(talk)
        return self.acts.popleft() if len(self.acts) > 1 else self.acts[0]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    hostile: HostileServer


class _Handler(socketserver.StreamRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while (talk := self._listen()) is not None:
                if not self.server.hostile.next_act(talk)(talk):
                    return

    def _listen(self) -> Talk | None:
        first = self.rfile.readline().decode().split()
        if len(first) < 2:
            return None
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Talk(self.request, first[1], headers)


@contextlib.contextmanager
def hostile_server(
    wrap: Callable[[socket.socket], socket.socket] | None = None,
) -> Generator[HostileServer]:
    """Serves on a free port of this machine until the block ends; `wrap` puts TLS around it."""
    hostile = HostileServer()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hostile = hostile
        if wrap is not None:
            server.socket = wrap(server.socket)
        scheme = "http" if wrap is None else "https"
        hostile.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield hostile
        finally:
            hostile.ended.set()
            server.shutdown()
            thread.join()


def reply(body: bytes = b"[]", status: int = 200, **headers: str) -> Act:
    """A whole answer; `Retry_After="2"` becomes the header `Retry-After`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    fields.setdefault("Content-Length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode()
    return raw(head + body)


def raw(data: bytes, *, keep: bool = True) -> Act:
    """These bytes."""

    def act(talk: Talk) -> bool:
        talk.wire.sendall(data)
        return keep

    return act


def redirect(to: str, status: int = 301) -> Act:
    """Elsewhere, with a short page."""
    return reply(b"<a>Moved</a>", status, Location=to)


def hang_up(_talk: Talk) -> bool:
    """Not a word."""
    return False


def truncated(body: bytes = b'[{"id":1}]') -> Act:
    """Less than was promised."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) * 2}\r\n\r\n".encode()
    return raw(head + body, keep=False)


def drip(server: HostileServer, first: bytes, drop: bytes = b" ", every: float = 0.02) -> Act:
    """One byte now and then, for as long as somebody listens."""

    def act(talk: Talk) -> bool:
        talk.wire.sendall(first)
        while not server.ended.wait(every):
            talk.wire.sendall(drop)
        return False

    return act


def silence(server: HostileServer) -> Act:
    """Keeps the line open and says nothing."""

    def act(_talk: Talk) -> bool:
        server.ended.wait()
        return False

    return act
