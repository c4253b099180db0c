"""Dagster for real: webserver, daemon and run workers, with the files as they are shipped.

One installation for all, and runs in flight at the same time, because a run through the queue
costs several seconds.
"""

import json
import os
import signal
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from sync_assets.cli import children
from sync_assets.core.errors import SyncHeld
from sync_assets.core.report import Report
from sync_assets.core.requests import State
from sync_assets.defs.checks import CHECKS
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow
from sync_assets.store.embedded import EmbeddedServer
from sync_assets.store.leases import hold
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import until

pytestmark = pytest.mark.postgres

TENANTS = ("acme", "globex", "initech", "stopped", "killed", "cancelled", "alone")
STREAMS = ("terms", "media", "pages", "posts")
NEW_POSTS = 120
A_SWEEP = 16
"""Rows of a sweep itself, of whatever tenants."""
BATCH = 10


@pytest.fixture(scope="module")
def stack(postgres: EmbeddedServer, template: str) -> Generator[Stack]:
    """The installation, with some tenants that it does not know yet."""
    with ExitStack() as opened:
        sites = {t: opened.enter_context(DemoSite.start(seed=False)) for t in TENANTS}
        for site in sites.values():
            site.site.add("posts", title="Olá", content="Mundo")
        yield opened.enter_context(running(postgres, template, sites))


@pytest.fixture(scope="module")
def first_sweep(stack: Stack) -> str:
    """The run that the sensor started by itself."""
    [run] = until(lambda: stack.dagster.runs("wordpress_sweep"))
    assert stack.dagster.ended(run["runId"]) == "SUCCESS"
    return run["runId"]


@pytest.fixture(scope="module")
def backfill(stack: Stack, first_sweep: str) -> str:
    """A backfill that is under way while other tests run."""
    assert first_sweep
    return stack.dagster.backfill(STREAMS, ["globex", "initech"])


@pytest.fixture(scope="module")
def runs(stack: Stack, backfill: str) -> dict[str, str]:
    """Runs launched at once: of a tenant, and of one that does not exist."""
    assert backfill
    return {tenant: stack.dagster.launch(tenant) for tenant in ("acme", "nobody")}


def test_new_tenants_are_swept_once_without_being_asked(stack: Stack, first_sweep: str):
    for tenant in TENANTS:
        assert stack.dagster.materialized_by("posts", tenant) == first_sweep
        assert report(stack, first_sweep, tenant).status == "completed"


def test_a_tenants_run_goes_through_the_queue(stack: Stack, runs: dict[str, str]):
    run_id = runs["acme"]
    assert stack.dagster.ended(run_id) == "SUCCESS"
    kinds = [event["__typename"] for event in stack.dagster.events(run_id)]
    assert kinds.index("RunEnqueuedEvent") < kinds.index("RunStartingEvent")
    for stream in STREAMS:
        assert stack.dagster.materialized_by(stream, "acme") == run_id
    assert report(stack, run_id, "acme").status == "completed"


def test_a_run_adds_at_most_sixty_rows_to_the_event_log(stack: Stack, runs: dict[str, str]):
    for run_id in runs.values():
        stack.dagster.ended(run_id)
        assert stack.rows(run_id) <= 60


def test_a_sweep_adds_at_most_ten_rows_a_tenant_to_it(stack: Stack, first_sweep: str):
    assert stack.rows(first_sweep) <= 10 * len(TENANTS) + A_SWEEP


def test_the_checks_of_a_run_are_shown_for_its_tenant(stack: Stack, runs: dict[str, str]):
    assert stack.dagster.ended(runs["acme"]) == "SUCCESS"
    for check in CHECKS:
        assert "acme" in stack.dagster.passed("posts", check)


def test_an_unknown_tenants_run_fails_in_one_sentence(stack: Stack, runs: dict[str, str]):
    run_id = runs["nobody"]
    assert stack.dagster.ended(run_id) == "FAILURE"
    failures = [e for e in stack.dagster.events(run_id) if "failureMetadata" in e]
    assert [failure["stepKey"] for failure in failures] == ["wordpress__terms"]
    sentence = failures[0]["failureMetadata"]["description"]
    assert sentence.startswith("There is no tenant 'nobody'.")


def test_a_terminated_run_keeps_its_rows_and_goes_on(stack: Stack, first_sweep: str):
    assert first_sweep
    run_id = long_run(stack, "stopped")
    asked = time.monotonic()
    stack.dagster.terminate(run_id)
    assert stack.dagster.ended(run_id, 10) == "CANCELED"
    assert time.monotonic() - asked < 5
    kept = posts(stack, "stopped")
    assert 1 < kept < NEW_POSTS
    until(lambda: report(stack, run_id, "stopped").status == "cancelled", 5)
    assert held(stack, "stopped") == 0

    stack.sites["stopped"].faults.clear()
    again = stack.dagster.reexecute(run_id)
    assert stack.dagster.ended(again) == "SUCCESS"
    assert posts(stack, "stopped") == NEW_POSTS + 1
    done = report(stack, run_id, "stopped")
    assert done.status == "completed"
    assert {row.stream: row.attempt for row in done.streams}["posts"] == 2


def test_a_killed_run_has_failed_at_once_and_is_tried_again_by_itself(
    stack: Stack, first_sweep: str
):
    assert first_sweep
    run_id = long_run(stack, "killed")
    sync_id = report(stack, run_id, "killed").sync_id
    worker = stack.dagster.worker(run_id)
    assert stack.owns(worker)
    os.kill(worker, signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: free(stack, "killed"), 2)
    assert stack.dagster.ended(run_id, 10) == "FAILURE"
    assert time.monotonic() - killed < 5
    kept = posts(stack, "killed")
    assert 1 < kept < NEW_POSTS

    stack.sites["killed"].faults.clear()
    until(lambda: stack.platform.requests.get(sync_id).state is State.QUEUED)
    hurry(stack)
    until(lambda: stack.platform.syncs.report(sync_id).status == "completed")
    assert posts(stack, "killed") == NEW_POSTS + 1
    assert stack.platform.requests.get(sync_id).attempt == 2


def test_a_running_sync_is_cancelled_by_request(stack: Stack, first_sweep: str):
    assert first_sweep
    run_id = long_run(stack, "cancelled")
    sync_id = report(stack, run_id, "cancelled").sync_id
    asked = time.monotonic()
    stack.platform.requests.cancel(sync_id, "a test")
    assert stack.dagster.ended(run_id, 10) == "CANCELED"
    assert time.monotonic() - asked < 5
    assert stack.platform.syncs.report(sync_id).status == "cancelled"
    assert 1 < posts(stack, "cancelled") < NEW_POSTS
    assert held(stack, "cancelled") == 0
    stack.sites["cancelled"].faults.clear()


def test_a_sync_in_the_terminal_is_a_run_too(stack: Stack, first_sweep: str):
    assert first_sweep
    sync_id = uuid4()
    assert execute(stack, "alone", sync_id).process.wait(60) == 0
    assert stack.platform.syncs.report(sync_id).status == "completed"
    [run] = [run for run in stack.dagster.runs("wordpress_sync") if tagged(run, sync_id)]
    assert run["status"] == "SUCCESS"
    assert stack.dagster.materialized_by("posts", "alone") == run["runId"]


def test_a_sync_in_the_terminal_says_that_it_failed(stack: Stack):
    assert execute(stack, "nowhere", uuid4()).process.wait(60) == 1


def test_an_interrupt_in_the_terminal_stops_a_sync_within_seconds(stack: Stack, first_sweep: str):
    assert first_sweep
    fill_slowly(stack, "alone")
    sync_id = uuid4()
    child = execute(stack, "alone", sync_id)
    until(lambda: posts(stack, "alone") > 1)
    child.signal(signal.SIGINT)
    asked = time.monotonic()
    assert child.process.wait(10) == 1
    assert time.monotonic() - asked < 5
    assert stack.platform.syncs.report(sync_id).status == "cancelled"
    assert held(stack, "alone") == 0


def test_a_backfill_completes(stack: Stack, backfill: str):
    until(lambda: stack.dagster.backfilled(backfill)[0] == "COMPLETED_SUCCESS")
    assert stack.dagster.backfilled(backfill)[1] == ["SUCCESS", "SUCCESS"]


def test_a_removed_tenants_partition_can_be_removed_at_once(stack: Stack):
    stack.dagster.add_partition("gone")
    assert "gone" in stack.dagster.partitions()
    forget = children.python("sync_assets.defs.forget", "wordpress", "gone")
    assert stack.start("forget", forget).process.wait(60) == 0
    assert "gone" not in stack.dagster.partitions()


def test_checks_run_alone_from_the_ui(stack: Stack, first_sweep: str):
    until(lambda: report(stack, first_sweep, "globex").status == "completed")
    run_id = stack.dagster.check("posts", CHECKS, "globex")
    assert stack.dagster.ended(run_id) == "SUCCESS"
    kinds = [event["__typename"] for event in stack.dagster.events(run_id)]
    assert kinds.count("AssetCheckEvaluationEvent") == len(CHECKS)
    assert "MaterializationEvent" not in kinds


def test_a_stream_that_is_synced_no_longer_is_told_stale(stack: Stack, first_sweep: str):
    assert first_sweep
    until(lambda: report(stack, first_sweep, "acme").status == "completed")
    age(stack, "acme", "2 hours")
    reason = stack.dagster.tick("wordpress_freshness")
    assert reason.startswith("1 changed; 1 of ")
    assert stack.dagster.fresh("media", "acme") is False
    [run] = stack.dagster.runs("wordpress_freshness")
    assert run["status"] == "SUCCESS"


def long_run(stack: Stack, tenant: str) -> str:
    """Launch a run that takes half a minute, and wait until it has written something."""
    fill_slowly(stack, tenant)
    run_id = stack.dagster.launch(tenant, batch_size=BATCH)
    until(lambda: posts(stack, tenant) > 1)
    return run_id


def fill_slowly(stack: Stack, tenant: str) -> None:
    """Give a tenant's site new posts, which it hands out drop by drop."""
    demo = stack.sites[tenant]
    for number in range(NEW_POSTS):
        demo.site.add("posts", title=f"Notícia {number}", content="Maré alta.")
    drip = Fault(slow(20), path="title", after=4, times=None)  # contents, by id or listed
    demo.faults.add(drip)


def execute(stack: Stack, tenant: str, sync_id: UUID) -> children.Child:
    wish = {"source": "wordpress", "tenant": tenant, "sync_id": str(sync_id), "batch_size": BATCH}
    command = children.python("sync_assets.defs.execute")
    return stack.start(f"sync-{sync_id}", command, json.dumps(wish))


def report(stack: Stack, run_id: str, tenant: str) -> Report:
    """The report of the sync of a tenant that a run did, or does."""
    query = """
        SELECT id FROM sync.requests WHERE tenant_id = %(tenant)s AND run_id = %(run)s
          OR id = %(own)s
    """
    parameters = {"tenant": tenant, "run": run_id, "own": uuid5(UUID(run_id), tenant)}
    with stack.platform.database.as_control() as connection:
        sync_id = connection.execute(query, parameters).scalar_one()
    return stack.platform.syncs.report(sync_id)


def hurry(stack: Stack) -> None:
    """Let what waits for another attempt be due."""
    statement = "UPDATE sync.requests SET due_at = now() WHERE state = 'queued'"
    with stack.platform.database.as_control() as connection:
        connection.execute(statement)


def posts(stack: Stack, tenant: str) -> int:
    with stack.platform.database.as_tenant(tenant) as connection:
        return connection.execute("SELECT count(*) FROM cms.wordpress_posts").scalar_one()


def age(stack: Stack, tenant: str, interval: str) -> None:
    """Move the last complete syncs of a tenant's media back."""
    statement = """
        UPDATE sync.streams SET finished_at = now() - %(age)s::interval
        WHERE stream = 'media' AND status = 'done'
    """
    with stack.platform.database.as_tenant(tenant) as connection:
        connection.execute(statement, {"age": interval})


def held(stack: Stack, tenant: str) -> int:
    with stack.platform.database.as_tenant(tenant) as connection:
        return connection.execute("SELECT count(*) FROM sync.leases").scalar_one()


def free(stack: Stack, tenant: str) -> bool:
    """May another sync take the tenant's posts?"""
    try:
        with hold(stack.platform.database, tenant, "posts", uuid4()):
            return True
    except SyncHeld:
        return False


def tagged(run: Mapping[str, Any], sync_id: UUID) -> bool:
    return {"key": "sync_assets/sync_id", "value": str(sync_id)} in run["tags"]
