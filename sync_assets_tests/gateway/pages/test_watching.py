"""The page's stream of events, by the session's cookie."""

import json
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.enqueue import enqueue
from sync_assets.store.sync_log import note
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.pages.conftest import AtTheDoor, Person, SignedIn
from sync_assets_tests.gateway.test_events import Told, told

pytestmark = pytest.mark.postgres

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def sync(platform: Platform, ours: Organization) -> UUID:
    [answer] = enqueue(platform, [ours.tenant], asked_by="test")
    return answer.sync_id


def watched(person: Person, sync: UUID, query: str = "", **headers: str) -> list[Told]:
    """All events of a sync that has ended."""
    path = f"{person.page}/syncs/{sync}/events{query}"
    with person.browser.stream("GET", path, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(told(response))


def lines(events: list[Told]) -> list[str]:
    return [data for kind, _, data in events if kind == "log"]  # type: ignore[misc]


def test_parts_of_the_page_come_as_they_change_until_the_end(
    platform: Platform, ours: Organization, signed_in: SignedIn, sync: UUID
):
    person = signed_in(ours.tenant, ours.syncer)
    with person.browser.stream("GET", f"{person.page}/syncs/{sync}/events") as response:
        events = told(response)
        first = {kind: data for kind, _, data in (next(events), next(events))}
        assert "Asked by test." in first["log"]
        assert "Queued" in first["progress"]["live"]
        assert "/cancel" in first["progress"]["actions"]
        platform.requests.cancel(sync, "test")
        rest = list(events)
    [last] = [data for kind, _, data in rest if kind == "progress"][-1:]
    assert last["status"] == "cancelled"
    assert last["said"] == "Cancelled."
    assert "/retry" in last["actions"]
    assert "Close" in last["actions"]
    assert rest[-1][0] == "end"


def test_the_forms_in_a_stream_are_those_of_the_session(
    platform: Platform, ours: Organization, signed_in: SignedIn, sync: UUID
):
    platform.requests.cancel(sync, "test")
    syncer, reader = signed_in(ours.tenant, ours.syncer), signed_in(ours.tenant, ours.reader)
    [offered] = [data["actions"] for kind, _, data in watched(syncer, sync) if kind == "progress"]
    assert syncer.token() in offered
    [offered] = [data["actions"] for kind, _, data in watched(reader, sync) if kind == "progress"]
    assert "<form" not in offered


def test_a_page_takes_up_the_log_where_it_ends(
    platform: Platform, ours: Organization, signed_in: SignedIn, sync: UUID
):
    person = signed_in(ours.tenant, ours.reader)
    address = person.see().text.partition('data-events="')[2].partition('"')[0]
    platform.requests.cancel(sync, "test")
    query = address.partition("?")[2]
    [line] = lines(watched(person, sync, f"?{query}"))
    assert "Cancelled (by test)." in line
    after_all = {"Last-Event-ID": str(10**9)}
    assert lines(watched(person, sync, f"?{query}", **after_all)) == []


def test_a_stream_speaks_the_pages_language_and_escapes(
    platform: Platform, ours: Organization, signed_in: SignedIn, sync: UUID
):
    with platform.database.as_control() as connection:
        note(connection, ours.tenant, sync, HOSTILE, stream=HOSTILE)
    platform.requests.cancel(sync, "test")
    person = signed_in(ours.tenant, ours.reader)
    person.see("?lang=pt")
    events = watched(person, sync)
    assert "Pedida por test." in lines(events)[0]
    assert "Cancelada" in next(data["live"] for kind, _, data in events if kind == "progress")
    assert "<script>" not in json.dumps(events)


def test_a_key_in_a_header_opens_no_page_and_a_session_no_api(
    ours: Organization, signed_in: SignedIn, client: Client, sync: UUID
):
    by_key = client(ours.admin).get(f"/t/{ours.tenant}/syncs/{sync}/events")
    assert by_key.status_code == 303
    person = signed_in(ours.tenant, ours.reader)
    assert person.browser.get(f"/v1/syncs/{sync}").status_code == 401


def refused(answer: httpx.Response) -> bool:
    return answer.status_code in {303, 404} and "event-stream" not in answer.headers.get(
        "content-type", ""
    )


def strangers(at_the_door: AtTheDoor, theirs: Organization) -> Iterator[Person]:
    yield at_the_door(theirs.tenant)
    insider = at_the_door(theirs.tenant)
    insider.sign_in(theirs.admin)
    yield insider


def test_others_hear_nothing(
    ours: Organization, theirs: Organization, at_the_door: AtTheDoor, sync: UUID
):
    for stranger in strangers(at_the_door, theirs):
        for tenant in (ours.tenant, theirs.tenant):
            assert refused(stranger.browser.get(f"/t/{tenant}/syncs/{sync}/events"))
