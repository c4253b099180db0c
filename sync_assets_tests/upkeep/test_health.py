"""Each area of the installation's health fails in its turn, and says what to do."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.store.dagster_tables import heartbeats
from sync_assets.store.migrate import newest
from sync_assets.store.queue_signs import queue_signs
from sync_assets.upkeep import health
from sync_assets.upkeep.findings import Finding
from sync_assets.upkeep.health import AREAS, DAEMONS, daemon, disk, examine, queue
from sync_assets_tests.upkeep.past import Past

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
ALIVE: Mapping[str, datetime] = {part: NOW for part in DAEMONS}  # noqa: C420 - typed so
GB = 1_000_000_000
WELL = {
    "database": f"it answers, at revision {newest()}",
    "daemon": "its last beat was 0 s ago",
    "queue": "the oldest request waits for 0 s",
    "failing_tenants": "none",
    "dead_letters": "none",
}


def minutes(count: float) -> float:
    """In days."""
    return count / 1440


def look(platform: Platform, area: str) -> Finding:
    [finding] = examine(platform, lambda: ALIVE, NOW, [area])
    assert finding.check == area
    return finding


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's disks have."""
    room: Callable[[Platform], Mapping[Path, tuple[int, int]]] = lambda _: {Path("/"): (5, 5)}  # noqa: E731
    monkeypatch.setattr(health, "disks", room)
    monkeypatch.setattr(health, "_BYTES", 1)


@pytest.mark.postgres
def test_all_is_well(platform: Platform):
    findings = examine(platform, lambda: ALIVE, NOW)
    assert [finding.check for finding in findings] == list(AREAS)
    assert all(finding.ok for finding in findings)
    assert {f.check: f.detail for f in findings if f.check in WELL} == WELL


@pytest.mark.postgres
def test_a_database_that_another_version_upgraded_is_found(platform: Platform):
    assert look(platform, "database").ok
    with platform.database.as_owner() as connection:
        connection.execute("UPDATE sync.alembic_version SET version_num = '9999'")
    finding = look(platform, "database")
    assert not finding.ok
    assert "It is at revision 9999" in finding.detail


def test_a_look_that_fails_is_a_finding_too():
    def no_beats() -> Mapping[str, datetime]:
        raise ValueError("no storage")

    platform = Platform()  # is not looked at
    [finding] = examine(platform, no_beats, NOW, ["daemon"])
    assert finding == Finding("daemon", ok=False, detail="It could not be looked at: no storage")


def test_a_daemon_that_fell_silent_is_found():
    silent = {**ALIVE, "SENSOR": NOW - timedelta(minutes=6)}
    finding = daemon(silent, NOW)
    assert not finding.ok
    assert finding.serious
    assert "SENSOR 6 min ago" in finding.detail
    assert daemon({**ALIVE, "SENSOR": NOW - timedelta(minutes=4)}, NOW).ok
    assert "SCHEDULER never" in daemon({"SENSOR": NOW, "QUEUED_RUN_COORDINATOR": NOW}, NOW).detail


def test_a_daemon_that_never_ran_is_unknown():
    assert daemon({}, NOW) == Finding(
        "daemon", ok=True, detail="unknown: it never ran on this database"
    )


@pytest.mark.postgres
def test_the_beats_are_found_in_dagsters_table(platform: Platform):
    assert heartbeats(platform.database) == {}
    at = utc_now()
    with platform.database.as_owner() as connection:
        connection.execute("CREATE SCHEMA dagster")
        connection.execute("CREATE TABLE dagster.daemon_heartbeats (daemon_type text, body text)")
        beat = f'{{"__class__": "DaemonHeartbeat", "timestamp": {at.timestamp()}}}'
        insert = "INSERT INTO dagster.daemon_heartbeats VALUES ('SENSOR', %(body)s)"
        connection.execute(insert, {"body": beat})
    assert heartbeats(platform.database) == {"SENSOR": at}


def signs(past: Past) -> Finding:
    return queue(queue_signs(past.platform.database))


@pytest.mark.postgres
@pytest.mark.parametrize(("waits", "well"), [(13, True), (16, False)])
def test_a_request_that_waits_though_there_are_places_is_found(
    past: Past, waits: float, well: bool
):
    past.request("acme", minutes(waits), "queued")
    finding = signs(past)
    assert finding.ok is well
    assert well or f"waits in default for {waits + 1} min though there are" in finding.detail


@pytest.mark.postgres
def test_a_request_for_later_waits_for_nothing(past: Past):
    past.request("acme", minutes(30), "queued")
    past.execute("UPDATE sync.requests SET due_at = now() + interval '1 hour'")
    assert signs(past).ok


@pytest.mark.postgres
def test_a_request_behind_its_tenants_own_sync_is_not_stuck(past: Past):
    past.request("acme", 0, "launched")
    past.request("acme", minutes(30), "queued")
    assert signs(past).ok


@pytest.mark.postgres
@pytest.mark.parametrize(("waits", "well"), [(30, True), (70, False)])
def test_where_every_place_is_taken_waiting_is_only_worth_a_look(
    past: Past, waits: float, well: bool
):
    for tenant in ("a1", "b2", "c3"):
        past.tenant(tenant)
        past.request(tenant, 0, "launched")
    past.request("acme", minutes(waits), "queued")
    finding = signs(past)
    assert finding.ok is well
    assert well or not finding.serious


@pytest.mark.postgres
def test_a_queue_that_has_its_share_is_not_stuck(past: Past):
    past.request("globex", 0, "launched", queue="maintenance")
    past.request("acme", minutes(30), "queued", queue="maintenance")
    assert signs(past).ok


@pytest.mark.postgres
def test_a_sync_that_nobody_took_back_is_found(past: Past, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "SILENT", timedelta(0))  # the server has just been started
    assert signs(past).ok
    past.request("acme", minutes(6), "launched")
    finding = signs(past)
    assert not finding.ok
    assert "A sync gave no sign of life for" in finding.detail


@pytest.mark.postgres
def test_tenants_that_fail_are_named(past: Past):
    past.request("globex", 0.2, "failed")
    past.request("globex", 0.1)
    past.request("acme", 0.2, "failed")
    past.request("acme", 0.1, "failed")
    finding = look(past.platform, "failing_tenants")
    assert not finding.ok
    assert not finding.serious
    assert finding.detail.startswith("1 tenants fail")
    assert "acme (2)" in finding.detail
    assert "globex" not in finding.detail


@pytest.mark.postgres
def test_dead_letters_are_counted_by_tenant(past: Past):
    past.letter(past.request("acme", 0), "acme", None)
    past.letter(past.request("acme", 0), "acme", 1)
    finding = look(past.platform, "dead_letters")
    assert not finding.ok
    assert not finding.serious
    assert "1 are unresolved: acme (1)" in finding.detail


@pytest.mark.parametrize(
    ("free", "total", "well"),
    [(20 * GB, 100 * GB, True), (9 * GB, 100 * GB, False), (GB // 2, GB, False)],
)
def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch, free: int, total: int, well: bool):
    monkeypatch.setattr(health, "_BYTES", GB)
    finding = disk({Path("/data"): (free, total), Path("/home"): (50 * GB, 100 * GB)})
    assert finding.ok is well
    assert well or finding.detail.startswith(f"Only {free / GB:.1f} of {total / GB:.1f} GB free")
    assert "/home" not in finding.detail or well


@pytest.mark.postgres
def test_the_disks_are_those_of_home_and_database(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()
    assert list(health.disks(platform)) == [platform.settings.home.parent]  # home is not made yet
    platform.settings.home.mkdir()
    assert list(health.disks(platform)) == [platform.settings.home]
    assert all(0 < free <= total for free, total in health.disks(platform).values())
