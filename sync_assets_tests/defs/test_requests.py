"""The sensor that turns requests into runs, and what becomes of them."""

import os
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs.identity import SYNC_ID_TAG
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets.enqueue import enqueue
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, Dagster, failed_steps, requests, streams

pytestmark = pytest.mark.postgres


def states(platform: Platform) -> dict[str, State]:
    return {request.tenant_id: request.state for request in requests(platform)}


def ask(platform: Platform, tenants: Sequence[str], **wishes: object) -> list[UUID]:
    wish = {"asked_by": "a test", **wishes}
    return [asked.sync_id for asked in enqueue(platform, tenants, **wish)]  # type: ignore[arg-type]


def test_one_request_is_a_run_of_its_tenants_assets(
    platform: Platform, dagster: Dagster, acme: Tenant
):
    [sync_id] = ask(platform, [acme.id], options=SyncOptions(full=True, batch_size=50))
    [request], _ = dagster.sense("requests")
    assert request.job_name == "wordpress_sync"
    assert request.partition_key == acme.id
    assert request.tags[SYNC_ID_TAG] == str(sync_id)
    for op in request.run_config["ops"].values():
        assert (op["config"]["full"], op["config"]["batch_size"]) == (True, 50)
    assert dagster.execute(request).success
    assert states(platform) == {acme.id: State.COMPLETED}
    assert platform.syncs.report(sync_id).status == "completed"
    assert {dagster.materialized(stream) == {acme.id} for stream in STREAMS} == {True}


def test_many_requests_of_one_kind_are_a_sweep(
    platform: Platform, dagster: Dagster, demo_site: DemoSite
):
    tenants = [f"t{number}" for number in range(5)]
    for tenant in tenants:
        register(platform, tenant, demo_site)
    ask(platform, tenants)
    other = ask(platform, ["t0"], streams=["terms"])
    sweep, *others = dagster.sense("requests")[0]
    assert others == []  # of one tenant's two requests, the first comes first
    assert sweep.job_name == "wordpress_sweep"
    config = sweep.run_config["ops"]["wordpress_sweep_tenants"]["config"]
    assert sorted(config["tenants"]) == tenants
    assert dagster.execute(sweep).success
    [alone], _ = dagster.sense("requests")
    assert alone.tags[SYNC_ID_TAG] == str(other[0])
    assert [key.path for key in alone.asset_selection or ()] == [["wordpress", "terms"]]


def test_a_tick_whose_daemon_has_died_claims_nothing(
    platform: Platform, dagster: Dagster, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    ask(platform, [acme.id])
    parents = iter([4711])  # as the tick begins; afterwards the process is somebody else's
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))
    assert dagster.sense("requests")[0] == []
    assert states(platform) == {acme.id: State.QUEUED}


def test_a_launch_makes_the_partitions_that_are_missing(
    platform: Platform, dagster: Dagster, acme: Tenant
):
    ask(platform, [acme.id])
    dagster.sense("requests")
    assert dagster.instance.has_dynamic_partition("wordpress_tenants", acme.id)


def test_an_urgent_request_goes_first_in_dagsters_own_queue_too(
    platform: Platform, dagster: Dagster, acme: Tenant
):
    ask(platform, [acme.id], priority=Priority.URGENT)
    [request], _ = dagster.sense("requests")
    assert request.tags["dagster/priority"] == "20"
    assert request.tags["sync_assets/queue"] == "urgent"


def test_what_fails_for_a_while_is_tried_again_where_it_stopped(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    demo_site.faults.add(Fault(status(503), path="/wp/v2/media", times=None))
    assert not dagster.work()[0].success
    waits = platform.requests.get(sync_id)
    assert (waits.state, waits.attempt) == (State.QUEUED, 1)
    assert "503" in str(waits.error)
    assert dagster.sense("requests")[0] == []  # not before its time
    demo_site.faults.clear()
    demo_site.received.clear()
    hurry(platform)
    [again], _ = dagster.sense("requests")
    assert [key.path[1] for key in again.asset_selection or ()] == ["media", "pages", "posts"]
    assert dagster.execute(again).success
    assert platform.syncs.report(sync_id).status == "completed"
    assert not any("/categories" in received.target for received in demo_site.received)


def test_after_three_attempts_it_has_failed_with_a_dead_letter(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    demo_site.faults.add(Fault(status(503), path="/wp/v2/media", times=None))
    for _ in range(3):
        hurry(platform)
        assert len(dagster.work()) == 1
    assert platform.requests.get(sync_id).state is State.FAILED
    hurry(platform)
    assert dagster.work() == []
    query = "SELECT stream, cause FROM sync.dead_letters WHERE collection = 'request'"
    with platform.database.as_control() as connection:
        [letter] = connection.execute(query).fetchall()
    assert letter.stream == "media"
    assert "503" in letter.cause


def test_what_the_tenant_must_mend_is_not_tried_again(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    demo_site.faults.add(Fault(status(401), times=None))
    dagster.work()
    assert platform.requests.get(sync_id).state is State.FAILED


def test_a_request_that_was_cancelled_is_left_alone_by_the_run_made_for_it(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    [request], _ = dagster.sense("requests")
    demo_site.received.clear()
    assert platform.requests.cancel(sync_id, "a test") is State.CANCELLED
    result = dagster.execute(request)
    run = dagster.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert not demo_site.received


def test_a_run_whose_claim_is_old_does_nothing_and_says_so(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    [late], _ = dagster.sense("requests")
    platform.settling.postpone(sync_id)
    [request], _ = dagster.sense("requests")
    demo_site.received.clear()
    assert (
        f"Sync {sync_id} of {acme.id} is not this run's"
        in failed_steps(dagster.execute(late))["wordpress__terms"]
    )
    assert not demo_site.received
    assert dagster.execute(request).success


def test_a_sweep_hands_back_whom_it_cannot_begin_in_its_turn(
    platform: Platform,
    dagster: Dagster,
    demo_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
):
    for tenant in ("acme", "globex", "initech", "umbrella"):
        register(platform, tenant, demo_site)
    ask(platform, ["acme", "globex", "initech", "umbrella"])
    monkeypatch.setenv("SYNC_ASSETS_SWEEP_TURN", "0")
    [sweep], _ = dagster.sense("requests")
    assert dagster.execute(sweep).success
    assert set(states(platform).values()) == {State.QUEUED}
    assert {request.attempt for request in requests(platform)} == {0}


def test_a_run_of_a_person_has_a_request_report_and_history_too(
    platform: Platform, dagster: Dagster, acme: Tenant
):
    result = dagster.sync(acme.id)
    [request] = requests(platform)
    assert request.state is State.COMPLETED
    assert request.run_id == result.run_id
    assert request.asked_by == "dagster"
    assert platform.syncs.report(request.id).status == "completed"


def test_a_reexecution_is_another_attempt_of_the_same_sync(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    [sync_id] = ask(platform, [acme.id])
    [request], _ = dagster.sense("requests")
    demo_site.faults.add(Fault(status(401), times=None))
    failed = dagster.execute(request)
    demo_site.faults.clear()
    options = dg.ReexecutionOptions.from_failure(failed.run_id, dagster.instance)
    job = dg.reconstructable(sync_job)
    tags = {**request.tags, "dagster/partition": acme.id}  # Dagster's own re-execution copies them
    with dg.execute_job(job, dagster.instance, tags=tags, reexecution_options=options) as again:
        assert again.success
    assert platform.requests.get(sync_id).state is State.COMPLETED
    assert {state for state, _ in streams(platform, sync_id).values()} == {"done"}


def sync_job() -> dg.JobDefinition:
    """The job, for a re-execution, which needs to find it by a name."""
    return defs.resolve_job_def("wordpress_sync")


def hurry(platform: Platform) -> None:
    """Let what waits for another attempt be due."""
    statement = "UPDATE sync.requests SET due_at = now() - %(ago)s WHERE state = 'queued'"
    with platform.database.as_control() as connection:
        connection.execute(statement, {"ago": timedelta(seconds=1)})
