"""The public door leads to the gateway, and to nothing else."""

import json
import socket
import time
from collections.abc import Generator
from ssl import SSLError

import pytest

from sync_assets_tests.doors.knocking import WEBSOCKET, Knock, connected, login
from sync_assets_tests.doors.nginx import OPERATORS, PASSWORD, PUBLIC, USER, Doors, opened
from sync_assets_tests.doors.relay import Wire
from sync_assets_tests.doors.tenant_side import EVENT, TenantSide
from sync_assets_tests.real_wordpress.processes import free_port

AT_ONCE = 5.0
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def doors(tenants: TenantSide) -> Generator[Doors]:
    """The doors without Dagster."""
    with opened(dagster=free_port(), gateway=tenants.server_port) as doors:
        yield doors


@pytest.mark.parametrize("path", ["/v1/syncs/7b85fd49/events", "/v1/syncs/7b85fd49/%65vents"])
def test_an_event_arrives_while_the_stream_goes_on(doors: Doors, path: str):
    began = time.monotonic()
    with connected(doors, PUBLIC) as stream:
        stream.sendall(Knock(path, host=PUBLIC).wire())
        heard = b""
        while EVENT not in heard and (part := stream.recv(4096)):
            heard += part
    assert EVENT in heard
    assert time.monotonic() - began < AT_ONCE


def test_what_a_client_claims_of_its_address_is_not_passed_on(doors: Doors):
    claims = ("X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http")
    headers = told(doors, Knock("/v1/syncs", headers=claims))["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["host"] == PUBLIC


def test_the_key_is_passed_on(doors: Doors):
    key = "Authorization: Bearer sa_key"
    assert told(doors, Knock("/v1/syncs", headers=(key,)))["headers"]["authorization"] == key[15:]


def test_nothing_is_upgraded(doors: Doors):
    assert "upgrade" not in told(doors, Knock("/v1/syncs", headers=WEBSOCKET))["headers"]


def test_a_body_that_is_too_large_for_the_gateway_reaches_it(doors: Doors):
    body = b"x" * (MEBIBYTE + MEBIBYTE // 2)
    assert told(doors, Knock("/v1/syncs", "POST", body=body))["length"] == len(body)


def test_a_platforms_webhook_may_be_larger(doors: Doors):
    body = b"x" * (4 * MEBIBYTE)
    told_of = told(doors, Knock("/v1/hooks/shopify/loja", "POST", body=body))
    assert told_of["length"] == len(body)


def test_a_much_larger_one_does_not(doors: Doors, tenants: TenantSide):
    before = tenants.requests
    knock = Knock("/v1/syncs", "POST", host=PUBLIC, headers=(f"Content-Length: {3 * MEBIBYTE}",))
    with connected(doors, PUBLIC) as connection:
        connection.sendall(knock.wire())
        assert b" 413 " in connection.recv(4096)
    assert tenants.requests == before


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/v1/../metrics?x"])
def test_figures_are_not_shown(doors: Doors, tenants: TenantSide, path: str):
    before = tenants.requests
    assert Knock(path, host=PUBLIC, headers=(login(),)).at(doors, PUBLIC).status == 404
    assert tenants.requests == before


def test_no_answer_of_the_gateway_is_a_problem_detail():
    with opened(dagster=free_port(), gateway=free_port()) as doors:
        answer = Knock("/v1/syncs", host=PUBLIC).at(doors, PUBLIC)
    head, _, body = answer.raw.partition(b"\r\n\r\n")
    assert answer.status == json.loads(body)["status"] == 503
    assert b"\r\nContent-Type: application/problem+json\r\n" in head
    assert b"\r\nRetry-After: 10\r\n" in head


def test_unencrypted_requests_are_sent_to_the_encrypted_door(doors: Doors, tenants: TenantSide):
    before = tenants.requests
    for name in (OPERATORS, PUBLIC):
        with socket.create_connection(("127.0.0.1", doors.plain)) as plain:
            plain.sendall(Knock("/v1/syncs?limit=1", host=name).wire())
            answer = plain.recv(4096)
        assert answer.startswith(b"HTTP/1.1 301 ")
        assert f"\r\nLocation: https://{name}/v1/syncs?limit=1\r\n".encode() in answer
    assert tenants.requests == before


def test_a_name_that_nobody_serves_is_not_answered(doors: Doors, tenants: TenantSide):
    before = tenants.requests
    with pytest.raises(SSLError, match="unrecognized name"):
        Knock("/").at(doors, "elsewhere.example")
    assert Knock("/", host="elsewhere.example").at(doors, PUBLIC).raw == b""
    assert tenants.requests == before


@pytest.mark.postgres
def test_dagster_is_not_behind_it(wire: Wire, tenants: TenantSide):
    user, before = (USER, PASSWORD), wire.connections
    with opened(dagster=wire.port, gateway=tenants.server_port, user=user) as doors:
        assert Knock("/graphql", host=PUBLIC).at(doors, PUBLIC).status == 200  # the gateway's
        assert Knock(f"https://{OPERATORS}/graphql", host=PUBLIC).at(doors, PUBLIC).status == 401
        assert Knock("/graphql", host=OPERATORS).at(doors, PUBLIC).status == 401
    assert wire.connections == before


def told(doors: Doors, knock: Knock) -> dict[str, dict[str, str]]:
    """What arrived at the gateway."""
    sent = Knock(knock.path, knock.method, host=PUBLIC, headers=knock.headers, body=knock.body)
    return json.loads(sent.at(doors, PUBLIC).raw.partition(b"\r\n\r\n")[2])
