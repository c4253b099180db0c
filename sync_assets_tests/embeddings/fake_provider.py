"""An OpenAI-compatible provider on this machine: it counts what it bills, and misbehaves on demand.

Its vectors depend on the text alone, so that a test knows which one belongs to which.
"""

import base64
import hashlib
import json
import struct
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-one-that-nobody-may-see"
MODEL = "fake-embedding"
DIMENSION = 8


@dataclass
class Billed:
    """What one API key owes."""

    calls: int = 0
    inputs: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Seen:
    """One request, whatever became of it."""

    key: str | None
    body: dict[str, Any]
    connection: tuple[str, int]
    """The client's address: the same for requests over the same connection."""


@dataclass
class Reply:
    """What is about to be answered; a trick may change all of it."""

    items: list[dict[str, Any]]
    usage: dict[str, Any] | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of the JSON of items and usage."""
    cut: int | None = None
    """Hang up after so many bytes of the body."""


Trick = Callable[["FakeProvider", Reply], None]
"""What happens to one answer that was worked on and billed."""


@dataclass(frozen=True)
class Refusal:
    """An answer that costs nothing; None as status hangs up without a word."""

    status: int | None
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = "Incorrect API key provided: sk-one***see."


@dataclass
class FakeProvider:
    """What it is told, and what it saw."""

    url: str = ""
    model: str = MODEL
    dimension: int = DIMENSION
    seconds: float = 0.0
    """That each call takes."""
    takes_base64: bool = True
    most_inputs: int = 2048
    billed: defaultdict[str | None, Billed] = field(default_factory=lambda: defaultdict(Billed))
    seen: list[Seen] = field(default_factory=list[Seen])
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _next: deque[Trick | Refusal | None] = field(default_factory=deque[Trick | Refusal | None])

    def play(self, *acts: Trick | Refusal | None) -> None:
        """What to do with the next calls, in this order; None is a good answer, as is the rest."""
        self._next.extend(acts)

    def act(self) -> Trick | Refusal | None:
        with self.lock:
            return self._next.popleft() if self._next else None

    @property
    def tokens(self) -> int:
        """Billed to all keys."""
        return sum(billed.tokens for billed in self.billed.values())

    @property
    def calls(self) -> Counter[str | None]:
        """Requests by key, also the refused ones."""
        return Counter(seen.key for seen in self.seen)


def vector_of(text: str, dimension: int = DIMENSION) -> list[float]:
    """Of no special length; every number is one that float32 can hold."""
    digest = hashlib.shake_256(text.encode()).digest(dimension)
    return [(byte - 127.5) / 16 for byte in digest]


def tokens_of(text: str) -> int:
    """Never more than the text has bytes, and another number than the product's own estimate."""
    return len(text.encode()) // 3 + 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeProvider

    def do_POST(self) -> None:
        fake = self.fake
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
        with fake.lock:
            fake.seen.append(Seen(key, body, self.client_address))
        act = fake.act()
        if not isinstance(act, Refusal):
            act = self._own_refusal(body) or act
        if isinstance(act, Refusal):
            self._refuse(act)
        else:
            self._serve(key, body, act)

    def _own_refusal(self, body: dict[str, Any]) -> Refusal | None:
        if not self.path.endswith("/v1/embeddings"):
            return Refusal(404)
        if body["model"] != self.fake.model:
            return Refusal(404, "model_not_found")
        if body.get("encoding_format") == "base64" and not self.fake.takes_base64:
            return Refusal(400, text="encoding_format: input should be 'float'")
        if len(body["input"]) > self.fake.most_inputs:
            return Refusal(413, text="batch size too large")
        return None

    def _serve(self, key: str | None, body: dict[str, Any], trick: Trick | None) -> None:
        texts: list[str] = body["input"]
        tokens = sum(map(tokens_of, texts))
        with self.fake.lock:
            billed = self.fake.billed[key]
            billed.calls += 1
            billed.inputs += len(texts)
            billed.tokens += tokens
        self.fake.ended.wait(self.fake.seconds)
        dimension = body.get("dimensions", self.fake.dimension)
        packed = body.get("encoding_format") == "base64"
        items = [
            {"object": "embedding", "index": index, "embedding": written(vector, packed=packed)}
            for index, vector in enumerate(vector_of(text, dimension) for text in texts)
        ]
        reply = Reply(items, {"prompt_tokens": tokens, "total_tokens": tokens})
        if trick is not None:
            trick(self.fake, reply)
        self._send(reply)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal.status is None:
            self.close_connection = True
            return
        error = {"message": refusal.text, "type": refusal.code, "code": refusal.code}
        body = json.dumps({"error": error}).encode()
        self._send(Reply([], None, refusal.status, dict(refusal.headers), body))

    def _send(self, reply: Reply) -> None:
        body = reply.body
        if body is None:
            answer = {"object": "list", "data": reply.items, "usage": reply.usage}
            body = json.dumps(answer).encode()
        with suppress(OSError):  # nobody may be there any more
            self.send_response(reply.status)
            if "Transfer-Encoding" not in reply.headers:
                self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: reply.cut])
        self.close_connection = self.close_connection or reply.cut is not None

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who wants to know looks at `seen`."""


def written(vector: list[float], *, packed: bool) -> object:
    """A vector as JSON has it: numbers, or float32 in base64."""
    if not packed:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def fake_provider(**told: Any) -> Generator[FakeProvider]:
    """Serves in threads of this process until the block ends."""
    fake = FakeProvider(**told)
    handler = type("Handler", (_Handler,), {"fake": fake})
    with _Server(("127.0.0.1", 0), handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            fake.ended.set()
            server.shutdown()
            thread.join()
