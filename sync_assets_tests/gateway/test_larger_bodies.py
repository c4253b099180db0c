"""Bodies of a door that takes larger ones: up to its own bound, and few of them at a time."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from sync_assets.gateway.bodies import HEARD_OUT, LARGER_AT_ONCE, LARGEST, Bodies

DOOR = "/v1/hooks/shop/"
MOST = 4 * LARGEST
PART = b" " * (LARGEST // 4)


class App:
    """What is behind: it keeps each body until it is told to let go."""

    def __init__(self) -> None:
        self.lengths = list[int]()
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        self.lengths.append(len(await Request(scope, receive).body()))
        await self.go_on.wait()


async def call(bodies: Bodies, size: int, path: str = f"{DOOR}acme", *, named: bool = False) -> int:
    """Send a body in parts; gives the status where `bodies` answers itself, else 0."""
    parts: Iterator[bytes] = iter([PART] * (size // len(PART)) + [b" " * (size % len(PART))])
    left, said = size, [0]

    async def receive() -> Message:
        nonlocal left
        part = next(parts)
        left -= len(part)
        return {"type": "http.request", "body": part, "more_body": left > 0}

    async def send(message: Message) -> None:
        said.append(message.get("status", said[-1]))

    length = (b"content-length", str(size).encode())
    headers = [length if named else (b"transfer-encoding", b"chunked")]
    headers.append((b"content-type", b"application/json"))
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    await bodies({**scope, "headers": headers}, receive, send)
    return said[-1]


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        (f"{DOOR}acme", MOST, 0),
        (f"{DOOR}acme", MOST + 1, 413),
        (f"{DOOR}acme", MOST + HEARD_OUT + 1, 413),
        ("/v1/syncs/bulk", LARGEST, 0),
        ("/v1/syncs/bulk", LARGEST + 1, 413),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_door_has_a_bound_of_its_own(path: str, size: int, status: int, named: bool):
    async def trial() -> None:
        app = App()
        app.go_on.set()
        bodies = Bodies(app, larger={DOOR: MOST})
        assert await call(bodies, size, path, named=named) == status
        assert app.lengths == ([] if status else [size])

    asyncio.run(trial())


def test_only_a_few_large_bodies_are_held_at_a_time_and_small_ones_pass():
    async def trial() -> None:
        app = App()
        bodies = Bodies(app, larger={DOOR: MOST})
        large = [asyncio.create_task(call(bodies, MOST)) for _ in range(LARGER_AT_ONCE + 2)]
        await asyncio.sleep(0.05)
        small = asyncio.create_task(call(bodies, LARGEST))
        await asyncio.sleep(0.05)
        assert app.lengths == [MOST] * LARGER_AT_ONCE + [LARGEST]
        app.go_on.set()
        await asyncio.gather(*large, small)
        assert app.lengths == [MOST] * LARGER_AT_ONCE + [LARGEST] + [MOST] * 2

    asyncio.run(trial())


def test_who_finds_no_place_in_time_is_told_and_places_are_given_back():
    async def trial() -> None:
        app = App()
        bodies = Bodies(app, patience=0.05, larger={DOOR: MOST})
        large = [asyncio.create_task(call(bodies, MOST)) for _ in range(LARGER_AT_ONCE)]
        await asyncio.sleep(0)
        assert await call(bodies, MOST) == 408
        app.go_on.set()
        await asyncio.gather(*large)
        assert [await call(bodies, size) for size in (MOST + 1, MOST)] == [413, 0]

    asyncio.run(trial())
