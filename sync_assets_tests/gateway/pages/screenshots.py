"""Takes the pictures of docs/status-page.md.

    python -m sync_assets_tests.gateway.pages.screenshots

With the demo site, the worker of the tests and Debian's Chromium.
"""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow, status
from sync_assets.gateway.app import create_app
from sync_assets.settings import PROJECT
from sync_assets.store.embedded import ensure_running, stop
from sync_assets_tests.conftest import register
from sync_assets_tests.end_to_end.dagster_stack import settled
from sync_assets_tests.gateway.conftest import served
from sync_assets_tests.gateway.pages.chromium import PATIENCE, browser, person, sign_in
from sync_assets_tests.gateway.pages.worker import working

TENANT = "padaria-aurora"
START, CLOSE = "#start button[type=submit]", "#sync-actions a.main"


def main() -> None:
    """Take them all."""
    expect.set_options(timeout=2 * PATIENCE)
    with platform() as program, DemoSite.start() as site, browser() as chromium:
        register(program, TENANT, site)
        key = program.keys.add("agency", [Scope.SYNC])[1]
        with working(program), served(create_app(program)) as url:
            in_english(chromium, url, key, site)
            in_portuguese(chromium, url, key, site)


@contextmanager
def platform() -> Generator[Platform]:
    """The program on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="sync-assets-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs this
        server = ensure_running(home, durable=False)
        try:
            with settled(server.url(), home) as program:
                yield program
        finally:
            stop(home)


def in_english(chromium: Browser, url: str, key: str, site: DemoSite) -> None:
    """A sync at work, and a search."""
    with person(chromium, url, viewport={"width": 1100, "height": 900}) as somebody:
        page = somebody.new_page()
        sign_in(page, TENANT, key)
        site.faults.add(Fault(slow(2.0), times=None))
        page.locator(START).click()
        expect(page.locator("[data-part=posts] .part-amount")).not_to_be_empty()
        page.evaluate("scrollTo(0, 0)")
        take(page, "running")
        site.faults.clear()
        expect(page.locator(CLOSE)).to_be_visible()
        page.locator("#q").fill("cheap hotels near the beach")
        page.locator("#search button").click()
        page.wait_for_url("**q=*")
        page.set_viewport_size({"width": 1000, "height": 640})
        page.evaluate("document.querySelector('#search').scrollIntoView()")
        take(page, "search")


def in_portuguese(chromium: Browser, url: str, key: str, site: DemoSite) -> None:
    """An error, by night and on a phone."""
    night = {"locale": "pt-BR", "color_scheme": "dark"}
    with person(chromium, url, viewport={"width": 1000, "height": 820}, **night) as somebody:
        page = somebody.new_page()
        sign_in(page, TENANT, key)
        refused = status(401, b'{"code": "incorrect_password", "message": ""}')
        site.faults.add(Fault(refused, times=None))
        page.locator(START).click()
        expect(page.locator("[data-part=terms].is-failed")).to_be_visible()
        expect(page.locator(CLOSE)).to_be_visible()
        page.evaluate("scrollTo(0, 0)")
        take(page, "failed")
        site.faults.clear()
        page.set_viewport_size({"width": 360, "height": 780})
        page.emulate_media(color_scheme="light")
        site.faults.add(Fault(slow(1.5), times=None))
        page.locator(START).click()
        expect(page.locator("[data-part=media].is-running")).to_be_visible()
        page.evaluate("scrollTo(0, 0)")
        take(page, "phone")
        site.faults.clear()


def take(page: Page, name: str) -> None:
    """A picture of what the window shows."""
    page.screenshot(path=PROJECT / f"docs/images/status-page-{name}.png")


if __name__ == "__main__":
    main()
