"""The statistics of a day are what its syncs counted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.counts import Counts
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.runs import Run
from sync_assets.store.statistics import Statistics
from sync_assets.store.watch import watching
from sync_assets_tests.upkeep.past import Past

pytestmark = pytest.mark.postgres

ZONE = ZoneInfo("America/Sao_Paulo")


def today() -> date:
    return utc_now().astimezone(ZONE).date()


def of(platform: Platform) -> Statistics:
    return Statistics(platform.database, ZONE)


def rows(platform: Platform, day: date) -> dict[str, Mapping[str, object]]:
    query = "SELECT * FROM sync.statistics WHERE day = %(day)s"
    with platform.database.as_control() as connection:
        found = connection.execute(query, {"day": day}).mappings()
        return {row["tenant_id"]: dict(row) for row in found}


def sync(platform: Platform, tenant: str, *, full: bool = False) -> UUID:
    """A sync as a run does it, with its request."""
    request = platform.request(tenant, (), SyncOptions(full=full), run_id="run")
    with watching(platform.attempts, "run") as watch:
        Run(platform, "run", watch).tenant(request, StopSignal())
    return request.id


def test_a_day_adds_up_with_the_reports_of_its_syncs(platform: Platform, acme: Tenant):
    ids = [sync(platform, acme.id), sync(platform, acme.id, full=True)]
    assert of(platform).count(today()) == 1
    row = rows(platform, today())[acme.id]
    total = Counts()
    for sync_id in ids:
        for stream in platform.syncs.report(sync_id).streams:
            for name, count in stream.counts.as_dict().items():
                setattr(total, name, (getattr(total, name) or 0) + (count or 0))
    assert total.created > 0
    assert row["syncs_completed"] == 2
    assert row["records_created"] == total.created
    assert row["records_updated"] == total.updated
    assert row["source_requests"] == total.requests > 0


def test_what_an_earlier_attempt_wrote_is_counted(past: Past):
    earlier = {"created": 5, "updated": 2, "deleted": 1}
    sync_id = past.request("acme", 0)
    counts = {"posts": {"created": 1, "unchanged": 6, "deleted": 1, "failed": 3}}
    past.sync(sync_id, "acme", 0, counts, earlier=earlier)
    of(past.platform).count(today())
    row = rows(past.platform, today())["acme"]
    report = past.platform.syncs.report(sync_id).streams[0].counts
    written = (row["records_created"], row["records_updated"], row["records_deleted"])
    assert written == (report.created, report.updated, report.deleted) == (6, 1, 2)
    assert row["records_failed"] == 3


def test_each_end_is_counted_for_its_tenant(past: Past):
    for tenant, state in [
        ("acme", "completed"),
        ("acme", "completed"),
        ("acme", "failed"),
        ("globex", "cancelled"),
        ("globex", "queued"),
    ]:
        past.request(tenant, 0, state)
    of(past.platform).count(today())
    ends = {
        tenant: (row["syncs_completed"], row["syncs_failed"], row["syncs_cancelled"])
        for tenant, row in rows(past.platform, today()).items()
    }
    assert ends == {"acme": (2, 1, 0), "globex": (0, 0, 1)}


def test_seconds_of_work_and_of_waiting_are_told_apart(past: Past):
    past.request("acme", 0)
    of(past.platform).count(today())
    row = rows(past.platform, today())["acme"]
    assert row["seconds"] == pytest.approx(40, abs=0.01)
    assert row["p95_wait"] == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize(("at", "day"), [(2, 9), (4, 10)])
def test_a_day_is_one_of_the_zone(past: Past, at: int, day: int):
    past.request("acme", 0, at=datetime(2026, 5, 10, at, tzinfo=UTC))  # three hours behind
    counted = {n: of(past.platform).count(date(2026, 5, n)) for n in (8, 9, 10, 11)}
    assert {n for n, tenants in counted.items() if tenants} == {day}


def test_counting_a_day_again_changes_nothing(past: Past):
    past.done("acme", 0)
    of(past.platform).count(today())
    before = rows(past.platform, today())
    of(past.platform).count(today())
    assert rows(past.platform, today()) == before
    past.done("acme", 0)
    of(past.platform).count(today())
    assert rows(past.platform, today())["acme"]["syncs_completed"] == 2


def test_days_that_were_missed_are_found(past: Past):
    for days in (40, 5, 3, 0):
        past.request("acme", days)
    of(past.platform).count(today() - timedelta(days=3))
    missing = of(past.platform).missing(today(), days=30)
    assert len(missing) == 29
    assert (missing[0], missing[-1]) == (
        today() - timedelta(days=30),
        today() - timedelta(days=1),
    )
    assert today() - timedelta(days=3) not in missing


def test_nothing_is_missing_before_the_first_request(past: Past):
    past.request("acme", 2)
    missing = of(past.platform).missing(today(), days=30)
    assert missing == [today() - timedelta(days=2), today() - timedelta(days=1)]


def test_the_total_is_that_of_all_tenants(past: Past):
    for tenant in ("acme", "globex"):
        past.sync(past.request(tenant, 0), tenant, 0, {"posts": {"created": 2, "requests": 3}})
    of(past.platform).count(today())
    total = of(past.platform).total(today())
    assert (total.tenants, total.syncs_completed, total.records_created) == (2, 2, 4)
    assert total.source_requests == 6
    assert total.worst_p95_wait == pytest.approx(20, abs=0.01)


def test_a_purged_tenant_leaves_no_statistics(past: Past):
    past.done("acme", 0)
    of(past.platform).count(today())
    past.platform.tenants.purge("acme", [])
    assert rows(past.platform, today()) == {}


def test_a_tenant_sees_its_own_figures_only(past: Past):
    past.done("acme", 0)
    past.done("globex", 0)
    of(past.platform).count(today())
    with past.platform.database.as_tenant("acme") as connection:
        seen = connection.execute("SELECT tenant_id FROM sync.statistics").scalars()
        assert list(seen) == ["acme"]
