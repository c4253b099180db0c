"""Nothing crosses from one organization to another, by any route that there is."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change
from sync_assets.enqueue import enqueue
from sync_assets.gateway.app import ROUTERS
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.operations import OPEN, Operation, operations

pytestmark = pytest.mark.postgres

BODIES: dict[str, list[dict[str, object]]] = {
    "/v1/syncs/bulk": [{"tenants": ["ours-site"]}, {"tenants": ["theirs-site", "ours-site"]}],
    "/v1/tenants": [
        {"name": "another", "source": "wordpress", "url": "https://a.test", "check": False}
    ],
}
"""What a stranger would send to routes that name nothing in their path."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What nobody else may see."""

    tenant: str
    sync: UUID
    words: tuple[str, ...]


@pytest.fixture
def things(platform: Platform, ours: Organization) -> Ours:
    """A tenant with a sync that has ended and one that waits, a budget, a log."""
    [first] = enqueue(platform, [ours.tenant], streams=["terms"], asked_by="planted-asker")
    platform.requests.cancel(first.sync_id, "planted-canceller")
    [asked] = enqueue(platform, [ours.tenant], asked_by="planted-asker")
    platform.budgets.set_tenant(ours.tenant, Change(blocked=True, reason="planted-reason"))
    words = (str(asked.sync_id), str(first.sync_id), "ours-site", "user-of-ours", "planted")
    return Ours(ours.tenant, asked.sync_id, words)


def test_every_route_that_is_no_page_is_in_the_openapi():
    hidden = [
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    ]
    assert [path for path in hidden if not path.startswith(("/t/", "/t", "/static"))] == []


def names(operation: Operation, tenant: str, sync: UUID) -> dict[str, str]:
    known = {"tenant_id": tenant, "tenant": tenant, "sync_id": str(sync)}
    return {**known, "name": "default", "task": "full_sync"} | {
        parameter["name"]: known.get(parameter["name"], "x")
        for parameter in operation.spec.get("parameters", ())
        if parameter["in"] == "path" and parameter["name"] not in {"name", "task"}
    }


def call(client: httpx.Client, operation: Operation, address: str, body: object = None):
    has_body = "requestBody" in operation.spec
    return client.request(operation.method, address, json=(body or {}) if has_body else None)


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """Can nobody tell them apart? Only the moment and the call's own id differ."""
    ours, others = dict(one.headers), dict(other.headers)
    for name in ("date", "x-request-id"):
        del ours[name], others[name]
    return (one.status_code, one.content, ours) == (other.status_code, other.content, others)


def test_what_is_somebody_elses_is_as_good_as_unknown(
    app: FastAPI, things: Ours, theirs: Organization, client: Client
):
    stranger = client(theirs.admin)
    checked = 0
    for operation in operations(app):
        if not operation.is_owned:
            continue
        address = operation.address(**names(operation, things.tenant, things.sync))
        foreign = call(stranger, operation, address)
        unknown = call(
            stranger, operation, operation.address(**names(operation, "nobody", uuid4()))
        )
        assert foreign.status_code in {401, 404}, f"{operation}: {foreign.status_code}"
        assert same(foreign, unknown), str(operation)
        checked += 1
    assert checked >= 15


def test_no_answer_to_a_stranger_says_a_word_of_ours(
    app: FastAPI, things: Ours, theirs: Organization, client: Client, platform: Platform
):
    stranger = client(theirs.admin)
    for operation in operations(app):
        address = operation.address(**names(operation, things.tenant, things.sync))
        for body in BODIES.get(operation.path, [None]):
            answer = call(stranger, operation, address, body)
            for word in things.words:
                assert word not in answer.text, f"{operation}: {word}"
    assert platform.tenants.owned(things.tenant, "ours").organization == "ours"
    assert platform.syncs.report(things.sync).status == "queued"


def test_a_list_filtered_by_a_foreign_tenant_is_not_there(
    things: Ours, theirs: Organization, client: Client
):
    foreign = client(theirs.reader).get("/v1/syncs", params={"tenant": things.tenant})
    unknown = client(theirs.reader).get("/v1/syncs", params={"tenant": "nobody"})
    assert foreign.status_code == 404
    assert same(foreign, unknown)


def test_a_taken_name_cannot_be_told_from_a_free_one(
    things: Ours, theirs: Organization, client: Client
):
    admin = client(theirs.admin)
    wish = {"source": "wordpress", "url": "https://a.test", "check": False}
    taken = admin.post("/v1/tenants", json={"name": things.tenant, **wish})
    free = admin.post("/v1/tenants", json={"name": "nobody", **wish})
    assert taken.status_code == free.status_code == 201
    assert taken.json()["id"] != things.tenant


def test_nothing_is_done_without_a_key(app: FastAPI, things: Ours, client: Client):
    nobody = client("")
    for operation in operations(app):
        if operation.path in OPEN or operation.path.startswith("/v1/hooks/"):
            continue
        address = operation.address(**names(operation, things.tenant, things.sync))
        answer = call(nobody, operation, address)
        assert answer.status_code == 401, f"{operation}: {answer.status_code}"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_wrong_key_meets_the_same_as_an_unknown_thing(
    app: FastAPI, things: Ours, theirs: Organization, client: Client
):
    wrong = client("sa_" + "a" * 16 + "_" + "b" * 43)
    app.state.limits._guesses._burst = 1_000.0
    unknown = client(theirs.admin).get(f"/v1/syncs/{uuid4()}")
    for operation in operations(app):
        if operation.path in OPEN or operation.path.startswith("/v1/hooks/"):
            continue
        address = operation.address(**names(operation, things.tenant, things.sync))
        assert same(call(wrong, operation, address), unknown), str(operation)


def test_a_tenant_that_moved_takes_nothing_with_it(
    platform: Platform, things: Ours, theirs: Organization, client: Client, ours: Organization
):
    from dataclasses import replace

    moved = replace(platform.tenants.get(things.tenant), organization=theirs.name)
    platform.tenants.update(moved)
    for key in (ours.admin, theirs.admin):
        assert client(key).get(f"/v1/syncs/{things.sync}").status_code == 404
        listed = client(key).get("/v1/syncs").json()["syncs"]
        assert things.sync not in {UUID(entry["syncId"]) for entry in listed}
