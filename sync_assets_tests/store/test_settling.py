"""What becomes of a request once an attempt has ended."""

from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.requests import HELD_AGAIN, State
from sync_assets_tests.store.desk import Desk
from sync_assets_tests.store.looking import one

pytestmark = pytest.mark.postgres

UNWELL = ("failed", "RetryLater")
HELD = ("skipped", "SyncHeld")


# Ended


def test_it_is_completed_when_all_streams_are_done(desk: Desk):
    sync_id = desk.started()
    assert desk.end(sync_id, posts="running") is None
    assert desk.end(sync_id) is State.COMPLETED
    request = desk.request(sync_id)
    assert request.error is None
    assert request.ended_at is not None
    assert desk.log(sync_id)[-1] == "The sync is completed."


def test_it_is_settled_once(desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id)
    lines = desk.log(sync_id)
    assert desk.platform.settling.settle(sync_id) is None
    assert desk.log(sync_id) == lines


def test_it_waits_for_another_attempt_where_waiting_helps(desk: Desk):
    sync_id = desk.started()
    assert desk.end(sync_id, posts=UNWELL) is State.QUEUED
    request = desk.request(sync_id)
    assert (request.attempt, request.run_id) == (1, None)
    assert request.error == "posts: RetryLater of posts"
    assert 10 < desk.waits(sync_id) <= 30
    assert desk.log(sync_id)[-1].startswith("Attempt 1 of 3 failed: posts")
    assert desk.letters() == []


def test_after_its_last_attempt_it_has_failed_with_a_dead_letter(
    desk: Desk, caplog: pytest.LogCaptureFixture
):
    sync_id = desk.started()
    for run in ("second", "third"):
        assert desk.end(sync_id, media=UNWELL) is State.QUEUED
        desk.again(sync_id, run)
    assert desk.end(sync_id, media=UNWELL) is State.FAILED
    assert desk.letters() == [("media", "media: RetryLater of media", False)]
    assert desk.value(sync_id, "alerted_at") is None
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.__dict__["sync_id"] == str(sync_id)


def test_what_the_tenant_must_mend_has_failed_at_once(desk: Desk):
    sync_id = desk.started()
    assert desk.end(sync_id, posts=("failed", "TenantMustAct")) is State.FAILED
    assert desk.request(sync_id).attempt == 1
    assert [stream for stream, _, _ in desk.letters()] == ["posts"]


def test_the_dead_letter_is_resolved_when_the_streams_were_synced_after_all(desk: Desk):
    desk.end(desk.started(), posts=("failed", "TenantMustAct"))
    desk.end(desk.started(streams=["terms"]))
    assert [resolved for _, _, resolved in desk.letters()] == [False]
    desk.end(desk.started())
    assert [resolved for _, _, resolved in desk.letters()] == [True]


def test_what_another_sync_holds_tries_again_shortly_at_no_cost(desk: Desk):
    sync_id = desk.started()
    assert desk.end(sync_id, posts=HELD) is State.QUEUED
    assert desk.request(sync_id).attempt == 0
    assert HELD_AGAIN - 5 < desk.waits(sync_id) <= HELD_AGAIN


@pytest.mark.parametrize(
    ("alone", "wrote", "attempt"), [(False, False, 0), (True, True, 0), (True, False, 1)]
)
def test_what_ran_out_of_time_goes_on_alone_and_at_once(
    desk: Desk, alone: bool, wrote: bool, attempt: int
):
    sync_id = desk.started()
    desk.owner.execute("UPDATE sync.requests SET alone = %s", [alone])
    if wrote:
        desk.owner.execute(
            "INSERT INTO sync.checkpoints (tenant_id, stream, collection, sync_id)"
            " VALUES ('acme', 'posts', 'post', %s)",
            [sync_id],
        )
    assert desk.end(sync_id, media="pending", posts="deferred") is State.QUEUED
    assert desk.request(sync_id).attempt == attempt
    assert desk.waits(sync_id) <= 0
    assert desk.value(sync_id, "alone") is True


# Without a word


def test_an_attempt_that_no_run_has_begun_says_nothing(desk: Desk):
    [sync_id], _ = desk.ask("acme"), desk.take()
    assert desk.platform.settling.settle(sync_id) is None
    assert desk.request(sync_id).state is State.LAUNCHED


def test_nor_does_one_that_ended_before_its_streams_were_on_record(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    wanted = desk.wanted(sync_id, "run")
    desk.platform.attempts.take_up(wanted, launch.claim, "a test")
    assert desk.platform.settling.settle(sync_id) is None
    assert desk.request(sync_id).state is State.LAUNCHED


def test_nor_is_it_completed_by_a_part_of_its_streams(desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    desk.begin(desk.wanted(sync_id, "run", ["terms"]), launch.claim)
    assert desk.end(sync_id) is None
    assert desk.statuses(sync_id) == {"terms": "done"}


def test_the_ends_of_an_earlier_attempt_are_not_taken_for_those_of_a_new_one(desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id, posts=HELD)
    desk.let_pass(sync_id, "due_at", time=timedelta(minutes=1))
    desk.take()
    assert desk.platform.settling.settle(sync_id) is None


def test_a_lost_attempt_is_one_of_three(platform: Platform, desk: Desk):
    sync_id = desk.started()
    for run in ("second", "third"):
        platform.settling.lose(sync_id, "It was killed.")
        request = desk.request(sync_id)
        assert (request.state, request.error) == (State.QUEUED, "It was killed.")
        desk.again(sync_id, run)
    platform.settling.lose(sync_id, "It was killed.")
    assert desk.request(sync_id).state is State.FAILED
    assert desk.letters() == [("terms", "It was killed.", False)]


def test_what_was_killed_after_its_last_stream_is_completed_all_the_same(
    platform: Platform, desk: Desk
):
    sync_id = desk.started()
    desk.owner.execute("UPDATE sync.streams SET status = 'done'")
    platform.settling.lose(sync_id, "It was killed.")
    assert desk.request(sync_id).state is State.COMPLETED


@pytest.mark.parametrize("act", ["lose", "postpone", "give_up", "settle"])
def test_what_was_cancelled_ends_as_cancelled_whatever_happens(
    platform: Platform, desk: Desk, act: str
):
    sync_id = desk.started()
    platform.requests.cancel(sync_id, "a test")
    settling = platform.settling
    {
        "lose": lambda: settling.lose(sync_id, "It was killed."),
        "postpone": lambda: settling.postpone(sync_id),
        "give_up": lambda: settling.give_up(sync_id, "Its run failed."),
        "settle": lambda: settling.settle(sync_id),
    }[act]()
    assert desk.request(sync_id).state is State.CANCELLED
    assert {row.status.value for row in platform.syncs.report(sync_id).streams} == {"stopped"}
    assert desk.letters() == []


def test_what_is_postponed_keeps_its_place_and_its_attempts(platform: Platform, desk: Desk):
    [sync_id], _ = desk.ask("acme"), desk.take()
    due = desk.request(sync_id).due_at
    platform.settling.postpone(sync_id)
    request = desk.request(sync_id)
    assert (request.state, request.attempt, request.due_at) == (State.QUEUED, 0, due)


def test_a_sweep_that_is_behind_its_time_postpones_nothing_of_a_later_one(
    platform: Platform, desk: Desk
):
    [sync_id], [late] = desk.ask("acme"), desk.take()
    platform.settling.postpone(sync_id, late.claim)
    [launch] = desk.take()
    platform.settling.postpone(sync_id, late.claim)
    assert desk.value(sync_id, "claim") == launch.claim


def test_what_is_given_up_has_failed_with_its_cause_or_was_cancelled(
    platform: Platform, desk: Desk
):
    first = desk.started()
    platform.settling.give_up(first, "There is no such stream.")
    second = desk.started(run_id="second")
    platform.settling.give_up(second, "Its run was terminated.", cancelled=True)
    assert desk.states() == {first: "failed", second: "cancelled"}
    assert [cause for _, cause, _ in desk.letters()] == ["There is no such stream."]


def test_nothing_of_it_can_be_done_by_a_tenants_own_role(platform: Platform, desk: Desk):
    desk.started()
    with (
        pytest.raises(OperatorMustAct, match="permission denied"),
        platform.database.as_tenant("acme") as connection,
    ):
        connection.execute("DELETE FROM sync.requests")
    assert one(desk.owner, "SELECT count(*) FROM sync.requests") == 1
