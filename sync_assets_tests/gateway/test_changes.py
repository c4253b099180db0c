"""A front end follows a tenant's records with nothing but a key."""

import threading
import time
from typing import Any

import httpx
import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.gateway import changes
from sync_assets.gateway.limits import Places
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.store.writing import held, page, post, request

pytestmark = pytest.mark.postgres

CHANGES = "/v1/tenants/ours-site/changes"
RECORDS = "/v1/tenants/ours-site/records"


@pytest.fixture
def front(platform: Platform, ours: Organization, client: Client) -> httpx.Client:
    """A client that may read; its tenant has the posts 1 to 5."""
    with held(platform, request(ours.tenant)) as stream:
        stream.write(page(*(post(key) for key in range(1, 6))))
    return client(ours.reader)


def edit(url: str, change: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"UPDATE cms.wordpress_posts SET {change}".encode())  # noqa: S608


def get(front: httpx.Client, **parameters: object) -> dict[str, Any]:
    answer = front.get(CHANGES, params=parameters)  # pyright: ignore[reportArgumentType]
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_changes_come_page_by_page_until_there_are_no_more(front: httpx.Client):
    first = get(front, limit=3)
    assert first["hasMore"]
    second = get(front, limit=3, cursor=first["nextCursor"])
    assert not second["hasMore"]
    found = [*first["changes"], *second["changes"]]
    assert [entry["key"] for entry in found] == [1, 2, 3, 4, 5]
    assert {entry["change"] for entry in found} == {"created"}
    assert set(found[0]) == {
        "id", "stream", "collection", "key", "change", "at", "syncId"
    }  # fmt: skip
    assert get(front, cursor=second["nextCursor"])["changes"] == []


def test_a_copy_is_made_from_now_on_and_kept_up(front: httpx.Client, database_url: str):
    cursor = get(front, cursor="now")["nextCursor"]
    edit(database_url, "title = 'Meanwhile' WHERE wp_id = 4")
    copy: dict[int, str] = {}
    parameters: dict[str, Any] = {"limit": 2}
    while parameters.get("cursor", "") is not None:
        answer = front.get(f"{RECORDS}/posts", params=parameters).json()
        copy |= {entry["key"]: entry["record"]["title"] for entry in answer["records"]}
        parameters["cursor"] = answer["nextCursor"]
    edit(database_url, "title = 'New' WHERE wp_id = 2")
    edit(database_url, "deleted_at = now() WHERE wp_id = 3")
    changed = get(front, cursor=cursor)["changes"]
    assert [(entry["change"], entry["key"]) for entry in changed] == [
        ("updated", 4), ("updated", 2), ("deleted", 3),
    ]  # fmt: skip
    keys = [entry["key"] for entry in changed]
    found = front.get(f"{RECORDS}/posts", params={"keys": keys}).json()["records"]
    copy |= {entry["key"]: entry["record"]["title"] for entry in found}
    for key in set(keys) - {entry["key"] for entry in found}:
        del copy[key]
    assert copy == {1: "Olá", 2: "New", 4: "Meanwhile", 5: "Olá"}


def test_only_some_streams(front: httpx.Client):
    assert get(front, streams=["terms", "media"])["changes"] == []
    assert len(get(front, streams=["terms", "posts"])["changes"]) == 5


def test_an_expired_cursor_says_to_begin_anew(front: httpx.Client, platform: Platform):
    old = get(front, limit=1)["nextCursor"]
    assert sum(platform.changes.forget(utc_now())) == 1
    answer = front.get(CHANGES, params={"cursor": old})
    assert answer.status_code == 410
    assert answer.json()["type"].endswith(":cursor-expired")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "cursor=now" in answer.json()["detail"]


def test_who_waits_hears_of_a_change_within_a_second_or_two(front: httpx.Client, database_url: str):
    cursor = get(front, cursor="now")["nextCursor"]
    writer = threading.Timer(0.7, edit, [database_url, "title = 'New' WHERE wp_id = 2"])
    writer.start()
    began = time.monotonic()
    found = get(front, cursor=cursor, wait=20)["changes"]
    assert [entry["key"] for entry in found] == [2]
    assert 0.5 < time.monotonic() - began < 10
    writer.join()


def test_no_more_wait_at_once_than_there_are_places(
    front: httpx.Client, ours: Organization, monkeypatch: pytest.MonkeyPatch
):
    few = Places(1, 1)
    monkeypatch.setattr(changes, "waiting", few)
    cursor = front.get(CHANGES, params={"cursor": "now"}).json()["nextCursor"]
    with few.taken(ours.name):
        assert front.get(CHANGES, params={"cursor": cursor, "wait": 1}).status_code == 429
        assert front.get(CHANGES, params={"cursor": cursor}).status_code == 200
    assert front.get(CHANGES, params={"cursor": cursor, "wait": 1}).status_code == 200


def test_who_waits_in_vain_gets_an_empty_answer(front: httpx.Client):
    cursor = get(front, cursor="now")["nextCursor"]
    began = time.monotonic()
    assert get(front, cursor=cursor, wait=1)["changes"] == []
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"cursor": "nonsense"}, {"cursor": "MS4w"}, {"limit": 0}, {"limit": 1001}, {"wait": 26},
        {"wait": -1}, {"streams": "products"}, {"streams": "a\0b"}, {"cursor": "a\0b"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(front: httpx.Client, parameters: dict[str, Any]):
    answer = front.get(CHANGES, params=parameters)
    assert answer.status_code == 422
    assert answer.json()["title"]


@pytest.mark.parametrize(
    "path",
    ["posts?limit=0", "posts?limit=101", "products", "posts?cursor=x", "posts?keys=a",
     f"posts?keys={2**63}", "posts?" + "&".join(f"keys={key}" for key in range(101))],
)  # fmt: skip
def test_records_that_cannot_be_are_refused(front: httpx.Client, path: str):
    assert front.get(f"{RECORDS}/{path}").status_code == 422


@pytest.mark.usefixtures("front")
def test_nothing_of_it_is_anybody_elses(theirs: Organization, client: Client):
    for path in (CHANGES, f"{RECORDS}/posts", "/v1/tenants/ours-site/webhook"):
        foreign = client(theirs.admin).get(path)
        assert foreign.status_code == 404
        unknown = client(theirs.admin).get(path.replace("ours-site", "nobodys"))
        assert foreign.json() == unknown.json()
        assert client("").get(path).status_code == 401


# The webhook


def test_a_webhook_is_set_shown_resumed_and_removed(
    front: httpx.Client, ours: Organization, client: Client
):
    path, admin = "/v1/tenants/ours-site/webhook", client(ours.admin)
    assert admin.get(path).status_code == 404
    made = admin.put(path, json={"url": "https://example.org/hook?token=1"})
    assert made.status_code == 200, made.text
    assert made.json()["secret"].startswith("whsec_")
    again = admin.put(path, json={"url": "https://example.org/other"})
    assert again.json()["secret"] is None
    other = admin.put(path, json={"url": "https://example.org/other?token=2", "newSecret": True})
    assert other.json()["secret"] not in {None, made.json()["secret"]}
    shown = front.get(path).json()
    assert (shown["url"], shown["state"]) == ("https://example.org/other", "up to date")
    assert admin.post(f"{path}/resume").status_code == 200
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404


def test_only_administrators_set_it_and_not_anywhere(
    front: httpx.Client, ours: Organization, client: Client
):
    path, wish = "/v1/tenants/ours-site/webhook", {"url": "https://example.org/"}
    assert front.put(path, json=wish).status_code == 403
    assert client(ours.syncer).delete(path).status_code == 403
    for url in ("ftp://example.org/", "https://u:p@example.org/", "nonsense"):
        assert client(ours.admin).put(path, json={"url": url}).status_code == 422
