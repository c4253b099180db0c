"""Hints: signed, in time, bounded, heard once; and for no one else's tenant."""

import hashlib
import hmac
import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.gateway.hooks import LARGEST, LATE, MOST
from sync_assets.gateway.limits import BURST, GUESS_BURST
from sync_assets_tests.gateway.conftest import Client, Organization

pytestmark = pytest.mark.postgres

POST = {"kind": "post", "type": "post", "id": 7}
PAGE = {"kind": "post", "type": "page", "id": 8}
TERM = {"kind": "term", "type": "category", "id": 3}


class Site:
    """What a site with the plugin does."""

    def __init__(self, client: httpx.Client, tenant: str, secret: str) -> None:
        self._client = client
        self.tenant = tenant
        self.secret = secret

    def says(self, *objects: object, at: float | None = None) -> httpx.Response:
        """Hint at objects."""
        return self.sends(orjson.dumps({"objects": objects}), at=at)

    def sends(self, body: bytes, *, at: float | None = None) -> httpx.Response:
        """Send a signed body."""
        return self.call(body, self.signed(body, str(int(at or time.time()))))

    def signed(self, body: bytes, timestamp: str) -> dict[str, str]:
        said = timestamp.encode() + b"." + body
        digest = hmac.new(self.secret.encode(), said, hashlib.sha256).hexdigest()
        return {
            "X-Sync-Assets-Timestamp": timestamp,
            "X-Sync-Assets-Signature": f"sha256={digest}",
        }

    def call(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send anything."""
        kind = {"Content-Type": "application/json"}
        path = f"/v1/hooks/wordpress/{self.tenant}"
        return self._client.post(path, content=body, headers={**kind, **headers})


@pytest.fixture
def site(platform: Platform, ours: Organization, client: Client) -> Site:
    """The site of our tenant; it has no key."""
    return Site(client(""), ours.tenant, platform.hooks.make(ours.tenant))


def hints(platform: Platform, tenant: str) -> set[tuple[str, str, int]]:
    query = "SELECT stream, collection, record FROM sync.hints WHERE tenant_id = %(tenant)s"
    with platform.database.as_control() as connection:
        return {tuple(row) for row in connection.execute(query, {"tenant": tenant})}  # type: ignore[misc]


def requests(platform: Platform) -> list[Any]:
    query = "SELECT tenant_id, options, asked_by FROM sync.requests"
    with platform.database.as_control() as connection:
        return [*connection.execute(query)]


@contextmanager
def broken(platform: Platform, table: str) -> Generator[None]:
    """Let PostgreSQL refuse new rows of a table for a while."""
    with platform.database.as_owner() as owner:
        owner.execute(_BREAK.format(table=table))
    yield
    with platform.database.as_owner() as owner:
        owner.execute("DROP FUNCTION sync.full() CASCADE")


_BREAK = """
    CREATE FUNCTION sync.full() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
    CREATE TRIGGER full_up BEFORE INSERT ON sync.{table} EXECUTE FUNCTION sync.full()
"""


def test_a_hint_is_kept_and_asks_for_a_sync_of_just_that(platform: Platform, site: Site):
    answer = site.says(POST, PAGE, TERM)
    assert (answer.status_code, answer.json()) == (202, {"hints": 3, "dropped": 0})
    assert hints(platform, site.tenant) == {
        ("posts", "post", 7),
        ("pages", "page", 8),
        ("terms", "category", 3),
    }
    [request] = requests(platform)
    assert (request.tenant_id, request.asked_by) == (site.tenant, "wordpress")
    assert request.options["hinted"] is True


def test_many_calls_make_one_request(platform: Platform, site: Site):
    with ThreadPoolExecutor(8) as threads:
        calls = [{**POST, "id": key} for key in range(1, 41)]
        answers = list(threads.map(site.says, calls))
    assert {answer.status_code for answer in answers} == {202}
    assert len(hints(platform, site.tenant)) == 40
    assert len(requests(platform)) == 1


def test_a_call_is_heard_once(platform: Platform, site: Site):
    body, at = orjson.dumps({"objects": [POST], "call": "1"}), time.time()
    assert site.sends(body, at=at).json() == {"hints": 1, "dropped": 0}
    with platform.database.as_control() as connection:
        connection.execute("DELETE FROM sync.hints")
    again = site.sends(body, at=at)
    assert (again.status_code, again.json()) == (202, {"hints": 0, "dropped": 0})
    assert hints(platform, site.tenant) == set()


@pytest.mark.parametrize("table", ["hints", "requests"])
def test_a_call_that_could_not_be_kept_is_kept_when_it_comes_again(
    platform: Platform, site: Site, table: str
):
    body, at = orjson.dumps({"objects": [POST], "call": "1"}), time.time()
    with broken(platform, table):
        assert site.sends(body, at=at).status_code == 500
    assert (hints(platform, site.tenant), requests(platform)) == (set(), [])
    again = site.sends(body, at=at)
    assert (again.status_code, again.json()) == (202, {"hints": 1, "dropped": 0})
    assert hints(platform, site.tenant) == {("posts", "post", 7)}
    assert len(requests(platform)) == 1


def test_what_the_tenant_does_not_sync_is_dropped_at_the_door(platform: Platform, site: Site):
    bad = [
        {"kind": "post", "type": "product", "id": 1},  # no custom type is named in its settings
        {"kind": "user", "type": "user", "id": 1},
        {"kind": "post", "type": "post", "id": 0},
        {"kind": "post", "type": "post", "id": "7"},
        {"kind": "post", "type": "post", "id": True},
        {"kind": "post", "type": "post", "id": 2**63},
        {"kind": "term", "type": "a\x00b", "id": 1},
        {"kind": "term", "type": "x" * 65, "id": 1},
        {"kind": "term", "type": None, "id": 1},
        {},
    ]
    assert site.says(*bad).json() == {"hints": 0, "dropped": len(bad)}
    assert requests(platform) == []


@pytest.mark.parametrize("seconds", [-LATE - 5, LATE + 5])
def test_a_call_out_of_its_time_is_refused(platform: Platform, site: Site, seconds: int):
    answer = site.says(POST, at=time.time() + seconds)
    assert answer.status_code == 422
    assert "timestamp" in answer.json()["detail"]
    assert hints(platform, site.tenant) == set()


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "٣", "9" * 30, "-5"])
def test_a_timestamp_is_a_number_of_seconds(site: Site, timestamp: str):
    body = orjson.dumps({"objects": [POST]})
    headers = {k: v.encode() for k, v in site.signed(body, timestamp).items()}
    answer = site.call(body, headers)  # type: ignore[arg-type]
    assert answer.status_code in {404, 422}


def test_wrong_unsigned_unknown_and_removed_are_answered_alike(
    platform: Platform, site: Site, theirs: Organization, client: Client
):
    body, now = orjson.dumps({"objects": [POST]}), str(int(time.time()))
    good = site.signed(body, now)
    wrong = Site(client(""), site.tenant, "another secret").says(POST)
    unsigned = site.call(body, {})
    altered = site.call(body + b" ", good)
    later = site.call(body, {**good, "X-Sync-Assets-Timestamp": str(int(now) + 1)})
    without = Site(client(""), theirs.tenant, site.secret).says(POST)
    unknown = Site(client(""), "nobody", site.secret).says(POST)
    odd = Site(client(""), "no%00body", site.secret).says(POST)
    platform.tenants.deactivate(site.tenant)
    removed = site.says(POST)
    answers = [wrong, unsigned, altered, later, without, unknown, odd, removed]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert requests(platform) == []


def test_a_new_secret_ends_the_old_one(platform: Platform, site: Site):
    platform.hooks.make(site.tenant)
    assert site.says(POST).status_code == 404


def test_a_call_is_bounded(site: Site):
    large = orjson.dumps({"objects": [], "call": "x" * LARGEST})
    assert site.sends(large).status_code == 413
    assert site.says(*[POST] * (MOST + 1)).status_code == 422
    assert site.says(*[POST] * MOST).status_code == 202


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"objects": 1}', b'{"objects": [1]}', b'{"a": "\xff"}', b"null"]
)
def test_what_is_no_call_is_told_so(site: Site, body: bytes):
    answer = site.sends(body)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_tenant_without_credentials_is_heard_and_not_synced(platform: Platform, site: Site):
    with platform.database.as_owner() as connection:
        connection.execute("UPDATE sync.tenants SET secret = NULL")
    assert site.says(POST).status_code == 202
    assert requests(platform) == []


def test_a_call_is_audited_as_the_hooks_of_its_organization(platform: Platform, site: Site):
    site.says(POST)
    query = "SELECT organization, key_id, tenant, status FROM sync.audit WHERE status = 202"
    with platform.database.as_control() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("ours", "hook", site.tenant, 202)
        ]


@pytest.mark.usefixtures("still")
def test_a_site_that_calls_for_every_visitor_is_slowed_down(site: Site):
    answers = [site.says({**POST, "id": key}) for key in range(1, BURST + 20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("tenant", ["ours-site", "nobody", "no%00body"])
def test_a_site_that_guesses_is_held_up_whatever_there_is(site: Site, tenant: str):
    site.tenant, site.secret = tenant, "another secret"
    statuses = [site.says(POST).status_code for _ in range(GUESS_BURST + 3)]
    assert statuses == [404] * GUESS_BURST + [429] * 3


def test_no_secret_is_in_any_answer(site: Site):
    for answer in (site.says(POST), site.sends(b"{"), site.says(POST, at=1)):
        assert site.secret not in answer.text + str(answer.headers)
