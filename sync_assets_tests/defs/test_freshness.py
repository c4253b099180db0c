"""What is synced no longer is told by a sensor, for no sync can tell it."""

from collections.abc import Iterator

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs import freshness
from sync_assets.defs.resources import PlatformResource
from sync_assets_tests.defs.running import TENANTS, Dagster, latest, shown

pytestmark = pytest.mark.postgres

Told = set[tuple[str, str, bool]]


class Clockwork:
    """Ticks of the sensor, and syncs of which Dagster is told nothing else."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self.platform = platform
        self.instance = instance

    def tick(self) -> Told:
        """What is told: tenant, stream, and whether it is fresh."""
        seen = {run.run_id for run in self.instance.get_runs()}
        context = dg.build_sensor_context(
            self.instance, definitions=defs, resources={"platform": PlatformResource()}
        )
        answer = defs.resolve_sensor_def("wordpress_freshness")(context)
        assert isinstance(answer, dg.SensorResult)
        assert not answer.run_requests
        runs = [run.run_id for run in self.instance.get_runs() if run.run_id not in seen]
        return {told for run in runs for told in self._told(run)}

    def _told(self, run: str) -> Iterator[tuple[str, str, bool]]:
        kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
        for record in self.instance.get_records_for_run(run, of_type=kind).records:
            assert record.event_log_entry.dagster_event
            check = record.event_log_entry.dagster_event.asset_check_evaluation_data
            assert check.check_name == "fresh"
            assert check.severity is dg.AssetCheckSeverity.WARN
            yield str(check.partition), check.asset_key.path[1], check.passed

    def sync(self, tenant: str, minutes: int = 0) -> None:
        """Record that posts were synced completely some minutes ago, and the others just now."""
        request = self.platform.request(tenant, (), SyncOptions())
        self.platform.syncs.begin(request)
        self.execute(f"""
            UPDATE sync.streams SET status = 'done', finished_at = now()
              - CASE stream WHEN 'posts' THEN interval '{minutes} minutes' ELSE '0' END
            WHERE sync_id = '{request.id}'
        """)  # noqa: S608 - our own values

    def failed(self) -> set[tuple[str, str]]:
        """The tenants and streams that Dagster was last told to be stale."""
        failed = self.platform.failed_checks.named("wordpress", "fresh")
        return {(check.tenant_id, check.stream) for check in failed}

    def execute(self, statement: str) -> None:
        with self.platform.database.as_control() as connection:
            connection.execute(statement)


@pytest.fixture
def clockwork(platform: Platform, instance: dg.DagsterInstance) -> Clockwork:
    """Two tenants that were registered long ago, acme synced just now and globex never."""
    ticks = Clockwork(platform, instance)
    for tenant in ("acme", "globex"):
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "https://example.org"))
    ticks.execute("UPDATE sync.tenants SET created_at = now() - interval '2 hours'")
    instance.add_dynamic_partitions(TENANTS, ["acme", "globex"])
    ticks.sync("acme")
    return ticks


@pytest.fixture
def quiet(clockwork: Clockwork) -> Clockwork:
    """All streams of both are fresh, and all of that was told."""
    clockwork.sync("globex")
    assert clockwork.tick() == set()
    return clockwork


def test_a_tenant_that_was_never_synced_is_stale(clockwork: Clockwork):
    streams = ("terms", "media", "pages", "posts")
    assert clockwork.tick() == {("globex", stream, False) for stream in streams}


def test_a_tenant_that_was_just_registered_has_an_hour(quiet: Clockwork):
    new = Tenant("initech", "wordpress", "agency", "https://example.org")
    quiet.platform.tenants.add(new)
    quiet.instance.add_dynamic_partitions(TENANTS, ["initech"])
    assert quiet.tick() == set()


def test_a_stream_whose_syncs_stopped_is_stale_by_itself(quiet: Clockwork):
    age(quiet, "acme", 59)
    assert quiet.tick() == set()
    age(quiet, "acme", 61)
    assert quiet.tick() == {("acme", "posts", False)}
    assert latest(quiet.instance, "fresh", "acme") is False
    assert latest(quiet.instance, "fresh", "globex") is None


def test_it_is_told_once(quiet: Clockwork):
    age(quiet, "acme", 61)
    quiet.tick()
    assert quiet.tick() == set()


def test_a_sync_makes_it_fresh_again(quiet: Clockwork):
    age(quiet, "acme", 61)
    quiet.tick()
    quiet.sync("acme")
    assert quiet.tick() == {("acme", "posts", True)}
    assert latest(quiet.instance, "fresh", "acme") is True
    assert quiet.tick() == set()
    assert quiet.failed() == set()


def test_a_sync_that_told_so_itself_is_not_told_again(
    dagster: Dagster, platform: Platform, acme: Tenant
):
    ticks = Clockwork(platform, dagster.instance)
    dagster.sync(acme.id)
    age(ticks, acme.id, 61)
    assert ticks.tick() == {("acme", "posts", False)}
    dagster.sweep([acme.id])
    assert latest(dagster.instance, "fresh", acme.id) is True
    assert ticks.tick() == set()


def test_a_sync_between_two_ticks_that_is_old_by_now_is_told_again(
    dagster: Dagster, platform: Platform, acme: Tenant
):
    ticks = Clockwork(platform, dagster.instance)
    dagster.sync(acme.id)
    age(ticks, acme.id, 300)
    ticks.tick()
    dagster.sync(acme.id)
    age(ticks, acme.id, 90)
    assert ticks.tick() == {("acme", "posts", False)}


def test_a_sync_that_does_not_complete_makes_nothing_fresh(quiet: Clockwork):
    age(quiet, "acme", 61)
    request = quiet.platform.request("acme")
    quiet.platform.syncs.begin(request)
    failed = "UPDATE sync.streams SET status = 'failed', finished_at = now() WHERE sync_id = "
    quiet.execute(f"{failed}'{request.id}'")
    assert quiet.tick() == {("acme", "posts", False)}


def test_dagster_shows_it_among_the_partitions(dagster: Dagster, platform: Platform, acme: Tenant):
    ticks = Clockwork(platform, dagster.instance)
    dagster.sync(acme.id)
    age(ticks, acme.id, 61)
    ticks.tick()
    assert shown(dagster.instance, "fresh", acme.id, "posts") is False
    assert shown(dagster.instance, "fresh", acme.id, "pages") is True


@pytest.mark.parametrize("gone", ["partition", "tenant"])
def test_of_a_removed_tenant_nothing_is_told(quiet: Clockwork, gone: str):
    age(quiet, "acme", 61)
    quiet.tick()
    if gone == "partition":
        quiet.instance.delete_dynamic_partition(TENANTS, "acme")
    else:
        quiet.platform.tenants.deactivate("acme")
    assert quiet.tick() == set()


def test_a_purged_tenant_leaves_nothing_behind(quiet: Clockwork):
    age(quiet, "acme", 61)
    quiet.tick()
    assert quiet.failed() == {("acme", "posts")}
    quiet.platform.tenants.purge("acme", [])
    assert quiet.failed() == set()


def test_a_tick_tells_so_much_and_the_next_one_the_rest(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(freshness, "MOST", 3)
    first, second = clockwork.tick(), clockwork.tick()
    assert (len(first), len(second), len(first | second)) == (3, 1, 4)
    assert len(clockwork.failed()) == 4
    clockwork.sync("globex")
    first, second = clockwork.tick(), clockwork.tick()
    assert (len(first), len(second), len(first | second)) == (3, 1, 4)
    assert clockwork.failed() == set()


def age(clockwork: Clockwork, tenant: str, minutes: int) -> None:
    """Move the last complete syncs of a tenant's posts so far back."""
    clockwork.execute(f"""
        UPDATE sync.streams SET finished_at = now() - interval '{minutes} minutes'
        WHERE stream = 'posts' AND tenant_id = '{tenant}' AND status = 'done'
    """)  # noqa: S608 - our own values
