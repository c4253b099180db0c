"""The fields that docs/migrating.md names are in what the gateway really answers."""

import re
from collections.abc import Generator, Mapping
from typing import Any

import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.app import create_app
from sync_assets_tests.gateway.conftest import bearer, served
from sync_assets_tests.migrating.page import rows

pytestmark = pytest.mark.postgres

ASK = "POST /v1/tenants/{tenant_id}/syncs"
_COLUMNS = re.compile(r"`([A-Z]+ /\S+)` answers")
_FIELD = re.compile(r"`([\w.*]+)(?:: \w+)?`(?: of `([A-Z]+ /\S+)`)?")


@pytest.fixture
def client(platform: Platform, acme: Tenant) -> Generator[httpx.Client]:
    """A client that may sync."""
    _, key = platform.keys.add(acme.organization, [Scope.SYNC], name="moved")
    with (
        served(create_app(platform)) as url,
        httpx.Client(base_url=url, headers=bearer(key), timeout=30) as client,
    ):
        yield client


@pytest.fixture
def answers(platform: Platform, acme: Tenant, client: httpx.Client) -> Mapping[str, Any]:
    """What each call answers, a sync being done and another one asked for."""
    done = platform.request(acme.id, (), SyncOptions())
    platform.run_tenant(done, StopSignal())
    asked = client.post(f"/v1/tenants/{acme.id}/syncs", json={"batchSize": 50})
    assert asked.status_code == 202, asked.text
    found = {ASK: asked.json()}
    for call in fields().keys() - {ASK}:
        answer = client.get(call.removeprefix("GET ").format(sync_id=done.id))
        assert answer.status_code == 200, answer.text
        found[call] = answer.json()
    return found


def test_each_field_is_in_a_real_answer(answers: Mapping[str, Any]):
    for call, paths in fields().items():
        missing = [path for path in paths if not holds(answers[call], path.split("."))]
        assert missing == [], call


def test_the_account_of_the_first_system_still_adds_up(answers: Mapping[str, Any]):
    report = answers["GET /v1/syncs/{sync_id}/report"]
    assert report["status"] == "completed"
    assert report["created"] > 0
    sums = sum(report[name] for name in ("created", "updated", "skipped", "failed"))
    assert sum(report["totals"].values()) == sums


def fields() -> Mapping[str, set[str]]:
    """The fields that the page names of each call's answer."""
    found: dict[str, set[str]] = {}
    for row in rows():
        columns, field = _COLUMNS.fullmatch(row.columns), _FIELD.fullmatch(row.now)
        call = field and (field[2] or (columns and columns[1]))
        if field and call:
            found.setdefault(call, set()).add(field[1])
    return found


def holds(value: Any, path: list[str]) -> bool:
    """Is there a field on a path, in the first of a list, in all of what `*` stands for?"""
    if not path:
        return True
    name, *rest = path
    if isinstance(value, list):
        return bool(value) and holds(value[0], path)
    if name == "*":
        return bool(value) and all(holds(one, rest) for one in value.values())
    return name in value and holds(value[name], rest)
