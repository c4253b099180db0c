"""What may become of an answer of the fake provider that was worked on and billed."""

import base64
import struct
from collections.abc import Callable
from typing import Any

from sync_assets_tests.embeddings.fake_provider import FakeProvider, Reply, Trick, written


def slow(seconds: float = 3600.0) -> Trick:
    """Says nothing for so long."""

    def trick(fake: FakeProvider, _: Reply) -> None:
        fake.ended.wait(seconds)

    return trick


def hang_up(_: FakeProvider, reply: Reply) -> None:
    """Not a word about it."""
    reply.headers["Connection"] = "close"
    reply.cut = 0


def half(_: FakeProvider, reply: Reply) -> None:
    """Less than was promised."""
    reply.cut = 40


def half_chunked(_: FakeProvider, reply: Reply) -> None:
    """The end of the chunks never comes."""
    reply.headers["Transfer-Encoding"] = "chunked"
    reply.body, reply.cut = b'9\r\n{"data": \r\n', 14


def broken(status: int, **headers: str) -> Trick:
    """An error after the work was done."""

    def trick(_: FakeProvider, reply: Reply) -> None:
        reply.status, reply.body = status, b"<h1>Bad gateway</h1>"
        reply.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    return trick


def body(content: bytes) -> Trick:
    """These bytes, whatever they are, as an answer of success."""

    def trick(_: FakeProvider, reply: Reply) -> None:
        reply.body = content

    return trick


def short(_: FakeProvider, reply: Reply) -> None:
    """One vector is missing."""
    reply.items.pop()


def long(_: FakeProvider, reply: Reply) -> None:
    """One vector too many."""
    reply.items.append({**reply.items[-1], "index": len(reply.items)})


def doubled(_: FakeProvider, reply: Reply) -> None:
    """Two vectors for the first text, none for the last."""
    reply.items[-1]["index"] = 0


def without_index(_: FakeProvider, reply: Reply) -> None:
    """Nobody says which vector is whose."""
    for item in reply.items:
        del item["index"]


def shuffled(_: FakeProvider, reply: Reply) -> None:
    """All there, but in another order than the texts."""
    reply.items.reverse()


def in_floats(_: FakeProvider, reply: Reply) -> None:
    """Plain numbers, whatever was asked for."""
    for item in reply.items:
        packed = base64.b64decode(item["embedding"])
        item["embedding"] = list(struct.unpack(f"<{len(packed) // 4}f", packed))


def each(change: Callable[[list[Any]], object]) -> Trick:
    """Something else instead of every vector, which the change gets as plain numbers."""

    def trick(fake: FakeProvider, reply: Reply) -> None:
        in_floats(fake, reply)
        for item in reply.items:
            item["embedding"] = change(item["embedding"])

    return trick


def last(change: Callable[[list[Any]], list[float]]) -> Trick:
    """Something else instead of the last vector, in base64 as the others are."""

    def trick(_: FakeProvider, reply: Reply) -> None:
        packed = base64.b64decode(reply.items[-1]["embedding"])
        vector = change(list(struct.unpack(f"<{len(packed) // 4}f", packed)))
        reply.items[-1]["embedding"] = written(vector, packed=True)

    return trick


def usage(value: Any) -> Trick:
    """Another bill."""

    def trick(_: FakeProvider, reply: Reply) -> None:
        reply.usage = value

    return trick


def giant(size: int) -> Trick:
    """A body of so many bytes."""
    return body(b'{"data": [' + b" " * size + b"]}")
