"""One run for many tenants: what becomes of each is its own affair."""

import signal
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid5

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncRequest
from sync_assets.core.requests import State
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.defs import sweep
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow, status
from sync_assets.demo.messages import Request, Response
from sync_assets.settings import Settings
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import (
    STREAMS,
    Dagster,
    failed_steps,
    leases,
    streams,
)

POSTS = dg.AssetKey(["wordpress", "posts"])

pytestmark = pytest.mark.postgres


@pytest.fixture
def small_site(empty_site: DemoSite) -> DemoSite:
    """A site with one post."""
    empty_site.site.add("posts", title="Olá", content="Mundo")
    return empty_site


def test_three_broken_tenants_of_forty_leave_thirty_seven_materialized(
    dagster: Dagster, platform: Platform, small_site: DemoSite, demo_site: DemoSite
):
    good = {f"good-{number:02}" for number in range(37)}
    for tenant in good:
        register(platform, tenant, small_site)
    add(platform, "locked-out", small_site.url, "wrong")
    add(platform, "moved-away", "http://127.0.0.1:1", small_site.password)
    add(platform, "no-api", demo_site.url, demo_site.password)
    demo_site.faults.add(Fault(status(404), times=None))
    result = dagster.sweep(platform.tenants.ids("wordpress"))
    assert failed_steps(result) == {
        "wordpress_sweep_tenants": "3 of 40 tenants failed: locked-out, moved-away, no-api."
    }
    for stream in STREAMS:
        assert dagster.materialized(stream) == good


def test_a_swept_tenant_is_the_same_as_one_synced_alone(
    dagster: Dagster, platform: Platform, acme: Tenant
):
    result = dagster.sweep([acme.id, acme.id])
    assert result.success
    report = platform.syncs.report(sync_id(result, "acme"))
    assert report.status == "completed"
    assert {row.attempt for row in report.streams} == {1}
    [posts] = dagster.instance.fetch_materializations(POSTS, limit=10).records
    assert posts.asset_materialization is not None
    assert posts.partition_key == "acme"
    assert posts.asset_materialization.metadata["created"].value == 152


def test_the_database_is_opened_before_tenants_run_side_by_side(
    dagster: Dagster, platform: Platform, small_site: DemoSite, monkeypatch: pytest.MonkeyPatch
):
    register(platform, "acme", small_site)
    ready: list[bool] = []

    def asked(self: Platform, *arguments: Any) -> SyncRequest:
        ready.append({"database", "tenants", "syncs", "health"} <= set(vars(self)))
        return request(self, *arguments)

    request = Platform.request
    monkeypatch.setattr(Platform, "request", asked)
    assert dagster.sweep(["acme"]).success
    assert ready == [True]


def test_without_a_database_a_sweep_fails_in_one_sentence(
    dagster: Dagster, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    assert settings.given_database_url
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    [sentence] = failed_steps(dagster.sweep(["acme"])).values()
    assert "Traceback" not in sentence
    assert "PostgreSQL" in sentence


def test_a_stream_that_failed_is_not_materialized_the_ones_before_it_are(
    dagster: Dagster, acme: Tenant, demo_site: DemoSite
):
    demo_site.faults.add(Fault(status(404, b"{}"), path="/wp/v2/pages", times=None))
    assert not dagster.sweep([acme.id]).success
    materialized = [stream for stream in STREAMS if dagster.materialized(stream)]
    assert materialized == ["terms", "media"]


def test_a_tenant_that_is_not_registered_is_named_with_the_reason(
    dagster: Dagster, platform: Platform, small_site: DemoSite
):
    register(platform, "acme", small_site)
    result = dagster.sweep(["nobody", "acme"])
    [event] = result.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description == "1 of 2 tenants failed: nobody."
    assert str(failure.metadata["nobody"].value).startswith("There is no tenant 'nobody'.")
    assert dagster.materialized("posts") == {"acme"}


def test_a_surprise_with_one_tenant_is_not_the_others(
    dagster: Dagster,
    platform: Platform,
    small_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
):
    def surprising(self: Platform, request: SyncRequest, stop: StopSignal) -> list[Outcome]:
        if request.tenant.id == "cursed":
            raise ZeroDivisionError("with the tenant's private data")
        return run_tenant(self, request, stop)

    run_tenant = Platform.run_tenant
    monkeypatch.setattr(Platform, "run_tenant", surprising)
    for tenant in ("acme", "cursed", "globex"):
        register(platform, tenant, small_site)
    result = dagster.sweep(["acme", "cursed", "globex"])
    [event] = result.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.metadata["cursed"].value == "ZeroDivisionError: see the program's log."
    assert dagster.materialized("posts") == {"acme", "globex"}


def test_a_tenant_that_another_sync_holds_is_no_failure(
    dagster: Dagster, platform: Platform, acme: Tenant, small_site: DemoSite
):
    register(platform, "globex", small_site)
    other = platform.request("acme")
    holder = platform.syncs.holder(platform.spec("wordpress"))
    platform.syncs.begin(other)
    with holder.hold(other, "terms"):
        result = dagster.sweep([acme.id, "globex"])
    assert result.success
    assert dagster.materialized("posts") == {"globex"}
    status, reason = streams(platform, sync_id(result, "acme"))["terms"]
    assert status == "skipped"
    assert f"held by sync {other.id}" in str(reason)


def test_a_long_sync_leaves_the_sweep_and_goes_on_in_a_run_of_its_own(
    dagster: Dagster,
    platform: Platform,
    acme: Tenant,
    demo_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SYNC_ASSETS_SWEEP_TURN", "1.5")
    dagster.know(acme.id)
    slowly = Fault(slow(1.0), path="title", times=None)  # contents, by id or in a listing
    demo_site.faults.add(Fault(lambda r: slowly(r) if "/posts" in r.target else None, times=None))
    swept = dagster.sweep([acme.id], batch_size=10)
    assert swept.success
    assert dagster.materialized("posts") == set()
    assert streams(platform, sync_id(swept, "acme"))["posts"] == ("deferred", None)
    written = rows(platform, "acme")
    assert 0 < written < 152
    request = platform.requests.get(sync_id(swept, "acme"))
    assert (request.state, request.attempt) == (State.QUEUED, 0)

    demo_site.faults.clear()
    demo_site.received.clear()
    [alone] = dagster.work()
    assert alone.success
    assert alone.job_def.name == "wordpress_sync"
    assert dagster.materialized("posts") == {"acme"}
    report = platform.syncs.report(sync_id(swept, "acme"))
    assert report.status == "completed"
    [posts] = [row for row in report.streams if row.stream == "posts"]
    assert (posts.attempt, posts.counts.created) == (2, 152)
    assert fetched(demo_site) <= 152 - written + 2  # the seed's two posts of the last minutes
    assert dagster.work() == []


@pytest.mark.parametrize("tenants", [1, 6])
def test_an_interrupt_stops_all_tenants_within_seconds(
    dagster: Dagster, platform: Platform, small_site: DemoSite, tenants: int
):
    names = [f"tenant-{number}" for number in range(tenants)]
    for name in names:
        register(platform, name, small_site)
    reached = threading.Event()

    def drip(request: Request) -> Response:
        reached.set()
        return slow(60)(request)  # type: ignore[return-value]

    small_site.faults.add(Fault(drip, path="/wp/v2/posts", times=None))
    interrupted: list[float] = []

    def interrupt() -> None:
        if reached.wait(30):
            time.sleep(0.5)
            interrupted.append(time.monotonic())
            signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    result = dagster.sweep(names)
    assert time.monotonic() - interrupted[0] < 10
    assert not result.success
    for name in names[: sweep.THREADS]:
        assert streams(platform, sync_id(result, name))["posts"][0] == "stopped"
    for name in names[sweep.THREADS :]:
        assert streams(platform, sync_id(result, name)) == {}
    assert leases(platform) == 0


def add(platform: Platform, tenant: str, url: str, password: str) -> None:
    credentials = Credentials("sync", password)
    platform.tenants.add(Tenant(tenant, "wordpress", "agency", url, credentials))


def sync_id(result: dg.ExecuteInProcessResult, tenant: str) -> UUID:
    return uuid5(UUID(result.run_id), tenant)


def rows(platform: Platform, tenant: str) -> int:
    with platform.database.as_tenant(tenant) as connection:
        return connection.execute("SELECT count(*) FROM cms.wordpress_posts").scalar_one()


def fetched(site: DemoSite) -> int:
    """How many posts were asked for by their ids."""
    asked = [parse_qs(urlsplit(r.target).query) for r in site.received if "/posts" in r.target]
    return sum(len(query["include"][0].split(",")) for query in asked if "include" in query)
