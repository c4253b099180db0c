"""What is secret is in no answer and in no line of a log."""

import json
import logging
from collections.abc import Generator
from io import StringIO

import pytest
from fastapi import FastAPI

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import parse
from sync_assets.logs import configure_logging
from sync_assets_tests.gateway.conftest import SECRET, Client, Organization
from sync_assets_tests.gateway.looking import rows
from sync_assets_tests.gateway.operations import operations
from sync_assets_tests.gateway.test_crossing import call, names, things

pytestmark = pytest.mark.postgres

__all__ = ["things"]

SENT = "planted-in-what-is-sent"


@pytest.fixture
def said() -> Generator[StringIO]:
    """All that is logged, as the program writes it, from everything that has a logger."""
    written = StringIO()
    package = logging.getLogger("sync_assets")
    before = package.handlers, package.propagate, package.level
    configure_logging("DEBUG")
    [handler] = package.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    handler.addFilter(lambda record: not record.name.startswith("http"))  # the client's own
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        package.handlers, package.propagate, package.level = before


def test_no_secret_is_ever_answered_or_logged(
    app: FastAPI, platform: Platform, said: StringIO, ours: Organization, client: Client, things
):
    secrets = [SECRET, "user-of-ours", SENT]
    secrets += [key[-43:] for key in (ours.reader, ours.syncer, ours.admin)]
    key = platform.settings.secret_key
    assert key is not None
    secrets.append(key.get_secret_value())
    account = {"username": SENT, "password": SENT}
    bodies = [
        {"credentials": account, "check": False},
        {"credentials": {**account, "more": SENT}},
        {"name": "ours", "source": "wordpress", "url": f"https://{SENT}:{SENT}@a.test/?{SENT}"},
        {"settings": {"post_types": SENT + "\0"}, "credentials": account},
        {"name": "ours", "source": "wordpress", "url": "https://a.test", "check": False}
        | {"credentials": account},
    ]
    answers: list[str] = []
    for one in (client(ours.admin), client("sa_" + "a" * 16 + "_" + "b" * 43), client("")):
        for operation in operations(app):
            if operation.method == "DELETE" and operation.path.endswith("{tenant_id}"):
                continue
            address = operation.address(**names(operation, things.tenant, things.sync))
            if operation.path.endswith("/events"):
                continue  # waits; it says what the log and the progress say
            for body in bodies:
                answer = call(one, operation, f"{address}?token={SENT}", body)
                answers += [answer.text, str(answer.headers)]
    written = said.getvalue()
    assert written.count("\n") > 100
    for secret in secrets:
        assert [answer for answer in answers if secret in answer] == []
        assert secret not in written, secret
        assert secret not in json.dumps(rows(platform, "SELECT * FROM sync.audit"), default=str)


def test_each_line_of_the_log_names_its_call(said: StringIO, ours: Organization, client: Client):
    answer = client(ours.reader).get("/v1/syncs?tenant=nobody")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    [line] = [line for line in lines if line.get("request_id") == answer.headers["x-request-id"]]
    assert line["event"] == "GET /v1/syncs 404"
    assert line["key_id"] == (parse(ours.reader) or ("",))[0]


def test_a_stored_password_is_sent_to_no_other_address(
    platform: Platform, ours: Organization, client: Client
):
    admin = client(ours.admin)
    path = f"/v1/tenants/{ours.tenant}"
    lure = admin.patch(path, json={"url": "https://evil.test", "check": False})
    assert lure.status_code == 422
    assert platform.tenants.get(ours.tenant).url == "http://ours-site.invalid"
    account = {"username": "u", "password": "p"}
    anew = {"url": "https://new.test", "credentials": account, "check": False}
    assert admin.patch(path, json=anew).status_code == 200
    stored = platform.tenants.get(ours.tenant).credentials
    assert stored is not None
    assert stored.secret == "p"  # noqa: S105
