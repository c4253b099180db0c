"""Streams of events, by the real server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import Priority
from sync_assets.enqueue import enqueue
from sync_assets.gateway import events
from sync_assets.gateway.events import Streams
from sync_assets.gateway.hub import SLOW, Watcher
from sync_assets.store.sync_log import note
from sync_assets_tests.gateway.conftest import Client, Organization, bearer

pytestmark = pytest.mark.postgres

Told = tuple[str, int, dict[str, Any]]


def asked(platform: Platform, ours: Organization) -> UUID:
    [answer] = enqueue(platform, [ours.tenant], asked_by="test")
    return answer.sync_id


def write(platform: Platform, ours: Organization, sync_id: UUID, message: str) -> None:
    with platform.database.as_control() as connection:
        note(connection, ours.tenant, sync_id, message)


def told(response: httpx.Response) -> Iterator[Told]:
    """The events of a stream: kind, id and data."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields.get("event"):
            yield fields["event"], int(fields["id"]), json.loads(fields["data"])
            fields = {}


def messages(events: list[Told]) -> list[str]:
    return [data["message"] for kind, _, data in events if kind == "log"]


def test_progress_and_log_come_as_they_happen_until_the_end(
    platform: Platform, ours: Organization, client: Client
):
    sync = asked(platform, ours)
    with client(ours.reader).stream("GET", f"/v1/syncs/{sync}/events") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        events = told(response)
        first = [next(events), next(events)]
        assert {kind for kind, *_ in first} == {"progress", "log"}
        write(platform, ours, sync, "half way")
        assert messages([next(events)]) == ["half way"]
        platform.requests.cancel(sync, "test")
        rest = list(events)
    assert messages(rest) == ["Cancelled (by test)."]
    assert rest[-2][0] == "progress"
    assert rest[-2][2]["status"] == "cancelled"
    assert rest[-1][0] == "end"
    assert rest[-1][2] == {"syncId": str(sync), "status": "cancelled"}


def test_who_comes_again_goes_on_where_the_stream_broke_off(
    platform: Platform, ours: Organization, client: Client
):
    sync = asked(platform, ours)
    for number in range(5):
        write(platform, ours, sync, f"line {number}")
    platform.requests.cancel(sync, "test")
    path = f"/v1/syncs/{sync}/events"
    with client(ours.reader).stream("GET", path) as response:
        whole = list(told(response))
    [(_, seen, _)] = [event for event in whole if event[2].get("message") == "line 2"]
    with client(ours.reader).stream("GET", path, headers={"Last-Event-ID": str(seen)}) as response:
        rest = list(told(response))
    assert messages(rest) == ["line 3", "line 4", "Cancelled (by test)."]
    assert len(messages(whole)) == len(set(messages(whole))) == 7


def test_a_long_log_comes_whole_and_in_order(
    platform: Platform, ours: Organization, client: Client
):
    sync = asked(platform, ours)
    with platform.database.as_control() as connection:
        for number in range(1_200):
            note(connection, ours.tenant, sync, f"line {number}")
    platform.requests.cancel(sync, "test")
    with client(ours.reader).stream("GET", f"/v1/syncs/{sync}/events") as response:
        events = list(told(response))
    shown = [text for text in messages(events) if text.startswith("line")]
    assert shown == [f"line {number}" for number in range(1_200)]


def test_a_line_that_is_committed_late_is_told_too(
    platform: Platform, ours: Organization, client: Client
):
    sync = asked(platform, ours)
    with client(ours.reader).stream("GET", f"/v1/syncs/{sync}/events") as response:
        events = told(response)
        with platform.database.as_control() as connection:
            note(connection, ours.tenant, sync, "began first")
            write(platform, ours, sync, "ended first")
            logged = (data["message"] for kind, _, data in events if kind == "log")
            while next(logged) != "ended first":
                pass
        assert next(logged) == "began first"


def test_who_reads_slowly_is_spared_old_progress_and_told_the_newest(
    platform: Platform, ours: Organization
):
    sync = asked(platform, ours)
    report = platform.syncs.report(sync)
    lines = [{"id": number, "settled": True, "message": "x"} for number in range(1, SLOW + 10)]
    watcher = Watcher(sync, 0)
    watcher.tell(report, lines)
    platform.requests.reschedule(sync, priority=Priority.URGENT)
    watcher.tell(platform.syncs.report(sync), [])
    kinds = [watcher.events.get_nowait() for _ in range(watcher.events.qsize())]
    assert [event.kind for event in kinds if event].count("progress") == 1
    watcher.tell(platform.syncs.report(sync), [])
    newest = watcher.events.get_nowait()
    assert newest is not None
    assert newest.data["priority"] == "urgent"


def test_who_stops_to_read_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "LONGEST", 0.1)
    monkeypatch.setattr(events, "QUIET", 0.1)
    left: list[str] = []

    async def words() -> AsyncIterator[bytes]:
        yield b"word"

    async def never(_message: object = None) -> Any:
        await asyncio.Event().wait()

    stream = events.EventStream(words(), lambda: left.append("left"))
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    asyncio.run(asyncio.wait_for(stream(scope, never, never), 5))
    assert left == ["left"]


def test_another_organization_sees_no_stream(
    platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    sync = asked(platform, ours)
    assert client(theirs.admin).get(f"/v1/syncs/{sync}/events").status_code == 404


def wait_until(what, seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_two_hundred_watch_at_once_and_leave_nothing_behind(
    platform: Platform, ours: Organization, address: str, app: FastAPI
):
    sync = asked(platform, ours)
    limits = httpx.Limits(max_connections=None)
    headers = bearer(ours.reader)
    app.state.limits._keys._burst = 1_000.0

    with httpx.Client(base_url=address, headers=headers, limits=limits, timeout=60) as many:

        def watch(_: int) -> str:
            with many.stream("GET", f"/v1/syncs/{sync}/events") as response:
                return [*told(response)][-1][0]

        with ThreadPoolExecutor(200) as threads:
            watchers = threads.map(watch, range(200))
            wait_until(lambda: len(app.state.streams) == 200, 60)
            began = time.monotonic()
            assert many.get("/readyz").status_code == 200
            assert time.monotonic() - began < 5
            platform.requests.cancel(sync, "test")
            assert set(watchers) == {"end"}
    wait_until(lambda: len(app.state.streams) == 0 and len(app.state.streams.hub) == 0)


def test_an_organization_has_so_many_streams_and_no_more(
    platform: Platform, ours: Organization, theirs: Organization, client: Client, app: FastAPI
):
    app.state.streams = Streams(app.state.streams.hub, most=3, most_of_one=2)
    path = f"/v1/syncs/{asked(platform, ours)}/events"
    with (
        client(ours.reader).stream("GET", path),
        client(ours.reader).stream("GET", path),
    ):
        refused = client(ours.reader).get(path)
        assert refused.status_code == 429
        assert refused.headers["retry-after"]
        their_path = f"/v1/syncs/{asked(platform, theirs)}/events"
        with client(theirs.reader).stream("GET", their_path) as other:
            assert other.status_code == 200
            assert client(theirs.reader).get(their_path).status_code == 503
    wait_until(lambda: len(app.state.streams) == 0)
    with client(ours.reader).stream("GET", path) as again:
        assert again.status_code == 200


def test_who_hangs_up_is_forgotten(
    platform: Platform, ours: Organization, client: Client, app: FastAPI
):
    sync = asked(platform, ours)
    with client(ours.reader).stream("GET", f"/v1/syncs/{sync}/events") as response:
        events = told(response)  # whose end would be that of the response
        next(events)
        assert len(app.state.streams) == 1
    wait_until(lambda: len(app.state.streams) == 0 and len(app.state.streams.hub) == 0)
