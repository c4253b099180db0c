"""One run for many tenants: what becomes of each is its own affair."""

import signal
import threading
import time
from uuid import UUID, uuid4, uuid5

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.defs import sweep
from sync_assets.definitions import defs
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow, status
from sync_assets.demo.messages import Request, Response
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, Dagster, failed_steps, leases, streams

pytestmark = pytest.mark.postgres


@pytest.fixture
def small_site(empty_site: DemoSite) -> DemoSite:
    """A site with one post."""
    empty_site.site.add("posts", title="Olá", content="Mundo")
    return empty_site


def sync_id(result: dg.ExecuteInProcessResult, tenant: str) -> UUID:
    return uuid5(UUID(result.run_id), tenant)


def add(platform: Platform, tenant: str, url: str, password: str) -> None:
    credentials = Credentials("sync", password)
    platform.tenants.add(Tenant(tenant, "wordpress", "agency", url, credentials))


def test_three_broken_tenants_of_forty_leave_thirty_seven_materialized(
    dagster: Dagster, platform: Platform, small_site: DemoSite
):
    good = {f"good-{number:02}" for number in range(37)}
    for tenant in good:
        register(platform, tenant, small_site)
    add(platform, "locked-out", small_site.url, "wrong")
    add(platform, "moved-away", "http://127.0.0.1:1", small_site.password)
    add(platform, "no-api", f"{small_site.url}/elsewhere", small_site.password)
    result = dagster.sweep(platform.tenants.ids("wordpress"))
    assert failed_steps(result) == {
        "wordpress_sweep_tenants": "3 of 40 tenants failed: locked-out, moved-away, no-api."
    }
    for stream in STREAMS:
        assert dagster.materialized(stream) == good
