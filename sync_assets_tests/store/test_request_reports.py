"""The report of a sync that was asked for, at each moment on its way."""

from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater, TenantMustAct
from sync_assets.core.queues import Priority
from sync_assets.core.report import INTERRUPTED
from sync_assets.core.run import StreamStatus
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets_tests.store.asking import ask, begin, know, launch
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _acme(platform: Platform) -> None:
    know(platform, "acme")


def test_a_request_that_waits_has_a_report(platform: Platform):
    sync_id = ask(platform, "acme", "terms", "posts", priority=Priority.HIGH)
    said = platform.syncs.report(sync_id).as_dict()
    assert (said["syncId"], said["siteId"], said["organizationId"]) == (
        str(sync_id),
        "acme",
        "agency",
    )
    assert (said["status"], said["queuedJobsCount"]) == ("queued", 2)
    assert (said["queue"], said["priority"], said["askedBy"]) == ("high_priority", "high", "test")
    assert [(job["type"], job["status"]) for job in said["jobs"]] == [
        ("terms", "pending"),
        ("posts", "pending"),
    ]
    assert (said["startedAt"], said["finishedAt"], said["attempt"]) == (None, None, 0)


def test_it_stays_queued_after_its_launch_until_a_run_begins_it(platform: Platform):
    sync_id = ask(platform)
    launch(platform, sync_id)
    report = platform.syncs.report(sync_id)
    assert (report.status, report.as_dict()["attempt"]) == ("queued", 1)


def test_it_runs_from_then_on(platform: Platform):
    wanted = begin(platform, ask(platform))
    assert platform.syncs.report(wanted.id).status == "running"
    with platform.syncs.holder(SPEC).hold(wanted, "terms"):
        said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["currentStream"]) == ("processing", "terms")


def test_a_dead_process_shows_once_it_gave_no_sign_of_life_for_a_while(
    platform: Platform, owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    wanted = begin(platform, ask(platform))
    with platform.syncs.holder(SPEC).hold(wanted, "terms"):
        owner.execute("DELETE FROM sync.leases")
        assert platform.syncs.report(wanted.id).status == "running"
        # A restart of PostgreSQL is a sign of life of all, and this server is young.
        monkeypatch.setattr("sync_assets.store.reports.ALIVE", 0)
        said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["jobs"][0]["error"]) == ("failed", INTERRUPTED)


def test_a_dead_one_that_is_queued_again_waits(platform: Platform):
    wanted = begin(platform, ask(platform))
    platform.settling.lose(wanted.id, "Its process ended.")
    said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["error"]) == ("queued", "Its process ended.")


def test_a_retry_that_waits_says_what_failed_and_when_it_is_tried_again(platform: Platform):
    wanted = begin(platform, ask(platform))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.FAILED, "Gateway time-out", RetryLater.__name__)
    for name in wanted.streams[1:]:
        platform.syncs.skip(wanted.id, "acme", name, "terms failed")
    platform.settling.settle(wanted.id)
    report = platform.syncs.report(wanted.id)
    said = report.as_dict()
    assert (said["status"], said["failedStreams"]) == ("queued", ["terms"])
    assert (said["attempt"], said["attempts"]) == (1, 3)
    assert said["error"] == "terms: Gateway time-out"
    assert report.request is not None
    assert report.request.due_at - report.now > timedelta(seconds=5)


def test_a_failed_one_names_what_failed(platform: Platform):
    wanted = begin(platform, ask(platform, "acme", "terms"))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.FAILED, "Wrong password", TenantMustAct.__name__)
    platform.settling.settle(wanted.id)
    said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["failedStreams"]) == ("failed", ["terms"])


def test_a_completed_one_is_completed(platform: Platform):
    wanted = begin(platform, ask(platform, "acme", "terms"))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.DONE)
    platform.settling.settle(wanted.id)
    said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["error"], said["failedStreams"]) == ("completed", None, [])


def test_one_that_was_cancelled_while_it_waited_has_stopped_streams(platform: Platform):
    sync_id = ask(platform, "acme", "terms")
    platform.requests.cancel(sync_id, "test")
    said = platform.syncs.report(sync_id).as_dict()
    assert (said["status"], said["jobs"][0]["status"]) == ("cancelled", "stopped")
    assert said["finishedAt"] is not None


def test_what_a_sweep_has_left_for_a_run_of_its_own_is_queued(platform: Platform):
    wanted = begin(platform, ask(platform, "acme", "terms", "media"))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.DEFERRED)
    platform.settling.settle(wanted.id)
    said = platform.syncs.report(wanted.id).as_dict()
    assert (said["status"], said["error"]) == ("queued", None)


def test_its_log_goes_on_behind_a_line(platform: Platform):
    sync_id = ask(platform)
    platform.requests.cancel(sync_id, "test")
    first, second = platform.syncs.log(sync_id)
    assert first["message"] == "Asked by test."
    assert platform.syncs.log(sync_id, after=first["id"]) == [second]
