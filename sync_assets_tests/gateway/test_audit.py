"""Who asked for what is on record."""

import time
from dataclasses import replace
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import RetryLater
from sync_assets.core.keys import parse
from sync_assets.gateway.app import create_app
from sync_assets.gateway.audit import STRANGERS_OF_ONE, WAITING, Recorder
from sync_assets.store.audit import Call
from sync_assets_tests.gateway.conftest import Client, Organization, bearer, served
from sync_assets_tests.gateway.looking import rows

ALL = "SELECT * FROM sync.audit ORDER BY id"


@pytest.mark.postgres
def test_what_changes_something_is_recorded_before_it_is_answered(
    platform: Platform, ours: Organization, client: Client
):
    answer = client(ours.syncer).post(f"/v1/tenants/{ours.tenant}/syncs", json={})
    [row] = rows(platform, ALL)
    assert row["organization"] == "ours"
    assert row["key_id"] == (parse(ours.syncer) or ("",))[0]
    assert (row["method"], row["route"]) == ("POST", "/v1/tenants/{tenant_id}/syncs")
    assert (row["tenant"], row["status"], row["address"]) == (ours.tenant, 202, "127.0.0.1")
    assert row["request_id"] == UUID(answer.headers["x-request-id"])


@pytest.mark.postgres
def test_reads_and_refusals_are_recorded_soon(
    platform: Platform, ours: Organization, client: Client
):
    sync = uuid4()
    client(ours.reader).get(f"/v1/syncs/{sync}")
    client("sa_wrong").get("/v1/syncs")
    client("").get("/v1/syncs")
    client(ours.reader).get("/v1/nothing?token=planted")
    ends = time.monotonic() + 10
    while len(found := rows(platform, ALL)) < 4:
        assert time.monotonic() < ends
        time.sleep(0.1)
    assert [(row["organization"], row["status"]) for row in found] == [
        ("ours", 404),
        (None, 404),
        (None, 401),
        (None, 404),
    ]
    assert found[0]["sync_id"] == sync
    assert "planted" not in str(found)


@pytest.mark.postgres
def test_what_waits_to_be_recorded_is_recorded_at_the_end(platform: Platform, ours: Organization):
    with served(create_app(platform)) as address:
        assert httpx.get(f"{address}/v1/tenants", headers=bearer(ours.reader)).status_code == 200
    assert [row["route"] for row in rows(platform, ALL)] == ["/v1/tenants"]


@pytest.mark.postgres
def test_who_has_no_key_does_not_fill_the_record(platform: Platform, ours: Organization):
    with served(create_app(platform)) as address, httpx.Client(base_url=address) as stranger:
        for _ in range(STRANGERS_OF_ONE + 10):
            assert stranger.post("/wp-login.php").status_code == 404
        stranger.get("/v1/tenants", headers=bearer(ours.reader))
    found = rows(platform, ALL)
    assert sum(row["organization"] is None for row in found) == STRANGERS_OF_ONE
    assert sum(row["organization"] == "ours" for row in found) == 1


def call() -> Call:
    return Call(utc_now(), "ours", "k", "GET", "/v1/syncs", None, None, 200, None, None)


def test_more_than_can_wait_is_recorded_at_once():
    added: list[Call] = []
    recorder = Recorder(added.extend)

    async def flood() -> None:
        for _ in range(WAITING + 3):
            await recorder.record(call())

    anyio.run(flood)
    assert len(added) == 3
    recorder.stop()
    assert len(added) == WAITING + 3


def test_a_database_that_is_away_loses_no_record_unsaid(caplog: pytest.LogCaptureFixture):
    def away(_: object) -> None:
        raise RetryLater("PostgreSQL does not answer.")

    recorder = Recorder(away)
    anyio.run(recorder.record, replace(call(), method="POST"))
    assert "Not recorded" in caplog.text
    assert "/v1/syncs" in caplog.text
