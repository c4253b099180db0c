"""Without the login nothing reaches Dagster; with it everything does, but not from elsewhere."""

import pytest

from sync_assets_tests.doors.knocking import WEBSOCKET, Knock, login, sent
from sync_assets_tests.doors.nginx import OPERATORS, PASSWORD, PUBLIC, USER, Doors
from sync_assets_tests.doors.relay import Wire

pytestmark = pytest.mark.postgres

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "NONSENSE")
PATHS = (
    "/",
    "/graphql",
    "/graphql/",
    "/graphql?query={version}",
    "/graphql;query={version}",
    "/graphql%3Fquery=%7Bversion%7D",
    "//graphql",
    "///graphql?query={version}",
    "/%67raphql?query={version}",
    "/%2567raphql",
    "/GraphQL",
    "/./graphql",
    "/assets/../graphql?query={version}",
    "/assets/%2e%2e/graphql?query={version}",
    "/.well-known/acme-challenge/../../graphql",
    "/events/graphql",
    f"https://{OPERATORS}/graphql?query={{version}}",
    f"http://{OPERATORS}/graphql?query={{version}}",
    "/server_info",
    "/dagit_info",
    "/assets/wordpress/posts",
    "/favicon.png",
    "/logs/run/step.out",
    "/notebook?path=/etc/passwd.ipynb",
    "/download_debug/run",
    "/report_asset_materialization/wordpress/posts",
)
NO_LOGINS = {
    "wrong password": login(USER, PASSWORD + "x"),
    "password cut off": login(USER, PASSWORD[:-1]),
    "no password": login(USER, ""),
    "unknown user": login("bia", PASSWORD),
    "no user": login("", ""),
    "the hash itself": login(USER, "$6$"),
    "a key of the gateway": "Authorization: Bearer sa_abcdefghij234567_secret",
    "another scheme": "Authorization: Digest username=ana",
    "not base64": "Authorization: Basic ana:maré",
    "nothing": "Authorization: Basic",
}
CLOSED = 0
QUERY = b'{"query": "{ version }"}'
JSON = "Content-Type: application/json"
FOREIGN = "Origin: https://elsewhere.example"
OWN = f"Origin: https://{OPERATORS}"


def sites(site: str, mode: str) -> tuple[str, str]:
    """What a browser says of where a request comes from."""
    return f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}"


@pytest.mark.parametrize("path", PATHS)
def test_without_a_login_no_path_leads_in(doors: Doors, wire: Wire, path: str):
    before = wire.connections
    for method in METHODS:
        for version in ("1.0", "1.1"):
            answer = Knock(path, method, version).at(doors)
            assert answer.status == 401, (method, version, answer)
            assert b"WWW-Authenticate: Basic" in answer.raw
    assert wire.connections == before


@pytest.mark.parametrize("header", NO_LOGINS.values(), ids=NO_LOGINS)
def test_what_is_no_login_does_not_lead_in(doors: Doors, wire: Wire, header: str):
    before = wire.connections
    knock = Knock("/graphql", "POST", headers=(JSON, header), body=QUERY)
    assert knock.at(doors).status == 401
    assert wire.connections == before


@pytest.mark.parametrize("path", ["/graphql", "//graphql", "/%67raphql", "/", "/events"])
def test_without_a_login_no_websocket_is_opened(doors: Doors, wire: Wire, path: str):
    before = wire.connections
    assert Knock(path, headers=WEBSOCKET).at(doors).status == 401
    assert Knock(path, headers=(*WEBSOCKET, OWN)).at(doors).status == 401
    assert wire.connections == before


@pytest.mark.parametrize(
    ("knock", "status"),
    [
        (Knock("/graphql", version="0.9"), CLOSED),
        (Knock("/graphql", "TRACE"), 405),
        (Knock("127.0.0.1:3000", "CONNECT"), 400),
        (Knock("/graphql", host=None, version="1.0"), CLOSED),
        (Knock("/graphql", host="127.0.0.1:3000"), CLOSED),
        (Knock("/graphql", host=f"{OPERATORS}.elsewhere.example"), CLOSED),
        (Knock("/graphql", host=f"{OPERATORS.upper()}."), 401),
        (Knock("/graphql", host=None), 400),
        (Knock("/graphql", headers=(f"Host: {PUBLIC}",)), 400),
        (Knock("/graphql", headers=("X-Original-URL: /", "X-Forwarded-For: 127.0.0.1")), 401),
        (
            Knock(
                "/graphql", headers=("Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c")
            ),
            401,
        ),
        (Knock("/graphql", "POST", headers=("Transfer-Encoding: chunked",), body=QUERY), 400),
        (Knock("/graphql%00", "POST"), 400),
        (Knock("/../graphql"), 400),
    ],
    ids=repr,
)
def test_odd_requests_do_not_lead_in(doors: Doors, wire: Wire, knock: Knock, status: int):
    before = wire.connections
    assert knock.at(doors).status == status
    assert wire.connections == before


def test_a_request_behind_another_needs_a_login_of_its_own(doors: Doors, wire: Wire):
    before = wire.connections
    behind = Knock("/graphql", "POST", headers=(JSON,), body=QUERY).wire()
    first = Knock("/server_info", headers=(login(), "Connection: keep-alive"))
    answers = sent(doors, first.wire() + behind).raw
    assert answers.count(b"HTTP/1.1 200 ") == answers.count(b"HTTP/1.1 401 ") == 1
    assert wire.connections == before + 1


def test_with_the_login_dagster_answers(doors: Doors, wire: Wire):
    before = wire.connections
    answer = Knock("/graphql", "POST", headers=(JSON, login()), body=QUERY).at(doors)
    assert b'{"data":{"version":"' in answer.raw
    assert b"Strict-Transport-Security" in answer.raw
    assert wire.connections == before + 1


def test_the_password_ends_at_the_door(doors: Doors, wire: Wire):
    before = len(wire.heard)
    assert Knock("/server_info", headers=(login(),)).at(doors).status == 200
    assert b"GET /server_info" in wire.heard[before:]
    assert b"authorization" not in wire.heard[before:].lower()


@pytest.mark.parametrize(
    "knock",
    [
        Knock("/graphql", "POST", headers=(FOREIGN, JSON), body=QUERY),
        Knock("/graphql", "POST", headers=("Origin: null", JSON), body=QUERY),
        Knock("/graphql", "POST", headers=(f"Origin: http://{OPERATORS}", JSON), body=QUERY),
        Knock("/graphql", "POST", headers=(f"Origin: https://{PUBLIC}", JSON), body=QUERY),
        Knock("/graphql", "POST", headers=(f"{OWN}.evil.example", JSON), body=QUERY),
        Knock("/graphql?query={version}", headers=sites("cross-site", "no-cors")),
        Knock("/graphql?query={version}", headers=sites("same-site", "no-cors")),
        Knock("/graphql?query={version}", "POST", headers=sites("cross-site", "navigate")),
        Knock("/report_asset_check/wordpress/posts", "POST", headers=(FOREIGN,)),
        Knock("/graphql", headers=(*WEBSOCKET, FOREIGN)),
        Knock("/%67raphql", headers=(*WEBSOCKET, FOREIGN)),
    ],
    ids=repr,
)
def test_another_sites_page_gets_nothing_by_an_operators_browser(
    doors: Doors, wire: Wire, knock: Knock
):
    before = wire.connections
    by_the_browser = Knock(
        knock.path, knock.method, headers=(*knock.headers, login()), body=knock.body
    )
    assert by_the_browser.at(doors).status == 403
    assert wire.connections == before


@pytest.mark.parametrize(
    ("knock", "status"),
    [
        (Knock("/runs", headers=sites("cross-site", "navigate")), 200),
        (Knock("/runs", headers=sites("none", "navigate")), 200),
        (Knock("/server_info", headers=sites("same-origin", "cors")), 200),
        (Knock("/graphql", "POST", headers=(OWN, JSON), body=QUERY), 200),
        (Knock("/graphql", headers=(*WEBSOCKET, OWN)), 101),
        (Knock("/graphql", headers=WEBSOCKET), 101),
    ],
    ids=repr,
)
def test_a_link_dagsters_own_pages_and_programs_come_through(
    doors: Doors, knock: Knock, status: int
):
    logged_in = Knock(knock.path, knock.method, headers=(*knock.headers, login()), body=knock.body)
    assert logged_in.at(doors).status == status


def test_nothing_but_a_websocket_is_upgraded_to(doors: Doors, wire: Wire):
    before = len(wire.heard)
    h2c = ("Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    assert Knock("/server_info", headers=(*h2c, login())).at(doors).status == 200
    assert b"upgrade" not in wire.heard[before:].lower()
