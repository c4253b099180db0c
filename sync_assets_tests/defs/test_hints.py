"""What was hinted at is a run of just those streams' assets, and no complete sync of them."""

from datetime import timedelta

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Hint
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.enqueue import enqueue, hint
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import Dagster, requests, shown, started_steps

pytestmark = pytest.mark.postgres


def titles(platform: Platform, tenant: str) -> set[str]:
    with platform.database.as_tenant(tenant) as connection:
        found = connection.execute("SELECT title FROM cms.wordpress_posts")
        return set(found.scalars())


def edited(platform: Platform, site: DemoSite, *tenants: str) -> None:
    """Edit a post of the site, which hints at it for these tenants."""
    post = site.site.ids("posts")[0]
    site.site.edit("posts", post, title="Hinted")
    for tenant in tenants:
        hint(platform, tenant, [Hint("posts", "post", post)], asked_by="wordpress")


def test_its_run_materializes_the_hinted_streams_alone(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    enqueue(platform, [acme.id], asked_by="a test")
    dagster.work()
    edited(platform, demo_site, acme.id)
    [run], _ = dagster.sense("requests")
    assert run.asset_selection == [dg.AssetKey(["wordpress", "posts"])]
    assert run.tags["dagster/priority"] == "10"
    result = dagster.execute(run)
    assert result.success
    assert {step for step in started_steps(result) if "checks" not in step} == {"wordpress__posts"}
    assert "Hinted" in titles(platform, acme.id)
    assert requests(platform)[-1].state is State.COMPLETED


def test_the_checks_still_tell_of_the_last_complete_sync(
    platform: Platform, dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    enqueue(platform, [acme.id], asked_by="a test")
    dagster.work()
    with platform.database.as_owner() as connection:
        connection.execute("UPDATE sync.streams SET finished_at = finished_at - interval '2 hours'")
    edited(platform, demo_site, acme.id)
    dagster.work()
    assert shown(dagster.instance, "adds_up", acme.id, "posts") is True
    assert shown(dagster.instance, "fresh", acme.id, "posts") is False
    [health] = platform.health.of(acme.id, [platform.spec("wordpress").stream("posts")])
    assert health.age is not None
    assert health.age > timedelta(hours=2)
    assert health.counts.seen > 1


def test_hints_of_many_tenants_may_share_a_sweep(
    platform: Platform, dagster: Dagster, demo_site: DemoSite
):
    tenants = [f"t{number}" for number in range(5)]
    for tenant in tenants:
        register(platform, tenant, demo_site)
    assert dagster.sweep(tenants).success
    edited(platform, demo_site, *tenants)
    for run in dagster.sense("requests")[0]:
        assert dagster.execute(run).success
    assert all("Hinted" in titles(platform, tenant) for tenant in tenants)
    states = [request.state for request in requests(platform) if request.options.hinted]
    assert states == [State.COMPLETED] * 5
