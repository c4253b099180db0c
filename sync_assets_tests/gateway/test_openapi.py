"""What the OpenAPI says is true: schemathesis tries it, with what fits and what does not."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as properties
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncRequest
from sync_assets.enqueue import enqueue
from sync_assets.gateway.app import create_app
from sync_assets_tests.gateway.conftest import Organization, bearer, served

pytestmark = pytest.mark.postgres

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]

GOOD = {"name": "default", "stream": "posts"}
"""What else a path may name."""


@dataclass
class Target:
    """Where the app is served, and what there is to be named."""

    schema: Any
    address: str
    key: str
    tenant: str
    waiting: list[UUID]
    ended: UUID
    statuses: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    calls: Any = field(default_factory=count)

    def adjust(self, case: Any) -> None:
        """Name what there is, mostly; ask no foreign site; wait for nothing."""
        names, number = case.path_parameters or {}, next(self.calls)
        if number % 4:
            if "tenant_id" in names:
                names["tenant_id"] = self.tenant
            if "sync_id" in names:
                names["sync_id"] = str(self.waiting[number % len(self.waiting)])
            names.update({name: value for name, value in GOOD.items() if name in names})
            self._mend(case)
        if case.path.endswith("/events"):
            names["sync_id"] = str(self.ended if number % 4 else uuid4())
        if case.path in {"/v1/tenants", "/v1/tenants/{tenant_id}"} and isinstance(case.body, dict):
            case.body["check"] = False
        if case.method == "DELETE" and case.path == "/v1/tenants/{tenant_id}":
            names["tenant_id"] = "nobody"

        query = case.query or {}
        if isinstance(query.get("wait"), int) and query["wait"] > 0:
            query["wait"] = min(query["wait"], 1)

    def _mend(self, case: Any) -> None:
        """Let a body get further than its shape."""
        if isinstance(case.body, dict):
            good = {"streams": ["terms"], "tenants": [self.tenant], "all": False, "monthly": "5"}
            good |= {"source": "wordpress", "url": "https://a.test", "schedule": "0 5 * * *"}
            good |= {"at": (utc_now() + timedelta(days=9)).isoformat(), "settings": {}}
            for name in good.keys() & case.body.keys():
                case.body[name] = good[name]


@pytest.fixture
def target(platform: Platform, ours: Organization) -> Generator[Target]:
    """The app, with syncs that wait, failed and ended, and no limit that would hide anything."""
    platform.settings.gateway_rate = 1_000_000
    app = create_app(platform)
    waiting = [
        enqueue(platform, [ours.tenant], streams=[stream], asked_by="test")[0].sync_id
        for stream in ("terms", "media", "pages", "posts")
    ]
    platform.requests.cancel(waiting[0], "test")
    ended = SyncRequest(uuid4(), platform.tenants.get(ours.tenant), ("terms",))
    platform.syncs.begin(ended)
    platform.syncs.skip(ended.id, ours.tenant, "terms", "left out")
    schema = schemathesis.openapi.from_dict(app.openapi())
    with served(app) as address:
        yield Target(schema, address, ours.admin, ours.tenant, waiting, ended.id)


NEVER_GOOD = {
    "POST /v1/hooks/wordpress/{tenant_id}",  # they want a signature that only their sender can give
    "POST /v1/hooks/{source}/{tenant_id}",
    "DELETE /v1/tenants/{tenant_id}",  # kept away from the tenant that the other calls need
    "DELETE /v1/tenants/{tenant_id}/webhook",  # there is none
    "POST /v1/tenants/{tenant_id}/webhook/resume",
}
"""What made-up calls cannot bring about; all else must succeed at least once."""


def tried(target: Target, operation: Any, mode: GenerationMode, examples: int) -> None:
    """Call an operation with so many cases that fit, or do not fit, what its OpenAPI says."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @properties(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    def call(case: Any) -> None:
        target.adjust(case)
        response = case.call(base_url=target.address, headers=bearer(target.key), timeout=20)
        target.statuses.setdefault(operation.label, set()).add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    call()


def test_each_operation_has_a_name_of_its_own_for_clients(platform: Platform):
    paths = create_app(platform).openapi()["paths"]
    names = [spec["operationId"] for methods in paths.values() for spec in methods.values()]
    assert {"syncs_create", "budgets_set", "webhooks_resume", "changes_changes"} <= {*names}
    assert len({*names}) == len(names)
    assert all(name.replace("_", "").isalpha() for name in names)


def test_every_answer_is_one_that_the_openapi_knows(target: Target):
    operations = [result.ok() for result in target.schema.get_all_operations()]
    assert len(operations) >= 25
    for operation in operations:
        tried(target, operation, GenerationMode.POSITIVE, 20)
        if operation.body or operation.query or operation.path_parameters:
            tried(target, operation, GenerationMode.NEGATIVE, 15)
    good = {label for label, found in target.statuses.items() if found & {200, 201, 202}}
    assert set(target.statuses) - good == NEVER_GOOD
