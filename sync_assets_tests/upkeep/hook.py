"""A webhook on this machine, that hears as well as it is told to."""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(slots=True)
class Hook:
    """What it heard, and what it answers.

    Attributes:
        answers: the next ones; 200 when there are none left.
        slow: seconds that each answer takes.
        tries: how often it was asked, whatever it answered.
    """

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answers: list[int] = field(default_factory=list[int])
    slow: float = 0
    tries: int = 0


class _Server(ThreadingHTTPServer):
    def __init__(self, hook: Hook) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hook = hook


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook = cast("_Server", self.server).hook
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hook.tries += 1
        time.sleep(hook.slow)
        answer = hook.answers.pop(0) if hook.answers else 200
        if answer == 200:
            hook.heard.append(body)
        self.send_response(answer)
        if answer == 302:
            self.send_header("Location", hook.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Generator[Hook]:
    """A hook whose address holds a token."""
    hook = Hook()
    with _Server(hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/services/s3cr3t-token"
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()
