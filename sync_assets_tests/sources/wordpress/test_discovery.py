import json

import pytest

from sync_assets.core.errors import RetryLater, TenantMustAct
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wordpress.address import ApiRoot, on_the_tenants_terms
from sync_assets.sources.wordpress.discovery import discover
from sync_assets_tests.sources.hostile import Act, HostileServer, Talk, redirect, reply

INDEX = json.dumps({"name": "Maré", "namespaces": ["oembed/1.0", "wp/v2"]}).encode()
PAGE = b"<!DOCTYPE html><html><body>Bem-vindo</body></html>"
FIELDS = "_fields=name,namespaces,home"
NOT_HERE = reply(b"<h1>Not found</h1>", 404)


def site(server: HostileServer, answers: dict[str, object]) -> None:
    """Answers by target; anything else is a 404."""

    def act(talk: Talk) -> bool:
        chosen = next((answers[target] for target in answers if talk.target == target), NOT_HERE)
        return chosen(talk)  # pyright: ignore[reportCallIssue]

    server.play(act)


def found_at(session: HttpSession, server: HostileServer, path: str = "") -> ApiRoot:
    tenant = Tenant("acme", "wordpress", "Acme", server.url + path, Credentials("u", "p"))
    return discover(session, tenant).root


def test_the_usual_address_costs_one_request(session: HttpSession, server: HostileServer) -> None:
    site(server, {f"/wp-json/?{FIELDS}": reply(INDEX)})
    assert found_at(session, server) == ApiRoot(f"{server.url}/wp-json")
    assert len(server.seen) == 1


def test_a_site_in_a_folder_is_found_there(session: HttpSession, server: HostileServer) -> None:
    site(server, {f"/blog/wp-json/?{FIELDS}": reply(INDEX)})
    assert found_at(session, server, "/blog/") == ApiRoot(f"{server.url}/blog/wp-json")


def test_an_unusual_prefix_is_read_from_the_front_page(
    session: HttpSession, server: HostileServer
) -> None:
    link = f'<{server.url}/>; rel=shortlink, <{server.url}/api/>; rel="https://api.w.org/"'
    site(server, {"/": reply(PAGE, Link=link), f"/api/?{FIELDS}": reply(INDEX)})
    assert found_at(session, server) == ApiRoot(f"{server.url}/api")


@pytest.mark.parametrize("onward", ["/", f"/wp-json/?{FIELDS}"])
def test_plain_permalinks_are_read_from_the_front_page(
    onward: str, session: HttpSession, server: HostileServer
) -> None:
    """Measured: WordPress redirects `/wp-json/` to itself then, or to the front page."""
    link = f'<{server.url}/index.php?rest_route=/>; rel="https://api.w.org/"'
    site(
        server,
        {
            f"/wp-json/?{FIELDS}": redirect(onward),
            "/": reply(PAGE, Link=link),
            f"/index.php?rest_route=/&{FIELDS}": reply(INDEX),
        },
    )
    assert found_at(session, server) == ApiRoot(f"{server.url}/index.php", plain=True)


@pytest.mark.parametrize("front", [reply(PAGE), reply(b"", 500), redirect("/"), NOT_HERE])
def test_without_a_link_the_query_is_tried_last(
    front: Act, session: HttpSession, server: HostileServer
) -> None:
    site(server, {"/": front, f"/?rest_route=/&{FIELDS}": reply(INDEX)})
    assert found_at(session, server) == ApiRoot(f"{server.url}/", plain=True)


def test_a_redirect_is_followed_once_and_not_with_every_request(
    session: HttpSession, server: HostileServer
) -> None:
    site(
        server,
        {
            f"/wp-json/?{FIELDS}": redirect(f"/pt/wp-json/?{FIELDS}"),
            f"/pt/wp-json/?{FIELDS}": reply(INDEX),
        },
    )
    assert found_at(session, server) == ApiRoot(f"{server.url}/pt/wp-json")


def test_an_api_at_another_host_gets_no_credentials(
    session: HttpSession, server: HostileServer
) -> None:
    link = '<https://api.other.example/wp-json/>; rel="https://api.w.org/"'
    site(server, {"/": reply(PAGE, Link=link)})
    with pytest.raises(TenantMustAct, match=r"--url https://api\.other\.example'"):
        found_at(session, server)


@pytest.mark.parametrize("index", [b'{"namespaces":[]}', b'{"hello":"world"}', b"{}"])
def test_a_site_that_is_no_wordpress_is_the_tenants_matter(
    index: bytes, session: HttpSession, server: HostileServer
) -> None:
    site(server, {"/": reply(PAGE), f"/wp-json/?{FIELDS}": reply(index)})
    with pytest.raises(TenantMustAct, match="no WordPress API at acme's address"):
        found_at(session, server)


def test_an_api_that_is_closed_to_strangers_asks_for_credentials(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b'{"code":"rest_not_logged_in"}', 401))
    public = Tenant("acme", "wordpress", "Acme", server.url)
    with pytest.raises(TenantMustAct, match="Give the tenant credentials"):
        discover(session, public)


def test_a_host_that_refuses_bad_credentials_everywhere_says_so(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b'{"code":"incorrect_password"}', 401))
    with pytest.raises(TenantMustAct, match=r"the credentials \(401 incorrect_password\)"):
        found_at(session, server)


def test_pages_instead_of_json_may_pass(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(PAGE))
    with pytest.raises(RetryLater, match="a web page instead of JSON"):
        found_at(session, server)


def test_a_site_under_maintenance_is_asked_once(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(PAGE, 503, Retry_After="600"))
    with pytest.raises(RetryLater) as caught:
        found_at(session, server)
    assert (caught.value.after, len(server.seen)) == (600, 1)


@pytest.mark.parametrize(
    ("linked", "given", "used"),
    [
        ("https://a.org/wp-json/", "http://a.org/", "https://a.org/wp-json/"),
        ("http://a.org/wp-json/", "https://a.org/", "https://a.org/wp-json/"),
        ("http://a.org:8080/wp-json/", "https://a.org/", "https://a.org/wp-json/"),
        ("http://a.org/?rest_route=/", "http://a.org:81/", "http://a.org:81/?rest_route=/"),
        ("https://b.org/wp-json/", "https://a.org/", "https://b.org/wp-json/"),
    ],
)
def test_a_site_behind_a_proxy_is_reached_as_the_tenant_says(
    linked: str, given: str, used: str
) -> None:
    assert on_the_tenants_terms(linked, given) == used


@pytest.mark.parametrize(
    ("index", "url", "params"),
    [
        ("https://a.org/wp-json/", "https://a.org/wp-json/wp/v2/posts", {"page": 2}),
        (
            "https://a.org/index.php?rest_route=/",
            "https://a.org/index.php",
            {"rest_route": "/wp/v2/posts", "page": 2},
        ),
        ("https://a.org/?rest_route=", "https://a.org/", {"rest_route": "/wp/v2/posts", "page": 2}),
    ],
)
def test_routes_are_addressed_as_the_permalinks_allow(
    index: str, url: str, params: dict[str, str | int]
) -> None:
    assert ApiRoot.parse(index).request("/wp/v2/posts", {"page": 2}) == (url, params)
