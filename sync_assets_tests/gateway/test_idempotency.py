"""A call that is repeated is done once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sync_assets.bootstrap import Platform
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.looking import change, count, rows

pytestmark = pytest.mark.postgres

KEY = {"Idempotency-Key": "first-of-may"}
TENANT = {"name": "shop", "source": "wordpress", "url": "https://shop.test", "check": False}


def test_a_repeated_call_has_the_first_answer(
    platform: Platform, ours: Organization, client: Client
):
    admin = client(ours.admin)
    first = admin.post("/v1/tenants", json=TENANT, headers=KEY)
    again = admin.post("/v1/tenants", json=TENANT, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert count(platform, "tenants") == 2


def test_the_same_key_for_another_call_is_refused(ours: Organization, client: Client):
    admin = client(ours.admin)
    assert admin.post("/v1/tenants", json=TENANT, headers=KEY).status_code == 201
    other = admin.post("/v1/tenants", json={**TENANT, "name": "other"}, headers=KEY)
    assert other.status_code == 422
    assert other.json()["type"].endswith(":idempotency-key-reused")
    assert admin.post("/v1/maintenance/health", headers=KEY).status_code == 422


def test_what_is_kept_of_a_call_lets_nobody_try_passwords(
    platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    for organization in (ours, theirs):
        answer = client(organization.admin).post("/v1/tenants", json=TENANT, headers=KEY)
        assert answer.status_code == 201
    kept = [bytes(row["request_hash"]) for row in rows(platform, "SELECT * FROM sync.answers")]
    assert len({*kept}) == 2


def test_another_organizations_key_of_the_same_name_is_another(
    ours: Organization, theirs: Organization, client: Client
):
    first = client(ours.admin).post("/v1/tenants", json=TENANT, headers=KEY)
    second = client(theirs.admin).post("/v1/tenants", json=TENANT, headers=KEY)
    assert second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


def test_a_call_that_failed_may_be_repeated(ours: Organization, client: Client):
    admin = client(ours.admin)
    unknown = {**TENANT, "source": "nothing"}
    assert admin.post("/v1/tenants", json=unknown, headers=KEY).status_code == 422
    again = admin.post("/v1/tenants", json=TENANT, headers=KEY)
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers


def test_at_the_same_moment_one_does_it_and_the_others_are_told(
    platform: Platform, ours: Organization, client: Client
):
    clients = [client(ours.admin) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda one: one.post("/v1/tenants", json=TENANT, headers=KEY), clients)
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in made) == 1
    assert count(platform, "tenants") == 2


def test_what_a_dead_process_began_is_done_after_some_minutes(
    platform: Platform, ours: Organization, client: Client
):
    admin = client(ours.admin)
    admin.post("/v1/tenants", json=TENANT, headers=KEY)
    change(platform, "UPDATE sync.answers SET status = NULL, at = now() - interval '2 min'")
    assert admin.post("/v1/tenants", json=TENANT, headers=KEY).status_code == 409
    change(platform, "UPDATE sync.answers SET at = now() - interval '4 min'")
    assert admin.post("/v1/tenants", json=TENANT, headers=KEY).status_code == 201


def test_an_answer_is_forgotten_after_a_day(platform: Platform, ours: Organization, client: Client):
    admin = client(ours.admin)
    first = admin.post("/v1/tenants", json=TENANT, headers=KEY).json()["id"]
    change(platform, "UPDATE sync.answers SET at = now() - interval '25 hours'")
    assert admin.post("/v1/tenants", json=TENANT, headers=KEY).json()["id"] != first


@pytest.mark.parametrize("name", ["", "x" * 256, "with blank"])
def test_a_key_that_cannot_be_one_is_refused(name: str, ours: Organization, client: Client):
    answer = client(ours.admin).post("/v1/tenants", json=TENANT, headers={"Idempotency-Key": name})
    assert answer.status_code == 422
