"""The report of a sync, asked of the database at each moment of its life."""

import logging
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.errors import OperatorMustAct, Stopped
from sync_assets.core.ports import SyncOptions
from sync_assets.core.report import INTERRUPTED
from sync_assets.core.run import StreamStatus
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets.demo.messages import Request
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import begin, held, page, post, request, sync

pytestmark = pytest.mark.postgres

NAMES = {
    "syncId", "siteId", "organizationId", "startedAt", "finishedAt", "status", "totals", "created",
    "updated", "skipped", "failed", "embeddingsQueued", "embeddingsSkipped", "durationMs", "jobs",
}  # fmt: skip


def finished(platform: Platform, tenant: Tenant, options: SyncOptions | None = None) -> UUID:
    """Sync a tenant whatever comes of it; gives the sync's id."""
    wanted = platform.request(tenant.id, (), options)
    platform.run_tenant(wanted, StopSignal())
    return wanted.id


# What it says of a sync's state


def test_a_sync_that_has_begun_is_queued_until_a_stream_is_held(platform: Platform):
    wanted = request("acme", "terms", "posts")
    begin(platform, wanted)
    report = platform.syncs.report(wanted.id)
    assert (report.status, report.started_at, report.finished_at) == ("queued", None, None)
    with held(platform, wanted, "terms"):
        report = platform.syncs.report(wanted.id)
        assert (report.status, report.finished_at) == ("running", None)
        assert report.as_dict()["status"] == "processing"


def test_an_interrupted_one_has_failed_as_soon_as_its_connection_is_gone(
    platform: Platform, owner: Owner
):
    wanted = request("acme", "terms", "posts")
    with held(platform, wanted, "terms"):
        owner.execute("UPDATE sync.leases SET backend_started = now() - interval '1 day'")
        report = platform.syncs.report(wanted.id)
    assert report.status == "failed"
    terms, posts = report.as_dict()["jobs"]
    assert (terms["status"], terms["error"]) == ("failed", INTERRUPTED)
    assert posts["status"] == "pending"


def test_nor_does_one_whose_lease_ran_out_still_run(platform: Platform, owner: Owner):
    wanted = request()
    with held(platform, wanted):
        owner.execute("UPDATE sync.leases SET expires_at = now() - interval '1 second'")
        assert platform.syncs.report(wanted.id).status == "failed"


def test_a_dead_one_is_not_running_because_a_stream_ended_just_before(
    platform: Platform, owner: Owner
):
    wanted = request("acme", "terms", "media", "posts")
    with held(platform, wanted, "terms") as stream:
        stream.finish(StreamStatus.DONE)
    assert platform.syncs.report(wanted.id).status == "running"  # the next one is about to begin
    with held(platform, wanted, "media"):
        owner.execute("DELETE FROM sync.leases")
        assert platform.syncs.report(wanted.id).status == "failed"


def test_another_syncs_lease_does_not_keep_a_dead_one_running(platform: Platform, owner: Owner):
    dead = request()
    with held(platform, dead):
        owner.execute("UPDATE sync.leases SET expires_at = now() - interval '1 second'")
        with held(platform):
            assert platform.syncs.report(dead.id).status == "failed"


def test_a_completed_sync_adds_up(platform: Platform, acme: Tenant):
    shown = platform.syncs.report(finished(platform, acme)).as_dict()
    assert shown["status"] == "completed"
    parts = ("created", "updated", "skipped", "failed")
    assert sum(shown["totals"].values()) == sum(shown[part] for part in parts)
    assert shown["totals"] == {"terms": 59, "media": 40, "pages": 12, "posts": 152}
    assert shown["created"] == 263
    assert shown["finishedAt"] > shown["startedAt"]
    assert 0 < shown["durationMs"] < 60_000
    assert [job["status"] for job in shown["jobs"]] == ["done"] * 4


def test_unchanged_and_locally_edited_records_are_its_skipped(
    platform: Platform, owner: Owner, acme: Tenant
):
    sync(platform, acme.id)
    owner.execute("UPDATE cms.wordpress_pages SET title = 'Local'")
    shown = platform.syncs.report(finished(platform, acme)).as_dict()
    assert (shown["created"], shown["updated"], shown["failed"]) == (0, 0, 0)
    assert (shown["skipped"], shown["unchanged"]) == (263, 251)
    assert sum(shown["totals"].values()) == 263


def test_a_failed_stream_skips_those_that_need_it(
    platform: Platform, acme: Tenant, demo_site: DemoSite
):
    forbidden = status(403, b"<html>Forbidden</html>")
    demo_site.faults.add(Fault(forbidden, path="/wp/v2/media", times=None))
    report = platform.syncs.report(finished(platform, acme))
    assert report.status == "failed"
    assert [row.status.value for row in report.streams] == ["done", "failed", "skipped", "skipped"]
    _, media, pages, posts = (row.error for row in report.streams)
    assert media
    assert pages == "pages needs media, which was not synced."
    assert posts == "posts needs media, which was not synced."
    assert report.as_dict()["totals"]["terms"] == 59


def test_a_stopped_sync_is_cancelled(platform: Platform, acme: Tenant, demo_site: DemoSite):
    stop, wanted = StopSignal(), platform.request(acme.id)

    def press_stop(request: Request) -> None:
        if request.route == "/wp/v2/pages":
            stop.set()

    demo_site.faults.add(press_stop)
    with pytest.raises(Stopped):
        platform.run_tenant(wanted, stop)
    report = platform.syncs.report(wanted.id)
    assert report.status == "cancelled"
    assert [r.status.value for r in report.streams] == ["done", "done", "stopped", "pending"]


def test_a_stream_held_by_another_sync_is_skipped_and_says_so(platform: Platform, acme: Tenant):
    holder = request(acme.id, "media")
    with held(platform, holder, "media"):
        report = platform.syncs.report(finished(platform, acme))
    assert report.status == "failed"
    assert [row.status.value for row in report.streams] == ["done", "skipped", "skipped", "skipped"]
    assert str(holder.id) in (report.streams[1].error or "")


# What it counts


def test_attempts_of_a_sync_are_counted_together(platform: Platform):
    wanted = request()
    with held(platform, wanted) as stream:
        stream.write(page(post(1), post(2)))  # and the process dies
    with held(platform, wanted) as stream:
        stream.write(page(post(3)))
        stream.progress(Counts(seen=3, created=1, unchanged=2))
        stream.finish(StreamStatus.DONE)
    (row,) = platform.syncs.report(wanted.id).streams
    assert row.attempt == 2
    assert (row.counts.seen, row.counts.created, row.counts.unchanged) == (3, 3, 0)
    assert row.counts.adds_up()


def test_a_third_attempt_forgets_neither_of_the_first_two(platform: Platform):
    wanted = request()
    for key in (1, 2, 3):
        with held(platform, wanted) as stream:
            stream.write(page(post(key)))
            stream.progress(Counts(seen=key, created=1, unchanged=key - 1))
            stream.finish(StreamStatus.DONE)
    (row,) = platform.syncs.report(wanted.id).streams
    assert (row.counts.created, row.counts.unchanged) == (3, 0)


def test_another_sync_begins_to_count_anew(platform: Platform):
    for created in (1, 0):
        wanted = request()
        with held(platform, wanted) as stream:
            stream.write(page(*[post(1)] * created))
        (row,) = platform.syncs.report(wanted.id).streams
        assert (row.attempt, row.counts.created) == (1, created)


# Its form


def test_it_has_the_names_that_programs_know(platform: Platform, acme: Tenant):
    sync_id = finished(platform, acme)
    shown = platform.syncs.report(sync_id).as_dict()
    assert set(shown) >= NAMES
    assert (shown["syncId"], shown["siteId"]) == (str(sync_id), "acme")
    assert shown["organizationId"] == "agency"
    assert [set(job) >= {"jobId", "type", "status", "result", "error"} for job in shown["jobs"]]
    assert [job["type"] for job in shown["jobs"]] == ["terms", "media", "pages", "posts"]
    assert len({job["jobId"] for job in shown["jobs"]}) == 4


def test_the_latest_one_of_a_tenant_is_found(platform: Platform):
    assert platform.syncs.latest("acme") is None
    first, second, other = request(), request(), request("globex")
    for wanted in (first, second, other):
        begin(platform, wanted)
    assert platform.syncs.latest("acme") == second.id


def test_an_unknown_sync_is_named(platform: Platform):
    unknown = uuid4()
    with pytest.raises(OperatorMustAct, match=f"There is no sync {unknown}"):
        platform.syncs.report(unknown)


def test_its_log_has_levels_streams_and_details_in_order(platform: Platform, owner: Owner):
    wanted = request()
    with held(platform, wanted) as stream:
        stream.note(logging.INFO, "Começou.")
        stream.note(logging.WARNING, "Estranho.", {"rows": 3})
    lines = platform.syncs.log(wanted.id)
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "Começou."),
        ("WARNING", "Estranho."),
    ]
    assert lines[1]["metadata"] == {"rows": 3}
    assert {line["stream"] for line in lines} == {"posts"}
    assert one(owner, "SELECT count(*) FROM sync.log") == 2
