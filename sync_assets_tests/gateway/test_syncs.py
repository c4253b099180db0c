"""Asking for syncs, looking at them, changing one's mind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.enqueue import enqueue
from sync_assets.gateway import syncs
from sync_assets_tests.conftest import register
from sync_assets_tests.gateway.conftest import Client, Organization, bearer, organization

pytestmark = pytest.mark.postgres

A13 = {
    *("syncId", "siteId", "organizationId", "startedAt", "finishedAt", "status", "totals"),
    *("created", "updated", "skipped", "failed", "embeddingsQueued", "embeddingsSkipped"),
    *("durationMs", "jobs"),
}


@pytest.fixture
def agency(platform: Platform, demo_site: DemoSite) -> Organization:
    """The organization `agency`, whose tenant `acme` has a real site."""
    register(platform, "acme", demo_site)
    made = organization(platform, "agency", "other")
    return Organization("agency", "acme", made.reader, made.syncer, made.admin)


def test_asking_answers_at_once_with_what_will_be_done(
    platform: Platform, agency: Organization, client: Client
):
    wish = {"streams": ["terms", "posts"], "full": True, "priority": "urgent", "batchSize": 50}
    answer = client(agency.syncer).post("/v1/tenants/acme/syncs", json=wish)
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["siteId"], asked["status"], asked["queuedJobsCount"]) == ("acme", "queued", 2)
    assert (asked["queue"], asked["new"]) == ("urgent", True)
    request = platform.requests.get(UUID(asked["syncId"]))
    assert request.asked_by.startswith("key ")
    assert request.options.full
    assert request.options.batch_size == 50
    assert request.streams == ("terms", "posts")


def test_without_a_body_all_is_asked_for(agency: Organization, client: Client):
    asked = client(agency.syncer).post(f"/v1/tenants/{agency.tenant}/syncs")
    assert asked.status_code == 202, asked.text
    assert asked.json()["queuedJobsCount"] == 4


def test_only_so_much_waits_for_a_tenant(
    agency: Organization, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(syncs, "WAITING", 2)
    syncer, path = client(agency.syncer), "/v1/tenants/acme/syncs"
    moments = [(utc_now() + timedelta(days=day)).isoformat() for day in (1, 2, 3)]
    statuses = [syncer.post(path, json={"at": at}).status_code for at in moments]
    assert statuses == [202, 202, 409]
    for more in ({"tenants": ["other", "acme"]}, {"all": True}):
        refused = syncer.post("/v1/syncs/bulk", json={**more, "period": "2026-10"})
        assert refused.status_code == 409
        assert "acme" in refused.json()["detail"]
    assert syncer.post(path).status_code == 202
    assert syncer.post("/v1/tenants/other/syncs", json={"at": moments[2]}).status_code == 202


def test_asking_again_joins_what_waits(agency: Organization, client: Client):
    syncer = client(agency.syncer)
    first = syncer.post("/v1/tenants/acme/syncs", json={}).json()
    again = syncer.post("/v1/tenants/acme/syncs", json={}).json()
    assert again["syncId"] == first["syncId"]
    assert (first["new"], again["new"]) == (True, False)


def test_a_hundred_who_ask_at_once_ask_for_one_sync(
    platform: Platform, agency: Organization, address: str
):
    limits = httpx.Limits(max_connections=None)
    headers = bearer(agency.syncer)
    with (
        httpx.Client(base_url=address, headers=headers, limits=limits, timeout=60) as many,
        ThreadPoolExecutor(100) as threads,
    ):
        answers = list(
            threads.map(lambda _: many.post("/v1/tenants/acme/syncs", json={}), range(100))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["syncId"] for answer in answers}) == 1
    assert sum(answer.json()["new"] for answer in answers) == 1
    assert len(platform.history.list(limit=200).entries) == 1


def test_a_period_and_a_moment_are_kept(platform: Platform, agency: Organization, client: Client):
    at = utc_now() + timedelta(hours=3)
    wish = {"period": "2026-10", "at": at.isoformat()}
    asked = client(agency.syncer).post("/v1/tenants/acme/syncs", json=wish).json()
    request = platform.requests.get(UUID(asked["syncId"]))
    assert request.options.period == "2026-10"
    assert request.due_at == at


def test_a_moment_that_is_over_is_refused(agency: Organization, client: Client):
    wish = {"at": (utc_now() - timedelta(hours=1)).isoformat()}
    assert client(agency.syncer).post("/v1/tenants/acme/syncs", json=wish).status_code == 422


def test_an_unknown_stream_is_named_with_those_there_are(agency: Organization, client: Client):
    answer = client(agency.syncer).post("/v1/tenants/acme/syncs", json={"streams": ["orders"]})
    assert answer.status_code == 422
    assert "terms" in answer.json()["detail"]


def test_the_report_has_every_field_of_a_finished_sync(
    platform: Platform, agency: Organization, client: Client
):
    request = platform.request("acme")
    platform.run_tenant(request, StopSignal())
    report = client(agency.reader).get(f"/v1/syncs/{request.id}/report").json()
    assert set(report) >= A13
    assert report == platform.syncs.report(request.id).as_dict()
    assert report["status"] == "completed"
    assert set(report["totals"]) == {"terms", "media", "pages", "posts"}
    assert sum(report["totals"].values()) == sum(
        report[name] for name in ("created", "updated", "skipped", "failed")
    )
    assert {*report["jobs"][0]} >= {"jobId", "type", "status", "result", "error"}


def test_progress_is_told_by_stream(platform: Platform, agency: Organization, client: Client):
    request = platform.request("acme")
    platform.run_stream(request, "terms", StopSignal())
    state = client(agency.reader).get(f"/v1/syncs/{request.id}").json()
    terms, posts = state["streams"]["terms"], state["streams"]["posts"]
    assert terms["status"] == "done"
    assert terms["processed"] > 0
    assert terms["errors"] == 0
    assert (posts["status"], posts["processed"]) == ("pending", 0)


def test_the_log_comes_in_pages(platform: Platform, agency: Organization, client: Client):
    request = platform.request("acme")
    platform.run_tenant(request, StopSignal())
    reader, path = client(agency.reader), f"/v1/syncs/{request.id}/log"
    whole = reader.get(path).json()
    assert whole["nextCursor"] is None
    lines, cursor = [], None
    while True:
        page = reader.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        lines += page["lines"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert lines == whole["lines"]
    assert len(lines) > 4


def test_the_list_has_filters_and_pages(platform: Platform, agency: Organization, client: Client):
    reader = client(agency.reader)
    ids = [
        str(enqueue(platform, [tenant], streams=[stream], asked_by="test")[0].sync_id)
        for tenant in ("acme", "other")
        for stream in ("terms", "posts", "pages")
    ]
    platform.requests.cancel(UUID(ids[0]), "test")
    found, cursor = [], None
    while True:
        page = reader.get("/v1/syncs", params={"limit": 4} | ({"cursor": cursor} if cursor else {}))
        found += [entry["syncId"] for entry in page.json()["syncs"]]
        cursor = page.json()["nextCursor"]
        if cursor is None:
            break
    assert found == ids[::-1]
    of_acme = reader.get("/v1/syncs", params={"tenant": "acme"}).json()["syncs"]
    assert {entry["siteId"] for entry in of_acme} == {"acme"}
    cancelled = reader.get("/v1/syncs", params={"status": "cancelled"}).json()["syncs"]
    assert [entry["syncId"] for entry in cancelled] == ids[:1]
    both = reader.get("/v1/syncs?status=cancelled&status=queued").json()["syncs"]
    assert len(both) == 6


def test_what_waits_is_cancelled_once(agency: Organization, client: Client):
    syncer = client(agency.syncer)
    sync = syncer.post("/v1/tenants/acme/syncs", json={}).json()["syncId"]
    first = syncer.post(f"/v1/syncs/{sync}/cancel")
    assert (first.status_code, first.json()) == (202, {"syncId": sync, "status": "cancelled"})
    again = syncer.post(f"/v1/syncs/{sync}/cancel")
    assert again.status_code == 409
    assert "cancelled" in again.json()["detail"]


def test_what_was_cancelled_is_retried(agency: Organization, client: Client):
    syncer = client(agency.syncer)
    sync = syncer.post("/v1/tenants/acme/syncs", json={}).json()["syncId"]
    assert syncer.post(f"/v1/syncs/{sync}/retry").status_code == 409
    syncer.post(f"/v1/syncs/{sync}/cancel")
    retried = syncer.post(f"/v1/syncs/{sync}/retry").json()
    assert retried == {"syncId": sync, "retried": sync, "status": "queued"}


def test_what_waits_is_rescheduled(agency: Organization, client: Client):
    syncer = client(agency.syncer)
    sync = syncer.post("/v1/tenants/acme/syncs", json={}).json()["syncId"]
    at = utc_now() + timedelta(days=1)
    wish = {"at": at.isoformat(), "priority": "low"}
    changed = syncer.post(f"/v1/syncs/{sync}/reschedule", json=wish).json()
    assert (changed["dueAt"], changed["priority"]) == (at.isoformat(), "low")
    assert changed["queue"] == "sync_bulk"
    syncer.post(f"/v1/syncs/{sync}/cancel")
    refused = syncer.post(f"/v1/syncs/{sync}/reschedule", json=wish)
    assert refused.status_code == 409
    assert "sync-assets" not in refused.text


def test_many_are_asked_for_at_once(agency: Organization, client: Client):
    syncer = client(agency.syncer)
    wish = {"tenants": ["acme", "other"], "streams": ["terms"]}
    asked = syncer.post("/v1/syncs/bulk", json=wish)
    assert asked.status_code == 202
    assert asked.json()["queuedJobsCount"] == 2
    assert {one["siteId"] for one in asked.json()["syncs"]} == {"acme", "other"}
    everyone = syncer.post("/v1/syncs/bulk", json={"all": True, "streams": ["terms"]}).json()
    assert not any(one["new"] for one in everyone["syncs"])
    assert len(everyone["syncs"]) == 2


def test_what_does_not_fit_is_said_in_plain_words(agency: Organization, client: Client):
    refused = client(agency.syncer).post("/v1/syncs/bulk", json={}).json()
    assert refused["type"].endswith(":invalid-request")
    assert refused["errors"] == [{"at": "body", "message": "name either tenants or all"}]


def test_one_unknown_among_many_lets_nothing_be_asked(
    platform: Platform, agency: Organization, theirs: Organization, client: Client
):
    wish = {"tenants": ["acme", theirs.tenant]}
    assert client(agency.syncer).post("/v1/syncs/bulk", json=wish).status_code == 404
    assert platform.history.list().entries == []


def test_a_quick_sync_goes_before_others(agency: Organization, client: Client):
    asked = client(agency.syncer).post(
        "/v1/tenants/acme/syncs/quick", json={"streams": ["posts", "pages"]}
    )
    assert asked.status_code == 202
    assert (asked.json()["queue"], asked.json()["queuedJobsCount"]) == ("high_priority", 2)


def test_a_removed_tenant_is_unknown_and_its_syncs_are_not(
    platform: Platform, agency: Organization, client: Client
):
    reader = client(agency.reader)
    [asked] = enqueue(platform, ["acme"], asked_by="test")
    platform.tenants.deactivate("acme")
    assert reader.get("/v1/tenants/acme").status_code == 404
    assert reader.get(f"/v1/syncs/{asked.sync_id}").json()["status"] == "cancelled"


def test_a_tenant_without_credentials_is_said_to_lack_them(
    platform: Platform, agency: Organization, client: Client
):
    platform.tenants.add(Tenant("open", "wordpress", "agency", "http://open.invalid"))
    answer = client(agency.syncer).post("/v1/tenants/open/syncs", json={})
    assert answer.status_code == 202  # a public tenant needs none
