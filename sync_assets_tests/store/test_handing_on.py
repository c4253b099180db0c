"""A request that would be queued again while a newer one waits for the same hands on to it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets_tests.store.desk import Desk, Ending

pytestmark = pytest.mark.postgres

UNWELL = ("failed", "RetryLater")
HELD = ("skipped", "SyncHeld")


def twin_of(desk: Desk, sync_id: UUID, twin: UUID, state: str) -> None:
    """The newer one goes on; the older one has ended, says so, and alerts nobody."""
    assert desk.states() == {sync_id: state, twin: "queued"}
    assert f"Sync {twin}, asked for since, goes on with it." in str(desk.request(sync_id).error)
    assert desk.letters() == []
    assert desk.value(sync_id, "alerted_at") is not None


def test_the_newer_one_inherits_attempt_delay_and_wishes(desk: Desk):
    sync_id = desk.started(full=True, priority=Priority.HIGH, attempts=5)
    [twin] = desk.ask("acme")
    desk.end(sync_id, posts=UNWELL)
    twin_of(desk, sync_id, twin, "failed")
    request = desk.request(twin)
    assert (request.attempt, request.attempts, request.options.full) == (1, 5, True)
    assert (request.priority, request.queue) == (Priority.HIGH, "high_priority")
    assert 10 < desk.waits(twin) <= 30


@pytest.mark.parametrize("ending", ["deferred", HELD])
def test_where_nothing_failed_the_older_one_was_cancelled(desk: Desk, ending: Ending):
    sync_id = desk.started()
    [twin] = desk.ask("acme")
    desk.end(sync_id, posts=ending)
    twin_of(desk, sync_id, twin, "cancelled")
    assert desk.value(twin, "alone") is (ending == "deferred")


def test_so_it_does_where_it_is_asked_for_at_that_very_moment(platform: Platform, desk: Desk):
    sync_id = desk.started()
    desk.owner.execute("UPDATE sync.streams SET status = 'failed', error_kind = 'RetryLater'")
    with ThreadPoolExecutor() as aside:
        with platform.database.as_control() as connection:
            row = "gen_random_uuid(), tenant_id, organization, source, streams, period, options"
            connection.execute(
                f"""
                    INSERT INTO sync.requests (id, tenant_id, organization, source, streams,
                      period, options, queue, priority, asked_by, state, attempts)
                    SELECT {row}, queue, priority, 'a test', 'queued', 3 FROM sync.requests
                """  # noqa: S608
            )
            settling = aside.submit(platform.settling.settle, sync_id)
            with pytest.raises(TimeoutError):
                settling.result(timeout=0.5)
        assert settling.result(timeout=10) is State.FAILED
    [twin] = set(desk.states()) - {sync_id}
    twin_of(desk, sync_id, twin, "failed")
