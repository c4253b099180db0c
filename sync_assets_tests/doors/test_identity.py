"""An identity provider instead of the file, as the page says."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync_assets_tests.doors.knocking import WEBSOCKET, Knock, login
from sync_assets_tests.doors.nginx import OPERATORS, Doors, opened
from sync_assets_tests.doors.tenant_side import TenantSide

SESSION = "Cookie: _oauth2_proxy=ana"


class Identity(BaseHTTPRequestHandler):
    """As oauth2-proxy: 202 to a session and 401 to others; its own pages are for everybody."""

    def do_GET(self) -> None:
        known = self.headers["Cookie"] == SESSION[8:]
        asked = self.path.startswith("/oauth2/auth")
        self.send_response((202 if known else 401) if asked else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def doors(tenants: TenantSide) -> Generator[Doors]:
    """The doors, with something that answers in Dagster's place."""
    port = tenants.server_port
    with ThreadingHTTPServer(("127.0.0.1", 0), Identity) as identity:
        threading.Thread(target=identity.serve_forever, args=(0.05,), daemon=True).start()
        with opened(dagster=port, gateway=port, identity=identity.server_port) as doors:
            yield doors
        identity.shutdown()


@pytest.mark.parametrize("path", ["/", "/graphql", "//graphql", "/%67raphql", "/oauth2/../graphql"])
@pytest.mark.parametrize("headers", [(), (login(),), ("Cookie: _oauth2_proxy=bia",), WEBSOCKET])
def test_without_a_session_one_is_sent_to_sign_in(
    doors: Doors, tenants: TenantSide, path: str, headers: tuple[str, ...]
):
    before = tenants.requests
    for method in ("GET", "POST"):
        answer = Knock(path, method, headers=headers).at(doors)
        assert answer.status == 302
        assert f"Location: https://{OPERATORS}".encode() in answer.raw
        assert b"/oauth2/start?rd=" in answer.raw
    assert tenants.requests == before


def test_the_check_itself_is_asked_by_nobody_outside(doors: Doors):
    assert Knock("/oauth2/auth", headers=(SESSION,)).at(doors).status == 404


def test_everybody_may_sign_in(doors: Doors, tenants: TenantSide):
    before = tenants.requests
    assert Knock("/oauth2/start").at(doors).status == 200
    assert tenants.requests == before


def test_a_session_leads_in(doors: Doors, tenants: TenantSide):
    before = tenants.requests
    for knock in (Knock("/graphql", "POST", headers=(SESSION,), body=b"{}"), Knock("/assets")):
        there = Knock(knock.path, knock.method, headers=(SESSION,), body=knock.body)
        assert there.at(doors).status == 200
    assert tenants.requests == before + 2
