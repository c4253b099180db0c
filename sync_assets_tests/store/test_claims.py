"""Which requests start: each once, one a tenant, in turns between the organizations."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets_tests.store.desk import STREAMS, Desk
from sync_assets_tests.store.looking import one

pytestmark = pytest.mark.postgres

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('sync.requests', 0))"


# What starts


def test_a_request_starts_once_with_a_claim_and_an_attempt(desk: Desk):
    [sync_id] = desk.ask("acme")
    [launch] = desk.take()
    assert [request.id for request in launch.requests] == [sync_id]
    assert launch.streams == STREAMS
    request = desk.request(sync_id)
    assert (request.state, request.attempt) == (State.LAUNCHED, 1)
    assert desk.value(sync_id, "claim") == launch.claim
    assert desk.take() == []


def test_nothing_starts_before_its_time_or_without_a_place(platform: Platform, desk: Desk):
    [sync_id] = desk.ask("acme")
    assert desk.take(slots=0) == []
    platform.requests.reschedule(sync_id, due=utc_now() + timedelta(minutes=1))
    assert desk.take() == []


def test_requests_of_one_kind_share_a_sweep_and_others_do_not(desk: Desk):
    many = [f"t{number}" for number in range(30)]
    desk.register(*many, organization="many")
    desk.ask(*many)
    desk.ask("acme", full=True)
    single, sweep = sorted(desk.taken(slots=2), key=len)
    assert single == ["acme"]
    assert sorted(sweep) == sorted(many)


def test_a_tenant_has_one_started_request_at_most(desk: Desk):
    desk.ask("acme")
    desk.ask("acme", streams=["posts"])
    assert desk.taken() == [["acme"]]
    assert desk.take() == []  # while the first is at work


def test_many_takers_never_start_the_same_nor_two_of_a_tenant(desk: Desk):
    tenants = [f"t{number}" for number in range(60)]
    desk.register(*tenants)
    for streams in (["terms"], ["media"], ["posts"]):
        desk.ask(*tenants, streams=streams)
    ready = Barrier(4)

    def take(_: int) -> list[str]:
        ready.wait()
        return [tenant for _ in range(4) for run in desk.taken(slots=1) for tenant in run]

    with ThreadPoolExecutor(4) as takers:
        taken = [tenant for each in takers.map(take, range(4)) for tenant in each]
    assert sorted(taken) == sorted(set(taken))
    twice = "SELECT count(*) - count(DISTINCT tenant_id) FROM sync.requests WHERE state='launched'"
    assert one(desk.owner, twice) == 0


def test_a_taker_waits_for_what_another_is_about_to_start(platform: Platform, desk: Desk):
    [first] = desk.ask("acme")
    [second] = desk.ask("acme", streams=["posts"])
    with ThreadPoolExecutor() as aside:
        with platform.database.as_control() as connection:  # another taker, in the middle
            connection.execute(ONE_AT_A_TIME)
            started = "UPDATE sync.requests SET state = 'launched' WHERE id = %(id)s"
            connection.execute(started, {"id": first})
            platform.requests.reschedule(second, priority=Priority.URGENT)
            taking = aside.submit(desk.take)
            with pytest.raises(TimeoutError):
                taking.result(timeout=0.5)
        assert taking.result(timeout=10) == []


def test_what_was_done_is_left_out_of_the_next_attempt(desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id, posts=("failed", "RetryLater"))
    desk.let_pass(sync_id, "due_at", time=timedelta(hours=1))
    [launch] = desk.take()
    assert launch.streams == ("posts",)


def test_a_wish_that_joins_a_request_between_two_attempts_is_for_what_was_done_too(desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id, posts=("failed", "RetryLater"))
    assert desk.ask("acme") == [sync_id]  # somebody has edited a term meanwhile
    desk.let_pass(sync_id, "due_at", time=timedelta(hours=1))
    [launch] = desk.take()
    assert launch.streams == STREAMS


@pytest.mark.parametrize(("full", "behind"), [(True, None), (False, 50)])
def test_a_full_wish_that_joins_lets_a_full_refresh_begin_anew_and_no_other_does(
    desk: Desk, full: bool, behind: int | None
):
    sync_id = desk.started(full=True)
    desk.owner.execute(
        "INSERT INTO sync.checkpoints (tenant_id, stream, collection, reread_from, sync_id)"
        " VALUES ('acme', 'posts', 'posts', 50, %s)",
        [sync_id],
    )
    desk.end(sync_id, posts=("failed", "RetryLater"))
    assert desk.ask("acme", full=full) == [sync_id]
    assert one(desk.owner, "SELECT reread_from FROM sync.checkpoints") == behind


def test_where_all_was_done_already_all_is_done_again_rather_than_nothing(
    platform: Platform, desk: Desk
):
    sync_id = desk.started()
    platform.requests.cancel(sync_id, "a test")
    assert desk.end(sync_id) is State.CANCELLED  # too late: every stream was synced
    platform.requests.retry(sync_id, "a test")
    [launch] = desk.take()
    assert launch.streams == STREAMS
    [claimed] = platform.claims.of(launch.claim).values()
    assert claimed.streams == STREAMS


def test_what_is_cancelled_while_it_is_taken_does_not_start(platform: Platform, desk: Desk):
    [sync_id] = desk.ask("acme")
    with ThreadPoolExecutor() as aside:
        with platform.database.as_control() as connection:
            statement = "UPDATE sync.requests SET state = 'cancelled'"
            connection.execute(statement)
            assert aside.submit(desk.take).result(timeout=10) == []
        assert desk.take() == []
    assert desk.request(sync_id).state is State.CANCELLED


def test_what_becomes_a_full_sync_while_it_is_taken_joins_no_sweep_of_others(
    platform: Platform, desk: Desk
):
    tenants = [f"t{number}" for number in range(12)]
    desk.register(*tenants)
    desk.ask(*tenants)
    with ThreadPoolExecutor() as aside, platform.database.as_control() as connection:
        change = "SET options = jsonb_set(options, '{full}', 'true') WHERE tenant_id = 't3'"
        connection.execute(f"UPDATE sync.requests {change}")
        [sweep] = aside.submit(desk.taken, 1).result(timeout=10)
    assert sorted(sweep) == sorted({*tenants} - {"t3"})
    assert desk.taken(1) == [["t3"]]


# Turns


def test_who_was_served_comes_behind(desk: Desk):
    desk.register("a1", "a2", organization="first")
    desk.register("b1", organization="second")
    for tenant in ("a1", "a2"):
        desk.put(*desk.ask(tenant), alone=True)
    assert desk.taken(slots=1) == [["a1"]]
    desk.ask_ago(1, "b1")
    assert desk.taken(slots=1) == [["b1"]]  # though a2 waits for longer
    assert desk.taken(slots=1) == [["a2"]]


def test_so_does_who_was_served_and_failed(desk: Desk):
    desk.register("a1", "a2", organization="first")
    desk.register("b1", organization="second")
    desk.end(desk.started("a1"), posts=("failed", "RetryLater"))
    desk.ask_ago(2, "a2")
    desk.ask_ago(1, "b1", full=True)
    assert desk.taken(slots=1) == [["b1"]]


def test_a_queue_that_is_full_hides_no_other(desk: Desk):
    bulk = [f"bulk{number}" for number in range(4)]
    desk.register(*bulk, organization="bulk")
    for sync_id in desk.ask(*bulk, priority=Priority.LOW):
        desk.put(sync_id, alone=True)
    assert len(desk.taken(slots=9)) == 3  # as many as their queue takes
    desk.register("low")
    desk.register("theirs", organization="rival")
    [low] = desk.ask("low", priority=Priority.LOW)
    desk.let_pass(low, "due_at", time=timedelta(hours=1))
    desk.ask_ago(2, "acme")  # its turn is not used up by the one that cannot start
    desk.ask_ago(1, "theirs", full=True)
    assert desk.taken(slots=1) == [["acme"]]


# Looking at what was started


def test_the_sensor_sees_age_signs_of_life_and_progress(platform: Platform, desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    [seen] = platform.claims.launched()
    assert (seen.id, seen.claim, seen.run_id, seen.silent) == (sync_id, launch.claim, None, None)
    desk.begin(desk.wanted(sync_id, "run"), launch.claim)
    [seen] = platform.claims.launched()
    assert seen.run_id == "run"
    assert seen.silent is not None
    assert max(seen.silent, seen.idle) < timedelta(seconds=5)
    assert not seen.cancelled
    platform.requests.cancel(sync_id, "a test")
    assert platform.claims.launched()[0].cancelled


def test_a_claim_knows_its_requests_for_as_long_as_they_are_its_own(platform: Platform, desk: Desk):
    [sync_id], [launch] = desk.ask("acme"), desk.take()
    assert set(platform.claims.of(launch.claim)) == {"acme"}
    desk.begin(desk.wanted(sync_id, "run"), launch.claim)
    desk.end(sync_id)
    assert platform.claims.of(launch.claim) == {}
    assert platform.claims.ids(launch.claim) == {"acme": sync_id}
