"""Who stands behind the public door: says what arrived, and streams events one at a time."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

EVENT = b'event: progress\ndata: {"seen": 1}\n\n'

# What a page can have a browser send to another host without asking anybody.
ATTACK = """<!doctype html><title>trying</title><script type="module">
const dagster = location.href.replace("sync.", "dagster.").replace(/page$/, "graphql");
const query = "?query=mutation{reloadWorkspace{__typename}}";
const image = new Image();
await new Promise(done => { image.onerror = image.onload = done; image.src = dagster + query; });
const options = {mode: "no-cors", credentials: "include", method: "POST"};
await fetch(dagster + query, options).catch(() => null);
await new Promise(done => {
  const socket = new WebSocket(dagster.replace("https", "wss"), "graphql-ws");
  socket.onopen = () => { document.title = "opened"; done(); };
  socket.onerror = done;
});
document.title = document.title == "opened" ? "opened" : "tried";
</script>"""


class TenantSide(ThreadingHTTPServer):
    """Listens on a port of 127.0.0.1.

    Attributes:
        requests: how many arrived.
        go_on: lets a stream of events end.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.requests = 0
        self.go_on = threading.Event()


class _Request(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        side = self.server
        assert isinstance(side, TenantSide)
        side.requests += 1
        if unquote(self.path).endswith("/events"):
            self._begin("text/event-stream")
            self.wfile.write(EVENT)
            side.go_on.wait(30)
        elif self.path == "/page":
            self._begin("text/html")
            self.wfile.write(ATTACK.encode())
        else:
            self._tell()

    do_POST = do_GET  # noqa: N815

    def _tell(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        told = {
            "path": self.path,
            "length": len(self.rfile.read(length)),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(told).encode()
        self._begin("application/json", length=len(body))
        self.wfile.write(body)

    def _begin(self, kind: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def tenant_side() -> Generator[TenantSide]:
    """One that runs."""
    with TenantSide() as side:
        serving = threading.Thread(target=side.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield side
        finally:
            side.go_on.set()
            side.shutdown()
            serving.join()
