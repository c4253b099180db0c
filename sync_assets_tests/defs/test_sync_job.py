"""The job for one tenant, run in this process on the bundled site."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4, uuid5

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import COUNTERS
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs.identity import SYNC_ID_TAG
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets_tests.defs.running import (
    STREAMS,
    Dagster,
    evaluations,
    failed_steps,
    leases,
    started_steps,
    streams,
)

pytestmark = pytest.mark.postgres

MEDIA_GONE = Fault(status(404, b"{}"), path="/wp/v2/media", times=None)


def metadata(result: dg.ExecuteInProcessResult, stream: str) -> dict[str, object]:
    materialization = next(
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["wordpress", stream])
    )
    return {name: value.value for name, value in materialization.metadata.items()}


def test_a_sync_materializes_every_stream_with_its_account(dagster: Dagster, acme: Tenant):
    result = dagster.sync(acme.id)
    assert result.success
    for stream in STREAMS:
        assert dagster.materialized(stream) == {"acme"}
        shown = metadata(result, stream)
        assert set(COUNTERS) <= set(shown)
        assert shown["seen"] == shown["created"] != 0
        assert shown["sync_id"] == str(uuid5(UUID(result.run_id), "acme"))


def test_every_check_of_every_stream_passes_after_a_sync(dagster: Dagster, acme: Tenant):
    checks = evaluations(dagster.sync(acme.id))
    assert len(checks) == 4 * len(STREAMS)
    assert all(checks.values())


def test_the_tag_names_the_sync(dagster: Dagster, platform: Platform, acme: Tenant):
    sync_id = uuid4()
    dagster.sync(acme.id, tags={SYNC_ID_TAG: str(sync_id)})
    assert platform.syncs.report(sync_id).status == "completed"


def test_the_run_config_reaches_the_source(dagster: Dagster, acme: Tenant, demo_site: DemoSite):
    dagster.sync(acme.id, batch_size=7)
    assert max(_read_together(demo_site)) == 7
    demo_site.received.clear()
    dagster.sync(acme.id)
    assert sum(_read_together(demo_site)) < 9
    dagster.sync(acme.id, full=True, batch_size=9)
    assert max(_read_together(demo_site)) == 9


def test_a_tenant_that_is_not_registered_fails_in_one_sentence(
    dagster: Dagster, platform: Platform
):
    assert not platform.tenants.ids("wordpress")
    result = dagster.sync("nobody")
    assert failed_steps(result) == {
        "wordpress__terms": "There is no tenant 'nobody'. 'sync-assets tenant list' shows them "
        "all; 'sync-assets tenant add' registers one."
    }
    assert started_steps(result) == {"wordpress__terms"}


def test_a_run_without_a_tenant_fails_in_one_sentence(dagster: Dagster):
    job = defs.resolve_job_def("wordpress_sync")
    result = job.execute_in_process(instance=dagster.instance, raise_on_error=False)
    assert failed_steps(result) == {
        "wordpress__terms": "The run names no tenant: launch it with the tag 'dagster/partition', "
        "whose value is the tenant's id."
    }


def test_a_failed_stream_stops_those_that_need_it_and_no_other(
    dagster: Dagster, platform: Platform, acme: Tenant, demo_site: DemoSite
):
    demo_site.faults.add(MEDIA_GONE)
    result = dagster.sync(acme.id)
    assert list(failed_steps(result)) == ["wordpress__media"]
    assert dagster.materialized("terms") == {"acme"}
    assert not dagster.materialized("posts")
    stored = streams(platform, uuid5(UUID(result.run_id), "acme"))
    assert stored["terms"] == ("done", None)
    assert stored["media"] == ("failed", failed_steps(result)["wordpress__media"])
    reason = "which was not synced."
    assert stored["pages"] == ("skipped", f"pages needs media, {reason}")
    assert stored["posts"] == ("skipped", f"posts needs media, {reason}")
    assert leases(platform) == 0


def test_a_failure_says_who_acts(dagster: Dagster, acme: Tenant, demo_site: DemoSite):
    demo_site.site.revoke()
    result = dagster.sync(acme.id)
    [failed] = result.filter_events(lambda event: event.is_step_failure)
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.metadata["who_acts"].value == "the tenant"
    assert failure.metadata["tenant"].value == "acme"


def test_a_reexecution_from_failure_is_another_attempt_of_the_same_sync(
    dagster: Dagster, platform: Platform, acme: Tenant, demo_site: DemoSite
):
    demo_site.faults.add(MEDIA_GONE)
    first = dagster.sync(acme.id)
    demo_site.faults.clear()
    job = dg.reconstructable(_sync_job)
    options = dg.ReexecutionOptions.from_failure(first.run_id, dagster.instance)
    tags = {"dagster/partition": acme.id}  # Dagster's own re-execution copies them
    with dg.execute_job(job, dagster.instance, tags=tags, reexecution_options=options) as second:
        assert second.success
    sync_id = uuid5(UUID(first.run_id), "acme")
    report = platform.syncs.report(sync_id)
    assert report.status == "completed"
    assert {row.stream: row.attempt for row in report.streams} == {
        "terms": 1,
        "media": 2,
        "pages": 1,
        "posts": 1,
    }
    assert platform.syncs.latest("acme") == sync_id


def _sync_job() -> dg.JobDefinition:
    return defs.resolve_job_def("wordpress_sync")


def _read_together(site: DemoSite) -> list[int]:
    """How many contents each request for contents asked for, by their ids or in a listing."""
    asked = [parse_qs(urlsplit(request.target).query) for request in site.received]
    return [int(query["per_page"][0]) for query in asked if "title" in str(query.get("_fields"))]
