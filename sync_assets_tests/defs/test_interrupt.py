"""An interrupt, as a terminated run gets it: whatever a sync is at, it stops and says so."""

import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from uuid import UUID, uuid5

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.defs.reconcile import reconcile
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow
from sync_assets_tests.defs.running import Dagster, leases, streams

pytestmark = pytest.mark.postgres

LOCKED = """
    SELECT count(*) FROM pg_locks JOIN pg_class c ON c.oid = relation
    WHERE NOT granted AND c.relname = 'wordpress_posts'
"""


@contextmanager
def interrupted_when(look: Callable[[], bool]) -> Generator[list[float]]:
    """Interrupts this process as soon as something is so; gives the moments of interrupts."""
    moments: list[float] = []

    def watch() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if look():
                moments.append(time.monotonic())
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return
            time.sleep(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield moments
    watcher.join()


def test_a_sync_that_waits_for_its_source_is_stopped(
    dagster: Dagster, platform: Platform, acme: Tenant, demo_site: DemoSite
):
    demo_site.faults.add(Fault(slow(60), path="/wp/v2/posts", times=None))
    with interrupted_when(lambda: any("/posts" in r.target for r in demo_site.received)) as moments:
        result = dagster.sync(acme.id)
    check_stopped(dagster, platform, result, moments)


def test_a_sync_that_writes_a_page_is_stopped(dagster: Dagster, platform: Platform, acme: Tenant):
    with platform.database.as_owner() as other:
        other.execute("LOCK TABLE cms.wordpress_posts IN SHARE MODE")
        with interrupted_when(lambda: waits(platform)) as moments:
            result = dagster.sync(acme.id)
        check_stopped(dagster, platform, result, moments)
    with platform.database.as_tenant(acme.id) as connection:
        query = "SELECT count(*) FROM cms.wordpress_posts"
        assert connection.execute(query).scalar_one() == 0
    assert dagster.sync(acme.id).success


def waits(platform: Platform) -> bool:
    with platform.database.as_owner() as connection:
        return connection.execute(LOCKED).scalar_one() > 0


def check_stopped(
    dagster: Dagster, platform: Platform, result: dg.ExecuteInProcessResult, moments: list[float]
) -> None:
    assert time.monotonic() - moments[0] < 10
    assert not result.success
    sync_id = uuid5(UUID(result.run_id), "acme")
    assert streams(platform, sync_id)["posts"] == ("stopped", "The sync was stopped.")
    assert leases(platform) == 0
    # Nobody terminated the run, so the sensor takes it for the end of its process.
    reconcile(platform, dagster.instance)
    request = platform.requests.get(sync_id)
    assert (request.state, request.attempt) == (State.QUEUED, 0)
