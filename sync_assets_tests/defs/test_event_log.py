"""Dagster's event log grows by a bounded number of rows, whatever is synced."""

from datetime import timedelta

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets.store.health import Health, StreamHealth
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, Dagster, evaluations, rows

pytestmark = pytest.mark.postgres

A_SYNC = 56
"""Rows of a tenant's sync here; through the queue it has four more."""

A_TENANT = 10
A_SWEEP = 12
"""Rows of a sweep itself here, of whatever tenants."""

MANY = [f"tenant-{number:02}" for number in range(12)]


@pytest.fixture
def all_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check of every stream fails."""

    ill = StreamHealth(Counts(seen=9), timedelta(days=1), rows=5, foreign_rows=3, dead_letters=2)
    monkeypatch.setattr(Health, "of", lambda _self, _tenant, streams: [ill] * len(streams))


@pytest.fixture
def many(platform: Platform, empty_site: DemoSite) -> DemoSite:
    """The site of twelve tenants, with a post."""
    empty_site.site.add("posts", title="Olá", content="Mundo")
    for tenant in MANY:
        register(platform, tenant, empty_site)
    return empty_site


def test_a_sync_of_a_tenant_adds_few_rows(dagster: Dagster, acme: Tenant):
    first, again = dagster.sync(acme.id, full=True), dagster.sync(acme.id)
    assert first.success
    assert again.success
    assert rows(dagster.instance, first.run_id) <= A_SYNC
    assert rows(dagster.instance, again.run_id) <= A_SYNC


def test_the_rows_of_a_sync_do_not_depend_on_its_size(
    dagster: Dagster, platform: Platform, empty_site: DemoSite
):
    register(platform, "acme", empty_site)
    small = dagster.sync("acme")
    for number in range(300):
        empty_site.site.add("posts", title=f"Notícia {number}", content="Maré alta.")
    large = dagster.sync("acme", batch_size=5)
    assert large.success
    assert rows(dagster.instance, large.run_id) == rows(dagster.instance, small.run_id)


@pytest.mark.usefixtures("all_ill")
def test_a_sync_whose_checks_all_fail_adds_few_rows(dagster: Dagster, acme: Tenant):
    result = dagster.sync(acme.id)
    assert not any(evaluations(result).values())
    assert len(evaluations(result)) == 16
    assert rows(dagster.instance, result.run_id) <= A_SYNC


@pytest.mark.parametrize("stream", STREAMS)
def test_a_sync_that_fails_adds_few_rows(
    dagster: Dagster, acme: Tenant, demo_site: DemoSite, stream: str
):
    path = {"terms": "/wp/v2/categories"}.get(stream, f"/wp/v2/{stream}")
    demo_site.faults.add(Fault(status(404, b"{}"), path=path, times=None))
    result = dagster.sync(acme.id)
    assert not result.success
    assert rows(dagster.instance, result.run_id) <= A_SYNC


@pytest.mark.usefixtures("many")
def test_a_sweep_adds_a_row_for_each_stream(dagster: Dagster):
    for full in (True, False):
        result = dagster.sweep(MANY, full=full)
        assert result.success
        assert rows(dagster.instance, result.run_id) <= len(STREAMS) * len(MANY) + A_SWEEP


def test_the_rows_of_a_sweep_do_not_depend_on_its_size(dagster: Dagster, many: DemoSite):
    small = dagster.sweep(MANY)
    for number in range(30):
        many.site.add("posts", title=f"Notícia {number}", content="Maré alta.")
    large = dagster.sweep(MANY, batch_size=5)
    assert large.success
    assert rows(dagster.instance, large.run_id) == rows(dagster.instance, small.run_id)


@pytest.mark.usefixtures("many", "all_ill")
def test_a_sweep_whose_checks_all_fail_adds_ten_rows_a_tenant(dagster: Dagster):
    for full in (True, False):
        result = dagster.sweep(MANY, full=full)
        assert len(list(result.get_asset_check_evaluations())) == 6 * len(MANY)
        assert rows(dagster.instance, result.run_id) <= A_TENANT * len(MANY) + A_SWEEP


@pytest.mark.usefixtures("all_ill")
def test_a_sweep_whose_tenants_fail_adds_ten_rows_a_tenant(dagster: Dagster, many: DemoSite):
    many.faults.add(Fault(status(404, b"{}"), path="/wp/v2/pages", times=None))
    halves = dagster.sweep([*MANY, "nobody"])
    assert rows(dagster.instance, halves.run_id) <= A_TENANT * (len(MANY) + 1) + A_SWEEP
    many.site.revoke()
    nothing = dagster.sweep([*MANY, "nobody"])
    assert rows(dagster.instance, nothing.run_id) <= A_TENANT * (len(MANY) + 1) + A_SWEEP
    assert not halves.success
    assert not nothing.success


@pytest.mark.usefixtures("all_ill")
def test_what_was_left_out_is_told_by_the_next_sweeps(dagster: Dagster, acme: Tenant):
    told = [evaluations(dagster.sweep([acme.id])) for _ in range(3)]
    assert [len(one) for one in told] == [6, 6, 6]
    assert len({name for one in told for name in one}) == 16


def test_a_materialization_is_told_before_its_checks(dagster: Dagster, acme: Tenant):
    result = dagster.sync(acme.id)
    told = [event.event_type for event in result.events_for_node("wordpress__posts")]
    wanted = [dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION]
    assert [kind for kind in told if kind in wanted] == [wanted[0], *[wanted[1]] * 4]
