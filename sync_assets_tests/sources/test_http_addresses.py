"""Which addresses are asked, and where a redirect may lead."""

import socket
from io import BytesIO

import pytest

from sync_assets.core.errors import RetryLater, TenantMustAct
from sync_assets.core.tenants import Credentials
from sync_assets.sources import guard
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wire import Sent
from sync_assets_tests.sources.conftest import Connect
from sync_assets_tests.sources.hostile import (
    HostileServer,
    hostile_server,
    redirect,
    reply,
)

AUTH = Credentials("sync", "abcd efgh ijkl")


def test_a_redirect_on_the_same_host_is_followed_with_credentials(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(redirect("/new?page=1"), reply(b"[]"))
    answer = session.get(server.url, auth=AUTH, expect=list)
    assert answer.url == f"{server.url}/new?page=1"
    assert all("authorization" in talk.headers for talk in server.seen)


def test_credentials_never_go_to_another_address(
    session: HttpSession, server: HostileServer
) -> None:
    with hostile_server() as other:
        other.play(reply(b"[]"))
        server.play(redirect(f"{other.url}/steal"))
        with pytest.raises(TenantMustAct, match=f"tenant update acme --url {other.url}'"):
            session.get(server.url, auth=AUTH, expect=list)
        assert other.seen == []


def test_an_anonymous_request_may_be_sent_elsewhere(
    session: HttpSession, server: HostileServer
) -> None:
    with hostile_server() as other:
        other.play(reply(b"[]"))
        server.play(redirect(other.url))
        assert session.get(server.url, expect=list).ok


def test_redirects_in_circles_come_to_an_end(session: HttpSession, server: HostileServer) -> None:
    server.play(redirect("/round"))
    with pytest.raises(TenantMustAct, match="redirects too many times"):
        session.get(server.url, expect=list)
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "http://u:p@127.0.0.1/"]
)
def test_a_redirect_to_what_is_no_plain_address_is_refused(
    location: str, session: HttpSession, server: HostileServer
) -> None:
    server.play(redirect(location))
    with pytest.raises(TenantMustAct, match="not a plain http or https address") as caught:
        session.get(server.url, auth=AUTH, expect=list)
    assert "u:p" not in str(caught.value)


def test_an_address_may_hold_any_letter(
    session: HttpSession, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, asked = socket.getaddrinfo, set[str]()

    def here(host: str, *rest: int, **more: int):
        asked.add(host)
        return look_up("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    server.play(reply(b"[]"))
    port = server.url.rpartition(":")[2]
    session.get(f" HTTP://München.example:{port}/São Paulo/?a=ö&b=%c3%b6", {"s": "ü"}, expect=list)
    assert asked == {"xn--mnchen-3ya.example"}
    assert server.seen[0].headers["host"] == f"xn--mnchen-3ya.example:{port}"
    assert server.seen[0].target == "/S%C3%A3o%20Paulo/?a=%C3%B6&b=%C3%B6&s=%C3%BC"


NO_ADDRESSES = [
    "ftp://example.org/",
    "//example.org",
    "example.org",
    "http://",
    "http://a b/",
    "http://a:b/",
    "http://*.example.org/",
    "http://.example.org/",
    "http://u:p@127.0.0.1/",
]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_cannot_be_asked_is_the_tenants_matter(
    url: str, session: HttpSession
) -> None:
    for ask in (
        lambda: session.get(url, expect=list),
        lambda: session.post(url, Sent(b"", {}), expect=list),
        lambda: session.download(url, BytesIO()),
    ):
        with pytest.raises(TenantMustAct, match="not a plain http or https address") as caught:
            ask()
        assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_private_addresses_are_not_asked(
    host: str, connect: Connect, server: HostileServer
) -> None:
    port = server.url.rpartition(":")[2]
    server.play(reply(b"[]"))
    with pytest.raises(TenantMustAct, match="not on the public internet"):
        connect(allow_private=False).get(f"http://{host}:{port}", expect=list)
    assert server.seen == []


def test_a_redirect_to_a_private_address_is_not_followed(
    connect: Connect, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first host counts as public, as a tenant's own site would."""
    public = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda a: a == "127.0.0.1" or public(a))
    server.play(redirect("http://169.254.169.254/latest/meta-data/"))
    with pytest.raises(
        TenantMustAct, match=r"169\.254\.169\.254/latest/meta-data/ is not on the pub"
    ):
        connect(allow_private=False).get(server.url, expect=list)


def test_a_name_that_changes_its_address_is_found_out(
    connect: Connect, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is checked, private when it is connected to."""
    monkeypatch.setattr(guard, "check_host", lambda *_: None)
    server.play(reply(b"[]"))
    with pytest.raises(TenantMustAct, match="not on the public internet"):
        connect(allow_private=False).get(server.url, expect=list)
    assert server.seen == []


def test_a_host_that_does_not_exist_is_looked_up_twice(
    session: HttpSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def look_up(host: str, _port: int) -> list[object]:
        tries.append(host)
        raise guard.NoSuchHost(host)

    monkeypatch.setattr(guard, "_look_up", look_up)
    with pytest.raises(TenantMustAct, match="no such host"):
        session.get("http://nowhere.invalid/", expect=list)
    assert len(tries) == 2


def test_a_name_server_that_fails_is_for_later(
    session: HttpSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(_host: str, _port: int) -> list[object]:
        raise guard.socket.gaierror(guard.socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(guard, "_look_up", look_up)
    with pytest.raises(RetryLater, match="cannot be reached"):
        session.get("http://example.org/", expect=list)
