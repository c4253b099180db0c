"""Oversized, malformed, slow and abusive calls: a problem, never a trace."""

import asyncio
import json
import socket
import time
from collections.abc import Generator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.gateway import bodies
from sync_assets.gateway.app import create_app
from sync_assets.gateway.headers import SECURITY
from sync_assets.gateway.problems import plainly
from sync_assets.gateway.server import Protocol
from sync_assets_tests.gateway.conftest import Client, Organization, bearer, served

pytestmark = pytest.mark.postgres


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Is it a problem of that status that says nothing of us?"""
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "site-packages" not in answer.text
    assert answer.json()["status"] == answer.status_code
    return answer.status_code == status


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size):
        yield b"x" * 65536


JSON = {"Content-Type": "application/json"}
DEEP = b'{"streams":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BIG = b'{"batchSize": ' + b"9" * 10_000 + b"}"

BODIES = [
    (b"{", 400),
    (b"\xff\xfe{}", 400),
    (b'{"streams": ["\xc3\x28"]}', 400),
    (b'{"streams": ["\\ud800"]}', 422),
    (b'{"streams": ["te\\u0000rms"]}', 422),
    (b'{"period": "\\u0000"}', 422),
    (DEEP, 400),
    (BIG, 400),
    (b'{"batchSize": 1e999}', 422),
    (b'{"batchSize": NaN}', 422),
    (b'{"at": 1e308}', 422),
    (b'{"at": "9999-12-31T23:59:59Z"}', 422),
    (b'{"at": "2026-01-01T00:00:00"}', 422),
    (b'{"at": "0001-01-01T00:00:00+14:00"}', 422),
    (b'{"unknown": 1}', 422),
    (b'{"full": "yes"}', 422),
    (b"[]", 422),
    (b"null", 422),
    (b'"x"', 422),
    (b'{"streams": ["nothing"]}', 422),
    (b"x" * (bodies.LARGEST + 1), 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=[repr(body[:30]) for body, _ in BODIES])
def test_a_body_that_is_no_good_is_a_problem(
    body: bytes, status: int, ours: Organization, client: Client
):
    path = f"/v1/tenants/{ours.tenant}/syncs"
    answer = client(ours.syncer).post(path, content=body, headers=JSON)
    assert is_problem(answer, status), answer.text


def test_a_body_without_a_length_is_bounded_too(ours: Organization, client: Client):
    path = f"/v1/tenants/{ours.tenant}/syncs"
    answer = client(ours.syncer).post(path, content=chunks(40), headers=JSON)
    assert is_problem(answer, 413)


@pytest.mark.parametrize(("times", "heard"), [(2, 8), (10, 17)])
def test_a_body_that_is_too_large_is_heard_out_where_that_does_not_take_long(
    times: int, heard: int
):
    quarters = iter(range(4 * times))

    async def receive() -> Message:
        more = next(quarters) < 4 * times - 1
        return {"type": "http.request", "body": b" " * (bodies.LARGEST // 4), "more_body": more}

    said = list[int]()

    async def send(message: Message) -> None:
        said.extend([message["status"]] if "status" in message else [])

    scope = {"type": "http", "method": "POST", "path": "/v1/syncs/bulk", "query_string": b""}
    head = {**scope, "headers": [(b"transfer-encoding", b"chunked")]}
    asyncio.run(bodies.Bodies(nobody)(head, receive, send))
    assert said == [413]
    assert 4 * times - len(list(quarters)) == heard


async def nobody(*_: object) -> None:
    raise AssertionError("It was handed on.")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a/b/c"])
def test_what_is_not_said_to_be_json_is_refused(kind: str, ours: Organization, client: Client):
    path = f"/v1/tenants/{ours.tenant}/syncs"
    answer = client(ours.syncer).post(path, content=b"{}", headers={"Content-Type": kind})
    assert is_problem(answer, 415)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/syncs?cursor=nonsense", 422),
        ("/v1/syncs?cursor=%00", 422),
        ("/v1/syncs?tenant=%ff", 404),
        ("/v1/syncs?status=gone", 422),
        ("/v1/syncs?limit=0", 422),
        ("/v1/syncs?limit=1e9", 422),
        ("/v1/tenants?cursor=AA%3D%3D", 422),
        ("/v1/tenants/%00/budget", 404),
        ("/v1/tenants/%ff%fe/budget", 404),
        ("/v1/tenants/..%2f..%2fetc/budget", 404),
        ("/v1/tenants/" + "x" * 5000 + "/budget", 404),
        ("/v1/syncs/not-a-uuid", 422),
        ("/v1/syncs?" + "x" * 9000, 414),
        ("/v1/nothing", 404),
        ("//v1/syncs", 404),
        ("/v1/syncs/", 404),
    ],
)
def test_an_address_that_is_no_good_is_a_problem(
    path: str, status: int, ours: Organization, client: Client
):
    answer = client(ours.reader).get(path)
    assert is_problem(answer, status), answer.text


def test_a_method_that_is_none_of_ours_is_a_problem(ours: Organization, client: Client):
    for method in ("TRACE", "PUT", "BREW", "CONNECT"):
        assert is_problem(client(ours.reader).request(method, "/v1/syncs"), 405)


def raw(address: str, *parts: bytes, wait: float = 0.0) -> bytes:
    """What the server says to bytes that no client sends."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(wait)
        said = b""
        try:
            while more := connection.recv(65536):
                said += more
        except ConnectionResetError:
            pass
    return said


def is_raw_problem(said: bytes, status: int) -> bool:
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, said
    assert json.loads(body)["status"] == status
    return head.startswith(b"HTTP/1.1 %d " % status)


GET = b"GET /v1/syncs HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET + b"Bad Header\r\n\r\n", 400),
        (GET + b"X: a\0b\r\n\r\n", 400),
        (GET + b"Content-Length: x\r\n\r\n", 400),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (GET + b"X: " + b"x" * 70_000, 431),
        (GET + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(250)) + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000, 431),
        (GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
def test_abused_headers_are_a_problem(said: bytes, status: int, address: str):
    assert is_raw_problem(raw(address, said), status)


def test_many_headers_of_one_name_open_nothing(address: str, ours: Organization):
    key = b"Authorization: Bearer " + ours.reader.encode()
    wrong = b"Authorization: Bearer sa_wrong"
    said = raw(address, GET + b"Connection: close\r\n" + wrong + b"\r\n" + key + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 404 ")


@pytest.fixture
def hasty(platform: Platform) -> Generator[str]:
    """The app with little patience."""

    class Hasty(Protocol):
        patience = 0.4

    with served(create_app(platform, patience=0.4), Hasty) as address:
        yield address


def test_who_never_sends_headers_is_not_waited_for(hasty: str):
    began = time.monotonic()
    assert is_raw_problem(raw(hasty, b"GET /healthz HT"), 408)
    assert is_raw_problem(raw(hasty), 408)
    assert time.monotonic() - began < 5


def test_who_drips_headers_is_not_waited_for(hasty: str):
    assert is_raw_problem(raw(hasty, GET, b"A: b\r\n", b"C: d\r\n", wait=0.3), 408)


def test_who_never_sends_a_body_is_not_waited_for(hasty: str, ours: Organization):
    head = (
        f"POST /v1/tenants/{ours.tenant}/syncs HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {ours.syncer}\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{"
    )
    assert is_raw_problem(raw(hasty, head.encode()), 408)


def test_a_connection_that_is_kept_is_served_again(hasty: str, ours: Organization):
    with httpx.Client(base_url=hasty, headers=bearer(ours.reader)) as client:
        for _ in range(3):
            assert client.get("/v1/syncs").status_code == 200
            time.sleep(0.5)


def test_every_answer_bears_the_headers_of_security(ours: Organization, client: Client):
    answers = [
        client(ours.reader).get("/v1/syncs"),
        client("").get("/v1/syncs"),
        client("").get("/nothing"),
        client("").get("/healthz"),
    ]
    for answer in answers:
        for name, value in SECURITY.items():
            assert answer.headers[name] == value
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-request-id"]


def test_other_sites_may_ask_only_where_the_operator_says_so(
    platform: Platform, ours: Organization, client: Client
):
    asking = {"Origin": "https://app.example"}
    assert (
        "access-control-allow-origin"
        not in client(ours.reader).get("/v1/syncs", headers=asking).headers
    )
    platform.settings.gateway_origins = ("https://app.example",)
    with served(create_app(platform)) as address, httpx.Client(base_url=address) as browser:
        allowed = browser.get("/v1/syncs", headers=asking)  # a problem bears them, too
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        other = browser.get("/v1/syncs", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_an_error_nobody_thought_of_says_no_more_than_its_id(
    app: FastAPI, ours: Organization, client: Client, caplog: pytest.LogCaptureFixture
):
    def broken() -> None:
        raise ZeroDivisionError("planted-in-the-error")

    app.get("/v1/broken")(broken)
    answer = client(ours.reader).get("/v1/broken")
    assert is_problem(answer, 500)
    assert answer.json()["correlationId"] == answer.headers["x-request-id"]
    assert "planted" not in answer.text
    assert "planted-in-the-error" in caplog.text


def test_what_only_the_operator_can_mend_says_nothing_of_it(
    app: FastAPI, ours: Organization, client: Client
):
    def refused() -> None:
        raise OperatorMustAct("PostgreSQL refused a statement (planted). Check DATABASE_URL.")

    app.get("/v1/refused")(refused)
    answer = client(ours.reader).get("/v1/refused")
    assert is_problem(answer, 500)
    assert "planted" not in answer.text


def test_a_sentence_for_tenants_names_no_command():
    assert (
        plainly("Sync 1 waits no longer. See 'sync-assets status 1'.") == "Sync 1 waits no longer."
    )
    assert plainly("It is late; set SYNC_ASSETS_RATE.") == "It is late"
    assert "runs this service" in plainly("Use --restore.")


def test_a_database_that_is_away_is_said_to_be(app: FastAPI, ours: Organization, client: Client):
    def away() -> None:
        raise RetryLater("PostgreSQL does not answer: planted-host")

    app.get("/v1/away")(away)
    answer = client(ours.reader).get("/v1/away")
    assert is_problem(answer, 503)
    assert answer.headers["retry-after"]
    assert "planted" not in answer.text
