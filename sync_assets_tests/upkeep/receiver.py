"""A tenant's own server on this machine, which hears changes as well as it is told to."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast


class Heard(NamedTuple):
    """A delivery: its headers and its body, as bytes."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """What it heard, and how it answers.

    Attributes:
        answers: the next statuses; 200 when there are none left.
        location: where a redirect leads.
        slow: seconds until it answers.
        drip: sends a byte every tenth of a second instead of an answer, for so many seconds.
        asked: whatever it answered.
        at_once: the most requests at the same time.
    """

    url: str = ""
    heard: list[Heard] = field(default_factory=list[Heard])
    answers: list[int] = field(default_factory=list[int])
    location: str = ""
    slow: float = 0
    drip: float = 0
    asked: list[Heard] = field(default_factory=list[Heard])
    at_once: int = 0
    busy: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> list[int]:
        """The keys of all changes that were heard, in their order."""
        return [change["key"] for one in self.heard for change in one.json["changes"]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = cast("_Server", self.server).receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        heard = Heard(dict(self.headers.items()), body)
        with receiver.lock:
            receiver.asked.append(heard)
            receiver.busy += 1
            receiver.at_once = max(receiver.at_once, receiver.busy)
        receiver.over.wait(receiver.slow)
        for _ in range(round(receiver.drip * 10)):
            self.wfile.write(b"H")
            if receiver.over.wait(0.1):
                return
        with receiver.lock:
            receiver.busy -= 1
            answer = receiver.answers.pop(0) if receiver.answers else 200
            if answer == 200:
                receiver.heard.append(heard)
        self.send_response(answer)
        if receiver.location:
            self.send_header("Location", receiver.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self) -> None:
        with suppress(OSError):  # who asked has hung up
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver whose address holds a token."""
    receiver = Receiver()
    with _Server(receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/changes?token=s3cr3t"
        try:
            yield receiver
        finally:
            receiver.over.set()
            server.shutdown()
            thread.join()
