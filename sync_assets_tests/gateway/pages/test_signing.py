"""The door of the pages: sessions, their forms and their ends."""

import hashlib
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.keys import Scope
from sync_assets_tests.gateway.conftest import Organization
from sync_assets_tests.gateway.pages.conftest import AtTheDoor, SignedIn

pytestmark = pytest.mark.postgres

UNKNOWN = "nobodys-site"
WRONG = "sa_" + "a" * 16 + "_" + "b" * 43


def cookie(answer: httpx.Response, name: str):
    """A cookie that an answer sets, with its attributes."""
    [found] = [
        SimpleCookie(line)[name]
        for line in answer.headers.get_list("set-cookie")
        if line.startswith(f"{name}=")
    ]
    return found


def test_who_is_not_signed_in_is_led_to_the_door(ours: Organization, at_the_door: AtTheDoor):
    for tenant in (ours.tenant, UNKNOWN):
        answer = at_the_door(tenant).see()
        assert (answer.status_code, answer.headers["location"]) == (303, f"/t/{tenant}/sign-in")


def test_a_key_opens_the_page(ours: Organization, at_the_door: AtTheDoor):
    person = at_the_door(ours.tenant)
    answer = person.sign_in(ours.reader)
    assert (answer.status_code, answer.headers["location"]) == (303, person.page)
    assert ours.tenant in person.see().text


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(
    ours: Organization, at_the_door: AtTheDoor
):
    session = cookie(at_the_door(ours.tenant).sign_in(ours.reader), "sync_session")
    assert session["httponly"]
    assert session["samesite"] == "lax"
    assert session["max-age"] == str(12 * 3600)
    assert not session["secure"]  # by plain http, on this machine


def test_by_https_the_session_is_for_https_and_this_host_only(
    ours: Organization, at_the_door: AtTheDoor
):
    person = at_the_door(ours.tenant)
    person.browser.headers["X-Forwarded-Proto"] = "https"
    visit = cookie(person.see("/sign-in"), "__Host-sync_visit")
    jar = {"Cookie": f"__Host-sync_visit={visit.value}"}
    shown = person.see("/sign-in", **jar).text
    token = shown.partition('name="token" value="')[2].partition('"')[0]
    origin = str(person.browser.base_url).replace("http:", "https:").rstrip("/")
    answer = person.browser.post(
        f"{person.page}/sign-in",
        data={"token": token, "key": ours.reader},
        headers={**jar, "Origin": origin},
    )
    session = cookie(answer, "__Host-sync_session")
    assert session["secure"]
    assert session["path"] == "/"


def test_neither_key_nor_session_are_stored(
    platform: Platform, ours: Organization, at_the_door: AtTheDoor
):
    session = cookie(at_the_door(ours.tenant).sign_in(ours.reader), "sync_session").value
    secret = ours.reader.split("_", 2)[2]
    assert secret not in session
    with platform.database.as_control() as connection:
        [row] = connection.execute("SELECT * FROM sync.page_sessions")
    assert bytes(row.id_hash) == hashlib.sha256(session.encode()).digest()
    assert session not in str(row)
    assert secret not in str(row)


def test_a_wrong_key_and_a_tenant_that_it_does_not_open_are_answered_alike(
    ours: Organization, theirs: Organization, at_the_door: AtTheDoor
):
    tries = [
        (ours.tenant, WRONG),
        (ours.tenant, ""),
        (ours.tenant, "no key at all \0"),
        (ours.tenant, theirs.admin),
        (UNKNOWN, ours.admin),
        (UNKNOWN, WRONG),
        ("No Id!", ours.admin),
    ]
    answers = set()
    for tenant, key in tries:
        person = at_the_door(tenant)
        token = person.token("/sign-in")
        answer = person.send("/sign-in", {"key": key}, token=token)
        assert "sync_session" not in person.browser.cookies
        shown = answer.text.replace(token, "").replace(quote(tenant), "").replace(tenant, "")
        answers.add((answer.status_code, shown))
    assert len(answers) == 1
    assert answers.pop()[0] == 403


def test_the_door_looks_the_same_for_every_tenant(ours: Organization, at_the_door: AtTheDoor):
    shown = []
    for tenant in (ours.tenant, UNKNOWN):
        person = at_the_door(tenant)
        person.see("/sign-in")
        token = person.token("/sign-in")
        shown.append(person.see("/sign-in").text.replace(token, "").replace(tenant, ""))
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "how",
    [
        {"token": ""},
        {"token": "0" * 64},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": None},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_signs_nobody_in(
    ours: Organization, at_the_door: AtTheDoor, how: dict[str, str | None]
):
    person = at_the_door(ours.tenant)
    answer = person.sign_in(ours.reader, **how)
    assert answer.status_code == 403
    assert "came from elsewhere" in answer.text
    assert "sync_session" not in person.browser.cookies


def test_another_browsers_form_signs_nobody_in(ours: Organization, at_the_door: AtTheDoor):
    person, other = at_the_door(ours.tenant), at_the_door(ours.tenant)
    person.see("/sign-in")
    assert person.sign_in(ours.reader, token=other.token("/sign-in")).status_code == 403


def test_who_guesses_keys_has_to_wait_and_holds_up_nobody_else(
    ours: Organization, at_the_door: AtTheDoor, app: FastAPI
):
    app.state.limits._guesses._clock = lambda: 0.0  # however long this takes
    person = at_the_door(ours.tenant)
    token = person.token("/sign-in")
    answers = [person.send("/sign-in", {"key": WRONG}, token=token) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert person.send("/sign-in", {"key": ours.reader}, token=token).status_code == 303


def test_signing_out_ends_the_session_itself(ours: Organization, signed_in: SignedIn):
    person = signed_in(ours.tenant, ours.reader)
    kept = person.browser.cookies["sync_session"]
    answer = person.send("/sign-out")
    assert answer.headers["location"] == f"{person.page}/sign-in"
    assert "sync_session" not in person.browser.cookies
    again = person.see(Cookie=f"sync_session={kept}")
    assert again.status_code == 303


def test_signing_in_again_ends_the_session_before(ours: Organization, signed_in: SignedIn):
    person = signed_in(ours.tenant, ours.reader)
    before = person.browser.cookies["sync_session"]
    person.sign_in(ours.reader)
    assert person.see().status_code == 200
    person.browser.cookies.clear()
    assert person.see(Cookie=f"sync_session={before}").status_code == 303


def test_nobody_is_signed_out_by_another_sites_form(ours: Organization, signed_in: SignedIn):
    person = signed_in(ours.tenant, ours.reader)
    assert person.send("/sign-out", origin="https://evil.example").status_code == 403
    assert person.send("/sign-out", token="").status_code == 403
    assert person.see().status_code == 200


def test_a_revoked_key_ends_its_sessions(
    platform: Platform, ours: Organization, signed_in: SignedIn
):
    person = signed_in(ours.tenant, ours.reader)
    platform.keys.revoke(ours.reader.split("_")[1])
    assert person.see().status_code == 303


def test_a_session_lasts_no_longer_than_its_key(
    platform: Platform, ours: Organization, signed_in: SignedIn
):
    soon = utc_now() + timedelta(hours=1)
    key, shown = platform.keys.add(ours.name, [Scope.READ], expires_at=soon)
    person = signed_in(ours.tenant, shown)
    with platform.database.as_control() as connection:
        ends = connection.execute("SELECT expires_at FROM sync.page_sessions").scalar_one()
        assert ends == soon
        statement = "UPDATE sync.api_keys SET expires_at = now() WHERE id = %(id)s"
        connection.execute(statement, {"id": key.id})
    assert person.see().status_code == 303


def test_a_session_ends_after_twelve_hours(
    platform: Platform, ours: Organization, signed_in: SignedIn
):
    person = signed_in(ours.tenant, ours.reader)
    past = "UPDATE sync.page_sessions SET expires_at = expires_at - %(by)s::interval"
    for by, status in (("11 h 59 min", 200), ("2 min", 303)):
        with platform.database.as_control() as connection:
            connection.execute(past, {"by": by})
        assert person.see().status_code == status


def test_a_key_has_fifty_sessions_at_most_and_old_ones_are_forgotten(
    platform: Platform, ours: Organization
):
    key = ours.reader.split("_")[1]
    sessions = [platform.page_sessions.begin(key) for _ in range(52)]
    alive = [platform.page_sessions.find(session) is not None for session in sessions]
    assert alive == [False] * 2 + [True] * 50
    with platform.database.as_control() as connection:
        connection.execute("UPDATE sync.page_sessions SET expires_at = now()")
    platform.page_sessions.begin(ours.admin.split("_")[1])
    with platform.database.as_control() as connection:
        count = connection.execute("SELECT count(*) FROM sync.page_sessions").scalar()
    assert count == 1


def test_every_call_by_a_session_spends_of_its_keys_rate(
    ours: Organization, signed_in: SignedIn, app: FastAPI
):
    person = signed_in(ours.tenant, ours.reader)
    buckets = app.state.limits._keys
    buckets._levels[ours.reader.split("_")[1]] = (1.0, buckets._clock())
    assert [person.see().status_code for _ in range(2)] == [200, 429]
