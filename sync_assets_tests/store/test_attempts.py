"""Who may begin an attempt: the run that the request waits for, and no other."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import Superseded
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.requests import State
from sync_assets.store.attempts import ALIVE, PATIENCE
from sync_assets_tests.store.desk import STREAMS, Desk

pytestmark = pytest.mark.postgres

DEAD = timedelta(seconds=ALIVE + 5)


def persons(platform: Platform, run_id: str, sync_id: UUID | None = None) -> SyncRequest:
    """What a run that a person started does."""
    acme = platform.tenants.get("acme")
    return SyncRequest(sync_id or uuid4(), acme, STREAMS, SyncOptions(full=True), run_id)


def refused(desk: Desk, wanted: SyncRequest, claim: UUID | None = None) -> bool:
    try:
        desk.begin(wanted, claim)
    except Superseded:
        return True
    return False


# A run that was made for a request


def test_the_run_that_was_made_for_it_begins_it(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    limits = desk.begin(desk.wanted(sync_id, "run"), launch.claim)
    request = desk.request(sync_id)
    assert (request.run_id, request.attempt) == ("run", 1)
    assert request.begun_at is not None
    assert (limits.soft, limits.hard) == (300, 600)


def test_a_later_step_of_it_goes_on_with_what_is_left_of_its_time(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    wanted = desk.wanted(sync_id, "run")
    desk.begin(wanted, launch.claim)
    desk.let_pass(sync_id, "launched_at", time=timedelta(seconds=400))
    limits = desk.begin(wanted, launch.claim)
    assert limits.soft == 0
    assert 195 < limits.hard <= 200
    assert desk.request(sync_id).attempt == 1


def test_another_step_takes_back_nothing_that_the_first_has_done(desk: Desk):
    sync_id = desk.started()
    assert desk.end(sync_id, media="pending", posts="pending") is None
    desk.begin(desk.wanted(sync_id, "run"), desk.value(sync_id, "claim"))  # type: ignore[arg-type]
    assert desk.statuses(sync_id) == {
        "terms": "done",
        "media": "pending",
        "posts": "pending",
    }


def test_a_run_whose_claim_was_given_to_another_does_nothing(platform: Platform, desk: Desk):
    [sync_id], [late] = desk.ask("acme"), desk.take()
    platform.settling.postpone(sync_id)
    assert refused(desk, desk.wanted(sync_id, "late"), late.claim)
    [launch] = desk.take()
    assert refused(desk, desk.wanted(sync_id, "late"), late.claim)
    desk.begin(desk.wanted(sync_id, "run"), launch.claim)
    assert refused(desk, desk.wanted(sync_id, "late"), late.claim)
    assert desk.request(sync_id).run_id == "run"


def test_nor_does_a_second_run_of_the_same_claim(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    desk.begin(desk.wanted(sync_id, "run"), launch.claim)
    assert refused(desk, desk.wanted(sync_id, "twin"), launch.claim)


def test_of_two_runs_of_a_claim_that_begin_at_once_one_does(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    wanted = [desk.wanted(sync_id, run) for run in ("one", "two")]
    ready = Barrier(2)

    def begin(each: SyncRequest) -> bool:
        ready.wait()
        return refused(desk, each, launch.claim)

    with ThreadPoolExecutor(2) as runs:
        assert sorted(runs.map(begin, wanted)) == [False, True]


def test_what_was_cancelled_is_not_begun(platform: Platform, desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    platform.requests.cancel(sync_id, "a test")
    assert refused(desk, desk.wanted(sync_id, "run"), launch.claim)
    assert desk.request(sync_id).state is State.CANCELLED


def test_a_run_may_not_begin_once_more_what_it_has_ended(desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id, posts=("failed", "TenantMustAct"))
    assert refused(desk, desk.wanted(sync_id, "run"), desk.value(sync_id, "claim"))  # type: ignore[arg-type]
    assert refused(desk, desk.wanted(sync_id, "run"))
    assert desk.request(sync_id).state is State.FAILED


# A run that a person started


def test_it_is_given_a_request_of_its_own(platform: Platform, desk: Desk):
    wanted = persons(platform, "run")
    desk.begin(wanted)
    request = desk.request(wanted.id)
    assert (request.state, request.attempt, request.attempts) == (State.LAUNCHED, 1, 3)
    assert (request.run_id, request.asked_by) == ("run", "a person")
    assert (request.streams, request.options.full) == (STREAMS, True)
    assert desk.end(wanted.id) is State.COMPLETED


def test_its_request_may_be_tried_once_only_where_somebody_waits_for_it(
    platform: Platform, desk: Desk
):
    wanted = persons(platform, "run")
    platform.attempts.take_up(wanted, None, "somebody who waits", attempts=1)
    platform.syncs.begin(wanted)
    assert desk.end(wanted.id, posts=("failed", "RetryLater")) is State.FAILED


@pytest.mark.parametrize("ending", ["done", ("failed", "TenantMustAct")])
def test_a_reexecution_does_all_that_it_was_asked_for(desk: Desk, ending: str | tuple[str, str]):
    sync_id = desk.started()
    desk.end(sync_id, posts=ending)
    again = desk.wanted(sync_id, "again")
    desk.begin(again)
    assert desk.statuses(sync_id) == dict.fromkeys(STREAMS, "pending")
    for done in range(len(STREAMS)):  # a step for each stream
        desk.begin(again)
        states = dict.fromkeys(STREAMS[done + 1 :], "pending")
        state = desk.end(sync_id, **states)
        assert state is (None if states else State.COMPLETED)
    request = desk.request(sync_id)
    assert (request.run_id, request.attempt, request.error) == ("again", 2, None)


def test_one_that_is_executed_beyond_its_last_attempt_is_given_one_more(desk: Desk):
    sync_id = desk.started(attempts=1)
    desk.end(sync_id, posts=("failed", "RetryLater"))
    desk.begin(desk.wanted(sync_id, "again"))
    assert desk.end(sync_id, posts=("failed", "RetryLater")) is State.FAILED
    assert desk.value(sync_id, "attempt") == 2


def test_a_reexecution_takes_what_waits_out_of_the_queue(desk: Desk):
    [sync_id] = desk.ask("acme")
    desk.begin(desk.wanted(sync_id, "a person's"))
    assert desk.take() == []


def test_nobody_takes_what_is_alive_and_anybody_what_is_dead(platform: Platform, desk: Desk):
    wanted = persons(platform, "run")
    desk.begin(wanted)
    again = replace(wanted, run_id="again")
    assert refused(desk, again)
    desk.let_pass(wanted.id, "alive_at", time=DEAD)
    platform.attempts.beat([wanted.id], "run")
    assert refused(desk, again)
    desk.let_pass(wanted.id, "alive_at", time=DEAD)
    desk.begin(again)
    assert desk.request(wanted.id).run_id == "again"
    assert refused(desk, wanted, uuid4())  # the dead comes back


def test_a_cancelled_sync_can_be_executed_again_and_is_not_cancelled_any_more(
    platform: Platform, desk: Desk
):
    sync_id = desk.started()
    platform.requests.cancel(sync_id, "a test")
    desk.end(sync_id, posts="stopped")
    desk.begin(desk.wanted(sync_id, "again"))
    assert platform.attempts.unwanted([sync_id], "again") == set()
    assert desk.end(sync_id) is State.COMPLETED


# Others


def test_a_sign_of_life_counts_for_the_own_run_only(platform: Platform, desk: Desk):
    sync_id = desk.started()
    desk.let_pass(sync_id, "alive_at", time=DEAD)
    before = desk.value(sync_id, "alive_at")
    platform.attempts.beat([sync_id], "another run")
    assert desk.value(sync_id, "alive_at") == before
    platform.attempts.beat([sync_id], "run")
    assert desk.value(sync_id, "alive_at") != before


def test_others_wait_once_one_that_could_start_has_waited_for_a_while(
    platform: Platform, desk: Desk
):
    desk.started()
    [behind] = desk.ask("acme")
    desk.let_pass(behind, "due_at", time=timedelta(hours=1))
    assert not platform.attempts.others_wait()  # its own tenant is at work
    desk.register("globex")
    [other] = desk.ask("globex")
    assert not platform.attempts.others_wait()
    desk.let_pass(other, "due_at", time=timedelta(seconds=PATIENCE + 1))
    assert platform.attempts.others_wait()
