"""The status page in Debian's Chromium, headless."""

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow, status
from sync_assets.gateway.app import create_app
from sync_assets.store.embedded import EmbeddedServer
from sync_assets.store.sync_log import note
from sync_assets_tests.end_to_end.dagster_stack import running
from sync_assets_tests.gateway.conftest import served
from sync_assets_tests.gateway.pages.chromium import (
    PATIENCE,
    browser,
    faint,
    person,
    sign_in,
    tab_to,
    unlabelled,
    wider_than_its_window,
)
from sync_assets_tests.gateway.pages.worker import working

pytestmark = [pytest.mark.postgres, pytest.mark.wordpress]

PARTS = ("terms", "media", "pages", "posts")
REFUSES = Fault(status(401, b'{"code": "incorrect_password", "message": ""}'), times=None)
START = "#start button[type=submit]"
CANCEL = "#sync-actions button.danger"
CLOSE = "#sync-actions a.main"


@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with browser() as chromium:
        yield chromium


Opened = Callable[..., Page]


@pytest.fixture
def opened(platform: Platform, acme: Tenant, address: str, chromium: Browser) -> Generator[Opened]:
    """Opens acme's page for somebody who has signed in."""
    key = platform.keys.add(acme.organization, [Scope.SYNC])[1]
    with ExitStack() as stack:

        def page(**likes: Any) -> Page:
            page = stack.enter_context(person(chromium, address, **likes)).new_page()
            sign_in(page, acme.id, key)
            return page

        yield page


@pytest.fixture
def worker(platform: Platform) -> Generator[None]:
    with working(platform):
        yield


@pytest.fixture
def slow_site(demo_site: DemoSite) -> DemoSite:
    """Each of its answers takes most of a second."""
    demo_site.faults.add(Fault(slow(0.8), times=None))
    return demo_site


def complaints(page: Page) -> list[str]:
    """What the browser has against the page from now on, breaches of its policy among it."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    return found


def statuses(page: Page) -> list[str]:
    return page.locator(".part-status").all_inner_texts()


# A sync


@contextmanager
def installation(postgres: EmbeddedServer, template: str) -> Generator[tuple[Platform, str]]:
    """Dagster as in production, with one tenant, and the address of the gateway beside it."""
    with (
        DemoSite.start() as site,
        running(postgres, template, {"acme": site}) as stack,
        served(create_app(stack.platform)) as url,
    ):
        yield stack.platform, url


def test_a_sync_by_dagster_is_started_and_watched_to_its_end(
    postgres: EmbeddedServer, template: str, chromium: Browser
):
    with installation(postgres, template) as (platform, url), person(chromium, url) as somebody:
        page = somebody.new_page()
        found = complaints(page)
        sign_in(page, "acme", platform.keys.add("agency", [Scope.SYNC])[1])
        page.locator(START).click()
        expect(page.locator("#sync .badge").first).to_have_text("Queued")
        expect(page.locator(CANCEL)).to_be_visible()
        page.evaluate("window.same = true")  # nothing is loaded anew from here on
        expect(page.locator(CLOSE)).to_be_visible(timeout=4 * PATIENCE)
        assert statuses(page) == ["Done"] * 4
        expect(page.locator("#sync .badge").first).to_have_text("Completed")
        expect(page.locator("#said")).to_have_text("Completed.")
        expect(page.locator("#log")).to_contain_text("Synced Posts.")
        expect(page.locator("#log li").last).to_contain_text("The sync is completed.")
        expect(page.locator("#history .badge").first).to_have_text("Completed")
        assert page.evaluate("window.same")
        [posts] = page.locator("[data-part=posts] .count-created b").all_inner_texts()
        page.locator(CLOSE).click()
        expect(page.locator("#sync")).to_contain_text("Nothing is being synced.")
        assert found == []
        [entry] = platform.history.list(tenant="acme", limit=1).entries
        [row] = [r for r in platform.syncs.report(entry.sync_id).streams if r.stream == "posts"]
        assert posts == f"{row.counts.created}"


@pytest.mark.usefixtures("worker", "slow_site")
def test_parts_get_on_before_ones_eyes(opened: Opened):
    page = opened()
    page.locator(START).click()
    terms, posts = page.locator("[data-part=terms]"), page.locator("[data-part=posts]")
    expect(terms.locator(".part-status")).to_have_text("Running")
    expect(posts.locator(".part-status")).to_have_text("Waiting")
    expect(terms.locator(".part-amount")).to_have_text(re.compile(r"^\d+ of \d+ \(\d+%\)$"))
    expect(terms.locator(".part-status")).to_have_text("Done")
    assert terms.locator("progress").evaluate("bar => bar.position") == 1
    expect(page.locator("#said")).to_have_text("Running: Media.")


@pytest.mark.usefixtures("worker", "slow_site")
def test_a_sync_is_cancelled(platform: Platform, opened: Opened):
    page = opened()
    page.locator(START).click()
    expect(page.locator("[data-part=terms] .part-status")).to_have_text("Running")
    page.locator(CANCEL).click()
    expect(page.locator(CLOSE)).to_be_visible()
    expect(page.locator("#sync .badge").first).to_have_text("Cancelled")
    expect(page.locator("#log")).to_contain_text("Cancelled (by key")
    expect(page.locator("#sync-actions button")).to_have_text("Try again")
    [entry] = platform.history.list().entries
    assert platform.requests.get(entry.sync_id).state is State.CANCELLED


@pytest.mark.usefixtures("worker")
def test_an_error_is_shown_where_it_happened_in_the_readers_language(
    demo_site: DemoSite, opened: Opened
):
    demo_site.faults.add(REFUSES)
    page = opened()
    page.locator(START).click()
    terms = page.locator("[data-part=terms]")
    expect(terms.locator(".part-error")).to_contain_text("does not accept the credentials (401")
    expect(terms.locator(".part-status")).to_have_text("Failed")
    expect(page.locator("[data-part=posts]")).to_contain_text("Posts needs Terms")
    page.locator(".languages a", has_text="Português").click()
    expect(terms.locator(".part-error")).to_contain_text("não aceita as credenciais (401")
    expect(page.locator("#history .why").first).to_contain_text("Termos: O WordPress de acme")
    assert "sync-assets" not in page.content()


@pytest.mark.usefixtures("worker", "slow_site")
def test_who_is_on_cancel_when_the_sync_ends_is_led_to_close(opened: Opened):
    page = opened()
    for part in PARTS[1:]:
        page.locator(f"#start [value={part}]").uncheck()
    page.locator(START).click()
    page.locator(CANCEL).focus()
    expect(page.locator(CLOSE)).to_be_focused()


def test_the_log_is_followed_until_somebody_scrolls_back(platform: Platform, opened: Opened):
    page = opened()
    page.locator(START).click()
    page.wait_for_url("**sync=*")
    [entry] = platform.history.list().entries

    def write(count: int, text: str) -> None:
        with platform.database.as_control() as connection:
            for number in range(count):
                note(connection, "acme", entry.sync_id, f"{text} {number}")

    def at_end() -> bool:
        return page.locator("#log").evaluate(
            "log => log.scrollHeight - log.scrollTop - log.clientHeight < 24"
        )

    write(60, "line")
    expect(page.locator("#log")).to_contain_text("line 59")
    assert at_end()
    page.locator("#log").hover()
    page.mouse.wheel(0, -400)
    expect(page.locator("#log-follow input")).not_to_be_checked()
    write(10, "later")
    expect(page.locator("#log")).to_contain_text("later 9")
    assert not at_end()
    page.locator("#log-follow input").check()
    assert at_end()


def test_a_lost_connection_is_said_and_found_again_without_a_line_twice(
    platform: Platform, opened: Opened, app: FastAPI
):
    page = opened()
    page.locator(START).click()
    page.wait_for_url("**sync=*")
    [entry] = platform.history.list().entries
    expect(page.locator("#said")).to_have_text("Queued.")
    page.context.set_offline(True)
    [watcher] = app.state.streams.hub._watchers
    app.state.streams.hub._task.get_loop().call_soon_threadsafe(watcher.leave)
    expect(page.locator("#lost")).to_have_text("The connection was lost. Trying again…")
    with platform.database.as_control() as connection:
        note(connection, "acme", entry.sync_id, "while nobody looked")
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#log li")).to_have_count(2)
    expect(page.locator("#log li").last).to_contain_text("while nobody looked")


def test_who_has_signed_out_elsewhere_is_told_that_the_page_is_old(
    platform: Platform, acme: Tenant, opened: Opened, app: FastAPI
):
    page = opened()
    page.locator(START).click()
    expect(page.locator("#said")).to_have_text("Queued.")
    for key in platform.keys.all(acme.organization):
        platform.keys.revoke(key.id)
    [watcher] = app.state.streams.hub._watchers
    app.state.streams.hub._task.get_loop().call_soon_threadsafe(watcher.leave)
    expect(page.locator("#lost")).to_have_text("This page is no longer up to date.")


# Without what not everybody has


def test_a_sync_is_started_and_cancelled_by_the_keyboard_alone(
    platform: Platform, acme: Tenant, address: str, chromium: Browser
):
    key = platform.keys.add(acme.organization, [Scope.SYNC])[1]
    with person(chromium, address) as somebody:
        page = somebody.new_page()
        page.goto(f"/t/{acme.id}")
        tab_to(page, ".skip")
        tab_to(page, "#key")
        page.keyboard.type(key)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/t/{acme.id}")
        tab_to(page, ".skip")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        tab_to(page, "#start [name=kind]")
        page.keyboard.press("ArrowDown")
        tab_to(page, "#start [value=media]")
        page.keyboard.press("Space")
        tab_to(page, START)
        page.keyboard.press("Enter")
        page.wait_for_url("**sync=*")
        [entry] = platform.history.list().entries
        assert platform.requests.get(entry.sync_id).options.full
        assert entry.streams == ("terms", "pages", "posts")
        tab_to(page, CANCEL)
        page.keyboard.press("Enter")
        expect(page.locator("#sync .badge").first).to_have_text("Cancelled")
        tab_to(page, "#log")
        tab_to(page, "#history a")


@pytest.mark.usefixtures("worker", "slow_site")
def test_without_scripts_the_page_reloads_by_itself(platform: Platform, opened: Opened):
    page = opened(java_script_enabled=False)
    page.locator(START).click()
    page.wait_for_url("**sync=*")
    refresh = page.locator("noscript meta[http-equiv=refresh]")
    assert "http-equiv" in page.content()
    page.wait_for_event("framenavigated", timeout=PATIENCE)
    assert refresh.count() <= 1
    page.locator(CANCEL).click()
    page.wait_for_url("**cancelling=1*")
    for _ in range(20):
        if page.locator(CLOSE).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert page.locator("#sync .badge").first.inner_text() == "Cancelled"
    [entry] = platform.history.list().entries
    assert platform.requests.get(entry.sync_id).state is State.CANCELLED


# How it looks

LOOKS = [
    {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "locale": locale}
    for scheme, width, locale in (
        ("light", 1200, "en-US"),
        ("dark", 1200, "pt-BR"),
        ("light", 360, "pt-BR"),
        ("dark", 360, "en-US"),
    )
]


def states(page: Page, platform: Platform, site: DemoSite) -> Generator[str]:
    """The page in each of its states, one after the other."""
    yield "empty"
    page.locator("#q").fill("pão")
    page.locator("#search button").click()
    page.wait_for_url("**q=*")
    yield "searched"
    page.locator(START).click()
    page.wait_for_url("**sync=*")
    [entry] = platform.history.list().entries
    with platform.database.as_control() as connection:
        note(connection, "acme", entry.sync_id, "x" * 500, level=30)
    yield "queued"
    with working(platform):
        expect(page.locator("[data-part=posts] .part-status svg")).to_be_visible()
        yield "running"
        expect(page.locator(CLOSE)).to_be_visible()
        yield "done"
        site.faults.add(REFUSES)
        page.locator(START).click()
        expect(page.locator(CLOSE)).to_be_visible()
        yield "failed"
    page.goto("/t/acme?sync=nothing")
    yield "problem"
    page.goto("/t/acme/sign-in")
    page.locator("#key").fill("wrong")
    page.locator("main button").click()
    yield "refused"


@pytest.mark.parametrize("likes", LOOKS, ids=lambda likes: " ".join(map(str, likes.values())))
def test_everybody_can_read_and_use_every_state(
    platform: Platform, opened: Opened, demo_site: DemoSite, likes: dict[str, Any]
):
    page = opened(**likes)
    for state in states(page, platform, demo_site):
        assert not wider_than_its_window(page), state
        assert faint(page) == [], state
        assert unlabelled(page) == [], state
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(15, 21, 24)") == (likes["color_scheme"] == "dark")
    assert page.evaluate("document.documentElement.lang") == likes["locale"].replace("en-US", "en")


def test_who_wants_no_motion_sees_none(opened: Opened):
    page = opened(reduced_motion="reduce")
    page.evaluate("document.querySelector('#budget').append(document.createElement('progress'))")
    waiting = page.locator("#budget progress").last
    assert waiting.evaluate("bar => getComputedStyle(bar).animationName") == "none"
