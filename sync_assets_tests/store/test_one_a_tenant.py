"""One sync a tenant: who comes while another is at work is put off, and that is no attempt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import SyncHeld
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.requests import State
from sync_assets.core.stop import StopSignal
from sync_assets.runs import Run
from sync_assets.store.attempts import BEATS
from sync_assets.store.leases import hold
from sync_assets.store.watch import Watch
from sync_assets_tests.store.desk import STREAMS, Desk

pytestmark = pytest.mark.postgres

DEAD = timedelta(seconds=BEATS + 5)


def persons(platform: Platform, sync_id: UUID) -> SyncRequest:
    """What a run that a person has launched for acme does."""
    acme = platform.tenants.get("acme")
    return SyncRequest(sync_id, acme, STREAMS, SyncOptions(), f"run of {sync_id}")


def refused(platform: Platform, desk: Desk, sync_id: UUID) -> bool:
    try:
        desk.begin(persons(platform, sync_id))
    except SyncHeld:
        return True
    return False


def test_a_launch_beside_a_sync_at_work_waits_as_a_request(platform: Platform, desk: Desk):
    at_work, wanted = desk.started(), persons(platform, uuid4())
    run_id = str(wanted.run_id)
    run = Run(platform, run_id, Watch(platform.attempts, run_id))
    with pytest.raises(SyncHeld, match=f"acme is held by sync {at_work}"):
        run.stream(wanted, "terms", StopSignal())
    request = desk.request(wanted.id)
    assert (request.state, request.attempt, request.run_id) == (State.QUEUED, 0, None)
    assert desk.waits(wanted.id) > 0
    assert desk.request(at_work).state is State.LAUNCHED


def test_it_begins_once_the_other_has_ended(platform: Platform, desk: Desk):
    at_work, second = desk.started(), uuid4()
    assert refused(platform, desk, second)
    desk.end(at_work)
    desk.end(second, **dict.fromkeys(STREAMS, ("skipped", "SyncHeld")))
    assert not refused(platform, desk, second)


def test_a_later_step_is_not_held_up_by_its_own_sync(platform: Platform, desk: Desk):
    sync_id = uuid4()
    assert not refused(platform, desk, sync_id)
    assert not refused(platform, desk, sync_id)
    assert desk.request(sync_id).attempt == 1


def test_a_killed_sync_is_in_the_way_for_some_seconds_only(platform: Platform, desk: Desk):
    desk.let_pass(desk.started(), "alive_at", time=DEAD)
    assert not refused(platform, desk, uuid4())


def test_one_that_only_failed_to_beat_is_known_by_its_lease(platform: Platform, desk: Desk):
    silent = desk.started()
    desk.let_pass(silent, "alive_at", time=DEAD)
    with hold(platform.database, "acme", "terms", silent):
        assert refused(platform, desk, uuid4())


def test_of_two_that_begin_at_once_one_does(platform: Platform, desk: Desk):
    ready = Barrier(2)

    def at_once(sync_id: UUID) -> bool:
        ready.wait()
        return refused(platform, desk, sync_id)

    with ThreadPoolExecutor(2) as runs:
        assert sorted(runs.map(at_once, [uuid4(), uuid4()])) == [False, True]
