"""Dagster's UI through the operators' door, in Debian's Chromium."""

import json
import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)

from sync_assets_tests.doors.nginx import OPERATORS, PASSWORD, PUBLIC, USER, Doors
from sync_assets_tests.doors.relay import Wire
from sync_assets_tests.end_to_end.dagster_stack import Stack
from sync_assets_tests.real_wordpress.processes import program

pytestmark = pytest.mark.postgres

PATIENCE = 60_000.0  # milliseconds


@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    """A browser that finds every name on this machine."""
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * 127.0.0.1"]
    with sync_playwright() as playwright:
        path = program("chromium")
        with playwright.chromium.launch(executable_path=path, args=arguments) as browser:
            yield browser


@pytest.fixture
def operator(chromium: Browser) -> Generator[BrowserContext]:
    """A browser that answers the question for the login."""
    login = {"username": USER, "password": PASSWORD}
    with chromium.new_context(ignore_https_errors=True, http_credentials=login) as context:  # pyright: ignore[reportArgumentType]
        context.set_default_timeout(PATIENCE)
        yield context


def test_who_knows_no_password_sees_no_page(doors: Doors, wire: Wire, chromium: Browser):
    before = wire.connections
    with chromium.new_context(ignore_https_errors=True) as stranger:
        for path in ("/", "/assets", "/graphql"):
            with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
                stranger.new_page().goto(at(doors, path))
    assert wire.connections == before


def test_an_operator_sees_the_assets(doors: Doors, operator: BrowserContext):
    page = operator.new_page()
    page.goto(at(doors, "/assets"))
    posts = page.locator("a[href='/assets/wordpress/posts']")
    expect(posts).to_be_visible(timeout=PATIENCE)
    posts.click()
    expect(page.get_by_text("Posts, and the custom post types")).to_be_visible(timeout=PATIENCE)


def test_an_operator_watches_a_run_by_a_websocket(
    doors: Doors, dagster: Stack, operator: BrowserContext
):
    run_id = dagster.dagster.launch("acme")
    page = operator.new_page()
    frames = received(page)
    page.goto(at(doors, f"/runs/{run_id}"))
    expect(page.get_by_text("RUN_SUCCESS")).to_be_visible(timeout=PATIENCE)
    assert frames[0] == {"type": "connection_ack"}
    pushed = [frame["payload"]["data"] for frame in frames if frame["type"] == "data"]
    assert run_id in {m["runId"] for data in pushed for m in data["pipelineRunLogs"]["messages"]}


def test_another_hosts_page_gets_nothing_by_an_operators_browser(
    doors: Doors, wire: Wire, operator: BrowserContext
):
    page = operator.new_page()
    page.goto(at(doors, "/server_info"))
    before, told = len(wire.heard), len(doors.log.read_text())
    page.goto(at(doors, "/page", PUBLIC))
    expect(page).to_have_title("tried", timeout=PATIENCE)
    assert b"/graphql" not in wire.heard[before:]
    refused = re.findall(rf' {USER} 403 "(\w+) /graphql"', doors.log.read_text()[told:])
    assert refused == ["GET", "POST", "GET"]  # the browser did add the login


def received(page: Page) -> list[Any]:
    """What its websockets will receive."""
    frames: list[Any] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(json.loads(frame)))

    page.on("websocket", follow)
    return frames


def at(doors: Doors, path: str, name: str = OPERATORS) -> str:
    """An address."""
    return f"https://{name}:{doors.tls}{path}"
