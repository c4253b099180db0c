"""At most three runs at a time and one sync a tenant, whoever asks for them, in whatever way."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg
import pytest

from sync_assets.core.ports import SyncOptions
from sync_assets.enqueue import enqueue
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.end_to_end import ledger
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.end_to_end.many_sites import Sites, started
from sync_assets_tests.store.looking import Owner, one

pytestmark = pytest.mark.postgres

TENANTS = 10
RUNS = 3
"""`max_concurrent_runs` in dagster.yaml."""

_WAITING = "SELECT count(*) FROM sync.requests WHERE state IN ('queued', 'launched')"
_RUNS_ENDED = """
    SELECT count(*) = %s AND bool_and(status IN ('SUCCESS', 'FAILURE')) FROM dagster.runs
    WHERE run_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Rush:
    """What is left of ten tenants asked for twice each, at the same time.

    Attributes:
        launched: runs that were launched by GraphQL.
        owner: of the database, past row security.
    """

    stack: Stack
    sites: Sites
    launched: Sequence[str]
    owner: Owner


@pytest.fixture(scope="module")
def rush(postgres: EmbeddedServer, template: str) -> Generator[Rush]:
    with pytest.MonkeyPatch.context() as patch, started(TENANTS, 2, delay=0.06) as sites:
        patch.setenv("SYNC_ASSETS_REQUEST_INTERVAL", "1")
        patch.setenv("SYNC_ASSETS_RETRY_AFTER", "2")
        sites.write()
        with running(postgres, template, {}) as stack, connected(stack) as owner:
            stack.dagster.stop_sensors(but="requests")
            sites.register(stack.platform)
            ledger.keep(owner)
            yield Rush(stack, sites, ask_twice(stack, list(sites.of)), owner)


def ask_twice(stack: Stack, tenants: Sequence[str]) -> list[str]:
    """Half of the tenants each in a way of its own, half alike, and all of them by GraphQL."""
    for tenant in tenants:
        stack.dagster.add_partition(tenant)
    enqueue(stack.platform, tenants[::2], SyncOptions(batch_size=5), asked_by="a test")
    for number, tenant in enumerate(tenants[1::2], start=6):
        enqueue(stack.platform, [tenant], SyncOptions(batch_size=number), asked_by="a test")
    launched = [stack.dagster.launch(tenant, batch_size=6) for tenant in tenants]
    with connected(stack) as owner:
        until(lambda: one(owner, _RUNS_ENDED, len(launched), launched), 240)
        until(lambda: one(owner, _WAITING) == 0, 120)
    return launched


def test_every_request_and_every_launch_is_done(rush: Rush):
    found = rush.owner.execute("SELECT tenant_id, state, error FROM sync.requests").fetchall()
    assert sorted(tenant for tenant, _, _ in found) == sorted([*rush.sites.of, *rush.sites.of])
    assert {(state, error) for _, state, error in found} == {("completed", None)}


def test_at_most_three_runs_are_at_work_at_a_time(rush: Rush):
    runs = rush.stack.dagster.spans()
    assert len(runs) > TENANTS
    assert ledger.most_together(runs) == RUNS


def test_at_most_one_sync_of_a_tenant_is_at_work_at_a_time(rush: Rush):
    assert one(rush.owner, "SELECT count(DISTINCT sync_id) FROM ledger.holds") == 2 * TENANTS
    assert ledger.held_together(rush.owner) == []


def connected(stack: Stack) -> AbstractContextManager[Owner]:
    return psycopg.connect(stack.platform.database_url, autocommit=True)
