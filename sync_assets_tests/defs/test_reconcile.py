"""What becomes of requests whose run ended without a word, or does not get on."""

from uuid import UUID, uuid4

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs.identity import CLAIM_TAG
from sync_assets.defs.reconcile import reconcile
from sync_assets.enqueue import enqueue
from sync_assets.store import claims
from sync_assets.store.requests import Request
from sync_assets_tests.defs.running import Dagster

pytestmark = pytest.mark.postgres

STARTED = dg.DagsterRunStatus.STARTED
FAILURE = dg.DagsterRunStatus.FAILURE


@pytest.fixture
def sync_id(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A request that waits, in a database whose server has been up for long."""
    monkeypatch.setattr(claims, "UPTIME", "SELECT interval '1 day'")
    platform.tenants.add(Tenant("acme", "wordpress", "agency", "https://example.org"))
    [asked] = enqueue(platform, ["acme"], asked_by="a test")
    return asked.sync_id


def launched(dagster: Dagster, status: dg.DagsterRunStatus) -> str:
    """The id of the run that was made for the request, in this status."""
    [request], _ = dagster.sense("requests")
    # The public API starts what it makes; this run shall stay as it is.
    job, tags = defs.resolve_job_def("wordpress_sync"), dict(request.tags)
    return dagster.instance.create_run_for_job(job, status=status, tags=tags).run_id


def begin(platform: Platform, sync_id: UUID, run_id: str) -> None:
    """Let a run begin its request, as its first step does."""
    request = platform.request("acme", (), None, sync_id, run_id)
    query = "SELECT claim FROM sync.requests WHERE id = %(id)s"
    with platform.database.as_control() as connection:
        claim = connection.execute(query, {"id": sync_id}).scalar_one()
    platform.attempts.take_up(request, claim, "dagster")
    platform.syncs.begin(request)


def later(platform: Platform, minutes: int, *columns: str) -> None:
    """Let time pass for these columns of the request."""
    moved = ", ".join(f"{name} = {name} - make_interval(mins => {minutes})" for name in columns)
    with platform.database.as_control() as connection:
        connection.execute(f"UPDATE sync.requests SET {moved}")  # noqa: S608 - our own


def looked(platform: Platform, dagster: Dagster, sync_id: UUID) -> Request:
    """The request after the sensor looked."""
    reconcile(platform, dagster.instance)
    return platform.requests.get(sync_id)


def run_status(dagster: Dagster, run_id: str) -> dg.DagsterRunStatus:
    run = dagster.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize(("minutes", "state"), [(1, State.LAUNCHED), (2, State.QUEUED)])
def test_a_claim_whose_run_was_never_made_waits_again_and_that_is_no_attempt(
    platform: Platform, dagster: Dagster, sync_id: UUID, minutes: int, state: State
):
    dagster.sense("requests")
    later(platform, minutes, "launched_at")
    found = looked(platform, dagster, sync_id)
    assert found.state is state
    assert found.attempt == (1 if state is State.LAUNCHED else 0)


@pytest.mark.parametrize("status", ["STARTING", "STARTED", "CANCELING"])
def test_a_live_run_is_left_alone(platform: Platform, dagster: Dagster, sync_id: UUID, status: str):
    run_id = launched(dagster, dg.DagsterRunStatus(status))
    later(platform, 5, "launched_at")
    assert looked(platform, dagster, sync_id).state is State.LAUNCHED
    assert run_status(dagster, run_id) is dg.DagsterRunStatus(status)


@pytest.mark.parametrize("begun", [True, False])
def test_a_run_that_was_killed_is_an_attempt(
    platform: Platform, dagster: Dagster, sync_id: UUID, begun: bool
):
    run_id = launched(dagster, FAILURE)
    if begun:
        begin(platform, sync_id, run_id)
    found = looked(platform, dagster, sync_id)
    assert (found.state, found.attempt) == (State.QUEUED, 1)
    assert found.due_at > found.created_at
    assert run_id in str(found.error)


def test_a_request_whose_runs_are_killed_three_times_has_failed(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    for _ in range(3):
        later(platform, 10, "due_at")
        launched(dagster, FAILURE)
        looked(platform, dagster, sync_id)
    found = platform.requests.get(sync_id)
    assert (found.state, found.attempt) == (State.FAILED, 3)


@pytest.mark.parametrize("begun", [True, False])
def test_a_terminated_run_cancels_its_request(
    platform: Platform, dagster: Dagster, sync_id: UUID, begun: bool
):
    run_id = launched(dagster, dg.DagsterRunStatus.CANCELED)
    if begun:
        begin(platform, sync_id, run_id)
    assert looked(platform, dagster, sync_id).state is State.CANCELLED


def test_a_process_without_a_sign_of_life_is_dead_and_its_place_free(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    run_id = launched(dagster, STARTED)
    begin(platform, sync_id, run_id)
    later(platform, 2, "alive_at", "launched_at")
    found = looked(platform, dagster, sync_id)
    assert (found.state, found.attempt) == (State.QUEUED, 1)
    assert "no sign of life" in str(found.error)
    assert run_status(dagster, run_id) is FAILURE


def test_nobody_is_taken_for_dead_right_after_the_server_came_back(
    platform: Platform, dagster: Dagster, sync_id: UUID, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(claims, "UPTIME", "SELECT interval '20 seconds'")
    begin(platform, sync_id, launched(dagster, STARTED))
    later(platform, 30, "alive_at", "launched_at")
    assert looked(platform, dagster, sync_id).state is State.LAUNCHED


@pytest.mark.parametrize(("minutes", "stuck"), [(9, False), (11, True)])
def test_a_run_that_gets_nowhere_for_ten_minutes_is_ended(
    platform: Platform, dagster: Dagster, sync_id: UUID, minutes: int, stuck: bool
):
    run_id = launched(dagster, STARTED)
    begin(platform, sync_id, run_id)
    later(platform, minutes, "launched_at")
    found = looked(platform, dagster, sync_id)
    assert (found.state is State.QUEUED) is stuck
    assert (run_status(dagster, run_id) is FAILURE) is stuck


def test_a_run_is_not_stuck_while_one_of_its_streams_gets_on(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    begin(platform, sync_id, launched(dagster, STARTED))
    later(platform, 60, "launched_at")
    progress = "UPDATE sync.streams SET progressed_at = now() WHERE stream = 'media'"
    with platform.database.as_control() as connection:
        connection.execute(progress)
    assert looked(platform, dagster, sync_id).state is State.LAUNCHED


def test_a_cancelled_sync_whose_process_died_is_cancelled(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    begin(platform, sync_id, launched(dagster, FAILURE))
    assert platform.requests.cancel(sync_id, "a test") is State.LAUNCHED
    assert looked(platform, dagster, sync_id).state is State.CANCELLED


def test_a_run_that_had_done_all_before_it_died_has_done_it(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    begin(platform, sync_id, launched(dagster, FAILURE))
    with platform.database.as_control() as connection:
        connection.execute("UPDATE sync.streams SET status = 'done'")
    assert looked(platform, dagster, sync_id).state is State.COMPLETED


def test_the_run_of_another_claim_says_nothing_of_this_request(
    platform: Platform, dagster: Dagster, sync_id: UUID
):
    launched(dagster, STARTED)
    job = defs.resolve_job_def("wordpress_sync")
    dagster.instance.create_run_for_job(job, status=FAILURE, tags={CLAIM_TAG: str(uuid4())})
    assert looked(platform, dagster, sync_id).state is State.LAUNCHED
