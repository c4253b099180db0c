"""100 clients that ask for syncs and look at them, while 200 event streams are open."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import uuid4

from bench.gateway.wire import Json, Wire, connected

STREAMS = ("terms", "media", "pages", "posts")


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A client's key and the tenants of its organization."""

    key: str
    tenants: Sequence[str]


@dataclass(slots=True)
class Load:
    """What came of it.

    Attributes:
        calls: by method, route and status.
        seconds: of each call, as the clients saw it, by method and route.
        replays: repetitions with the same Idempotency-Key, and those answered otherwise.
        events: frames of all streams.
        open: streams that were still open at the end.
    """

    calls: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    replays: int = 0
    differing: int = 0
    events: int = 0
    open: int = 0

    @property
    def errors(self) -> int:
        """Calls that were not answered well."""
        return sum(count for (_, status), count in self.calls.items() if status >= 400)


async def run(
    port: int,
    clients: Sequence[Tenancy],
    watched: Sequence[tuple[str, str]],
    seconds: float,
    pause: float,
) -> Load:
    """Let all clients go for so long.

    Args:
        port: of the gateway.
        clients: each with a connection of its own.
        watched: keys and syncs, a stream each.
        seconds: how long.
        pause: between two calls of a client, on average.
    """
    load = Load()
    async with AsyncExitStack() as stack:
        streams = [
            asyncio.create_task(
                _watch(load, await stack.enter_async_context(connected(port, key)), sync_id)
            )
            for key, sync_id in watched
        ]
        await asyncio.sleep(1)
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(
                _client(load, port, number, each, until, pause)
                for number, each in enumerate(clients)
            )
        )
        load.open = sum(not stream.done() for stream in streams)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
    return load


async def _watch(load: Load, wire: Wire, sync_id: str) -> None:
    async for _ in wire.stream(f"/v1/syncs/{sync_id}/events"):
        load.events += 1


async def _client(
    load: Load, port: int, number: int, tenancy: Tenancy, until: float, pause: float
) -> None:
    """Asks, looks, lists, and asks once more what it had asked, with the same key."""
    chance = random.Random(number)  # noqa: S311 - a load, no secret
    await asyncio.sleep(chance.uniform(0, 2 * pause))  # they have not been waiting for this moment
    async with connected(port, tenancy.key) as wire:
        known: str | None = None
        while time.monotonic() < until:
            what = chance.random()
            if known is None or what < 0.4:
                known = await _ask(load, wire, chance, tenancy)
            elif what < 0.7:
                await _timed(load, wire, "GET /v1/syncs/{id}", f"/v1/syncs/{known}")
            elif what < 0.85:
                await _timed(load, wire, "GET /v1/syncs/{id}/report", f"/v1/syncs/{known}/report")
            else:
                await _timed(load, wire, "GET /v1/syncs", "/v1/syncs?limit=20")
            await asyncio.sleep(chance.uniform(0, 2 * pause))


async def _ask(load: Load, wire: Wire, chance: random.Random, tenancy: Tenancy) -> str:
    tenant = chance.choice(tenancy.tenants)
    wanted = sorted(chance.sample(STREAMS, chance.randint(1, 4)))
    body = {"streams": wanted, "full": chance.random() < 0.1}
    name, path = uuid4().hex, f"/v1/tenants/{tenant}/syncs"
    answer = await _timed(load, wire, "POST /v1/tenants/{id}/syncs", path, body, name)
    if chance.random() < 0.1:
        again = await _timed(load, wire, "POST again", path, body, name)
        load.replays += 1
        load.differing += again != answer
    return str(answer["syncId"])


async def _timed(
    load: Load, wire: Wire, what: str, path: str, body: object = None, once: str | None = None
) -> Json:
    began = time.perf_counter()
    headers = {} if once is None else {"Idempotency_Key": once}
    status, answer = await wire.call("GET" if body is None else "POST", path, body, **headers)
    load.seconds.setdefault(what, []).append(time.perf_counter() - began)
    load.calls[what, status] += 1
    return answer
