"""The status page, its forms and its parts, without a browser."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.enqueue import enqueue
from sync_assets.gateway.pages.routers import ROUTERS
from sync_assets.store.sync_log import note
from sync_assets_tests.gateway.conftest import Organization
from sync_assets_tests.gateway.pages.conftest import AtTheDoor, Person, SignedIn

pytestmark = pytest.mark.postgres

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
PARTS = ["terms", "media", "pages", "posts"]


def asked(platform: Platform, tenant: str) -> UUID:
    [answer] = enqueue(platform, [tenant], asked_by="test")
    return answer.sync_id


def shown_sync(answer: httpx.Response) -> UUID:
    """The sync to which a form's answer leads."""
    assert answer.status_code == 303, answer.text
    return UUID(parse_qs(urlsplit(answer.headers["location"]).query)["sync"][0])


@pytest.fixture
def reader(ours: Organization, signed_in: SignedIn) -> Person:
    return signed_in(ours.tenant, ours.reader)


@pytest.fixture
def syncer(ours: Organization, signed_in: SignedIn) -> Person:
    return signed_in(ours.tenant, ours.syncer)


# What is shown


def test_nothing_is_shown_of_another_organizations_tenant(theirs: Organization, reader: Person):
    answers = [reader.browser.get(f"/t/{tenant}") for tenant in (theirs.tenant, "nobodys-site")]
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = (answer.text.replace(answer.url.path[3:], "") for answer in answers)
    assert first == second


def test_an_organizations_other_tenants_are_seen_in_the_same_session(
    platform: Platform, ours: Organization, reader: Person
):
    other = Tenant("ours-too", "wordpress", ours.name, "http://b.invalid", Credentials("u", "s"))
    platform.tenants.add(other)
    assert reader.browser.get("/t/ours-too").status_code == 200
    sync = asked(platform, "ours-too")
    assert reader.see(f"?sync={sync}").status_code == 404
    assert reader.browser.get(f"/t/ours-too?sync={sync}").status_code == 200


def test_the_sync_that_waits_is_shown_with_a_row_for_each_part(
    platform: Platform, ours: Organization, reader: Person
):
    sync = asked(platform, ours.tenant)
    shown = reader.see().text
    assert f"/syncs/{sync}/events" in shown
    assert "Queued" in shown
    platform.syncs.begin(platform.request(ours.tenant, sync_id=sync))
    assert re.findall(r'data-part="(\w+)"', reader.see().text)[2:] == PARTS


def test_a_closed_sync_is_not_shown_until_another_one_comes(
    platform: Platform, ours: Organization, reader: Person
):
    sync = asked(platform, ours.tenant)
    platform.requests.cancel(sync, "test")
    assert f"closed={sync}" in reader.see().text
    assert "Nothing is being synced." in reader.see(f"?closed={sync}").text
    other = asked(platform, ours.tenant)
    assert f"/syncs/{other}/events" in reader.see(f"?closed={sync}").text


def test_what_sites_and_logs_say_is_text_and_nothing_else(
    platform: Platform, ours: Organization, reader: Person
):
    sync = asked(platform, ours.tenant)
    with platform.database.as_control() as connection:
        note(connection, ours.tenant, sync, HOSTILE, stream=HOSTILE)
    shown = reader.see("", **{"Accept-Language": "pt"}).text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_what_stands_in_the_address_is_text_too(reader: Person):
    answer = reader.browser.get(reader.page, params={"q": HOSTILE, "status": HOSTILE})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert 'onerror=alert(2)>"' not in answer.text


def test_pages_load_nothing_but_our_own_and_run_nothing_inline(
    platform: Platform, ours: Organization, reader: Person
):
    asked(platform, ours.tenant)
    for path in ("", "/sign-in", "?sync=no-uuid"):
        answer = reader.see(path)
        policy = answer.headers["content-security-policy"]
        assert policy == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', answer.text)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)
        assert all(reader.browser.get(address).status_code == 200 for address in loaded)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", answer.text)


def test_files_are_kept_for_as_long_as_their_contents_stay(reader: Person):
    [address] = re.findall(r'href="(/static/[^"]+\.css)"', reader.see().text)
    assert "immutable" in reader.browser.get(address).headers["cache-control"]
    old = address.replace(address.split("/")[2], "0" * 12)
    assert reader.browser.get(old).headers["cache-control"] == "no-store"
    for name in ("words.py", "..%2Fwords.py", "status.html"):
        assert reader.browser.get(f"/static/x/{name}").status_code == 404


@pytest.mark.parametrize("path", ["?sync=no-uuid", "?cursor=bm9uZQ==", f"?sync={uuid4()}"])
def test_an_address_that_leads_nowhere_gets_a_page_that_says_so(reader: Person, path: str):
    answer = reader.see(path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1" in answer.text


def test_history_is_filtered_and_paged(platform: Platform, ours: Organization, reader: Person):
    for _ in range(12):
        platform.requests.cancel(asked(platform, ours.tenant), "test")
    waiting = asked(platform, ours.tenant)

    def listed(page: str) -> list[str]:
        return re.findall(rf'href="{reader.page}\?sync=([0-9a-f-]+)#sync" aria-label', page)

    first = reader.see().text
    assert len(listed(first)) == 10
    assert listed(reader.see("?status=queued").text) == [str(waiting)]
    assert listed(reader.see("?status=completed").text) == []
    [older] = re.findall(r'href="([^"]+cursor=[^"]+)"', first)
    rest = reader.browser.get(older.replace("&amp;", "&")).text
    assert len(listed(rest)) == 3
    assert not set(listed(first)) & set(listed(rest))


def test_queues_and_budget_are_shown(platform: Platform, ours: Organization, reader: Person):
    asked(platform, ours.tenant)
    shown = reader.see().text
    assert re.search(r"<h3>Normal</h3>.*?Waiting</dt><dd>1</dd>", shown, re.DOTALL)
    assert "USD 0.00 of USD 5.00 spent" in shown


def test_a_search_without_texts_says_why_it_finds_nothing(ours: Organization, reader: Person):
    answer = reader.see("?q=pão")
    assert answer.status_code == 200
    assert f"Nothing of {ours.tenant} is embedded yet." in answer.text
    assert "sync-assets" not in answer.text


# Who may do what


def forms(page: str) -> set[str]:
    return set(re.findall(r'<form method="post" action="[^"]*/([\w-]+)"', page))


def test_a_reader_sees_no_button_that_is_not_for_readers(
    platform: Platform, ours: Organization, reader: Person, syncer: Person
):
    sync = asked(platform, ours.tenant)
    assert forms(reader.see().text) == {"sign-out"}
    assert forms(syncer.see().text) == {"sign-out", "cancel", "syncs"}
    platform.requests.cancel(sync, "test")
    assert forms(reader.see().text) == {"sign-out"}
    assert forms(syncer.see().text) == {"sign-out", "retry", "syncs"}


Acts = Mapping[str, dict[str, str | list[str]]]


def acts(sync: UUID) -> Acts:
    """The forms that change something."""
    return {"/syncs": {"parts": PARTS}, f"/syncs/{sync}/cancel": {}, f"/syncs/{sync}/retry": {}}


def test_a_reader_who_sends_a_form_all_the_same_changes_nothing(
    platform: Platform, ours: Organization, reader: Person
):
    sync = asked(platform, ours.tenant)
    for path, fields in acts(sync).items():
        answer = reader.send(path, fields)
        assert answer.status_code == 403
        assert "scope" in answer.text
    assert [entry.sync_id for entry in platform.history.list().entries] == [sync]
    assert platform.requests.get(sync).state is State.QUEUED


@pytest.mark.parametrize(
    "how",
    [{"token": ""}, {"token": "0" * 64}, {"origin": "https://evil.example"}, {"origin": None}],
    ids=str,
)
def test_another_sites_form_changes_nothing(
    platform: Platform, ours: Organization, syncer: Person, how: dict[str, str]
):
    sync = asked(platform, ours.tenant)
    for path, fields in acts(sync).items():
        assert syncer.send(path, fields, **how).status_code == 403
    assert [entry.sync_id for entry in platform.history.list().entries] == [sync]
    assert platform.requests.get(sync).state is State.QUEUED


def test_another_organizations_session_changes_nothing(
    platform: Platform, ours: Organization, theirs: Organization, signed_in: SignedIn
):
    stranger = signed_in(theirs.tenant, theirs.admin)
    token, sync = stranger.token(), asked(platform, ours.tenant)
    for tenant in (ours.tenant, theirs.tenant):
        stranger.tenant = tenant
        for path, fields in acts(sync).items():
            if tenant == ours.tenant or path != "/syncs":
                assert stranger.send(path, fields, token=token).status_code == 404
    assert [entry.sync_id for entry in platform.history.list().entries] == [sync]
    assert platform.requests.get(sync).state is State.QUEUED


def routes() -> list[tuple[str, str]]:
    """Method and path of every page of a tenant but its door."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [
        (method, route.path)
        for route in found
        for method in sorted(route.methods or ())
        if "{tenant_id}" in route.path and not route.path.endswith(("/sign-in", "/sign-out"))
    ]


@pytest.mark.parametrize(("method", "path"), routes(), ids=lambda part: str(part))
def test_no_route_tells_a_stranger_what_there_is(
    platform: Platform,
    ours: Organization,
    theirs: Organization,
    at_the_door: AtTheDoor,
    signed_in: SignedIn,
    method: str,
    path: str,
):
    sync, stranger = asked(platform, ours.tenant), signed_in(theirs.tenant, theirs.admin)
    form = {"token": stranger.token(), "parts": PARTS}
    origin = {"Origin": str(stranger.browser.base_url).rstrip("/")}
    answers = []
    for tenant, sync_id in ((ours.tenant, sync), ("nobodys-site", uuid4()), (theirs.tenant, sync)):
        address = path.format(tenant_id=tenant, sync_id=sync_id)
        if tenant != theirs.tenant or "{sync_id}" in path:
            body = form if method == "POST" else None
            answer = stranger.browser.request(method, address, data=body, headers=origin)
            answers.append((answer.status_code, answer.text.replace(tenant, "")))
        outside = at_the_door(tenant).browser.request(method, address)
        assert (outside.status_code, outside.text) == (303, "")
    assert set(answers) == {answers[0]}
    assert answers[0][0] == 404


# Doing


def test_a_quick_sync_is_incremental_and_goes_first(platform: Platform, syncer: Person):
    sync = shown_sync(syncer.send("/syncs", {"kind": "quick", "parts": ["terms", "media"]}))
    request = platform.requests.get(sync)
    assert request.streams == ("terms", "media")
    assert not request.options.full
    assert request.priority is Priority.HIGH
    assert request.asked_by.startswith("key ")


def test_a_full_sync_reads_everything_again(platform: Platform, syncer: Person):
    sync = shown_sync(syncer.send("/syncs", {"kind": "full", "parts": PARTS}))
    request = platform.requests.get(sync)
    assert request.streams == tuple(PARTS)
    assert request.options.full


def test_a_sync_of_nothing_is_not_started_and_the_page_says_why(platform: Platform, syncer: Person):
    answer = syncer.send("/syncs", {"kind": "full"})
    assert "Tick one part at least." in syncer.browser.get(answer.headers["location"]).text
    assert not platform.history.list().entries


@pytest.mark.parametrize(
    "fields", [{"parts": ["no-such"]}, {"kind": "no-such", "parts": PARTS}, {"parts": ["a\0b"]}]
)
def test_what_no_form_of_ours_sends_is_refused_with_a_page(
    platform: Platform, syncer: Person, fields: dict[str, str | list[str]]
):
    answer = syncer.send("/syncs", fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert not platform.history.list().entries


def test_a_sync_is_cancelled_and_asked_for_again(
    platform: Platform, ours: Organization, syncer: Person
):
    sync = asked(platform, ours.tenant)
    assert shown_sync(syncer.send(f"/syncs/{sync}/cancel")) == sync
    assert platform.requests.get(sync).state is State.CANCELLED
    assert shown_sync(syncer.send(f"/syncs/{sync}/cancel")) == sync  # a second press does no harm
    assert shown_sync(syncer.send(f"/syncs/{sync}/retry")) == sync
    assert platform.requests.get(sync).state is State.QUEUED


def test_calls_of_pages_are_on_record(platform: Platform, ours: Organization, syncer: Person):
    sync = asked(platform, ours.tenant)
    syncer.send(f"/syncs/{sync}/cancel")
    query = "SELECT organization, key_id, tenant, sync_id FROM sync.audit WHERE route = %(route)s"
    with platform.database.as_control() as connection:
        [row] = connection.execute(query, {"route": "/t/{tenant_id}/syncs/{sync_id}/cancel"})
    assert row == (ours.name, ours.syncer.split("_")[1], ours.tenant, sync)
