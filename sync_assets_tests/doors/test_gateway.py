"""The gateway itself behind the public door."""

import json
from collections.abc import Generator
from ssl import SSLSocket
from urllib.parse import urlsplit

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.app import create_app
from sync_assets_tests.doors.knocking import Answer, Knock, connected
from sync_assets_tests.doors.nginx import PUBLIC, Doors, opened
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.gateway.conftest import served
from sync_assets_tests.real_wordpress.processes import free_port

pytestmark = pytest.mark.postgres

CLIENT = "127.0.0.7"
SYNCS = "/v1/tenants/acme/syncs"
JSON = "Content-Type: application/json"


@pytest.fixture
def doors(platform: Platform, acme: Tenant) -> Generator[Doors]:
    """The doors, with the gateway for acme's organization."""
    assert acme.id in SYNCS
    with served(create_app(platform)) as url:
        port = urlsplit(url).port or 0
        with opened(dagster=free_port(), gateway=port) as doors:
            yield doors


@pytest.fixture
def key(platform: Platform, acme: Tenant) -> str:
    """The header of a key that may sync."""
    _, key = platform.keys.add(acme.organization, [Scope.SYNC])
    return f"Authorization: Bearer {key}"


def test_a_sync_is_asked_for_and_its_events_come_at_once(doors: Doors, key: str):
    asked = Knock(SYNCS, "POST", host=PUBLIC, headers=(key, JSON), body=b"{}").at(doors, PUBLIC)
    assert asked.status == 202
    events = f"/v1/syncs/{body(asked)['syncId']}/events"
    with connected(doors, PUBLIC) as stream:
        stream.sendall(Knock(events, host=PUBLIC, headers=(key,)).wire())
        assert b'"status":"queued"' in read_until(stream, b"event: progress\n")


def test_the_gateway_says_itself_that_a_body_is_too_large(doors: Doors, key: str):
    knock = Knock(SYNCS, "POST", host=PUBLIC, headers=(key, JSON), body=b" " * 1_500_000)
    answer = knock.at(doors, PUBLIC)
    assert answer.status == body(answer)["status"] == 413


def test_the_audit_has_the_address_of_the_client(doors: Doors, key: str, platform: Platform):
    claim = "X-Forwarded-For: 192.0.2.7"
    knock = Knock("/v1/syncs", host=PUBLIC, headers=(key, claim))
    with connected(doors, PUBLIC, source=CLIENT) as connection:
        connection.sendall(knock.wire())
        assert b" 200 OK" in read_until(connection, b"nextCursor")
    query = "SELECT host(address::inet) FROM sync.audit WHERE route = '/v1/syncs'"

    def addresses() -> list[str]:
        with platform.database.as_control() as connection:
            return [*connection.execute(query).scalars()]

    assert until(addresses, 10) == [CLIENT]


def body(answer: Answer) -> dict[str, object]:
    """The JSON of an answer."""
    head, _, rest = answer.raw.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    return json.loads(rest)


def read_until(stream: SSLSocket, mark: bytes) -> bytes:
    """What comes until the mark and the line behind it are there."""
    heard = b""
    while mark not in heard or b"}" not in heard.partition(mark)[2]:
        part = stream.recv(4096)
        assert part, heard
        heard += part
    return heard
