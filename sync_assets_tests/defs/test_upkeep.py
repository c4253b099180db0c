"""The upkeep has its jobs and times, and shows what it found in the UI."""

from collections.abc import Generator
from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.definitions import defs
from sync_assets.defs.alerts import alerts_sensors
from sync_assets.defs.health import KEY as HEALTH
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.statistics import KEY as STATISTICS
from sync_assets.upkeep.health import AREAS
from sync_assets_tests.upkeep.hook import Hook, listening
from sync_assets_tests.upkeep.past import Past

REPOSITORY = defs.get_repository_def()
WHEN = {
    "clean_up_daily": ("clean_up", "0 2 * * *"),
    "statistics_daily": ("statistics", "0 5 * * *"),
    "health_half_hourly": ("health", "*/30 * * * *"),
}


@pytest.fixture
def past(platform: Platform) -> Past:
    past = Past(platform)
    past.tenant("acme")
    return past


@pytest.fixture
def hook() -> Generator[Hook]:
    with listening() as hook:
        yield hook


@pytest.mark.parametrize("name", WHEN)
def test_each_has_its_time_by_the_local_clock(name: str):
    schedule = REPOSITORY.get_schedule_def(name)
    assert (schedule.job_name, schedule.cron_schedule) == WHEN[name]
    assert schedule.execution_timezone == "America/Sao_Paulo"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize("name", ["clean_up", "statistics", "health"])
def test_syncs_go_first_and_each_runs_in_one_process(name: str):
    job = REPOSITORY.get_job(name)
    assert job.tags["sync_assets/queue"] == "maintenance"
    assert int(job.tags["dagster/priority"]) < 0
    assert job.executor_def is dg.in_process_executor


@pytest.mark.postgres
def test_statistics_of_yesterday_and_of_missed_days_are_counted(
    past: Past, instance: dg.DagsterInstance
):
    for days in (0, 1, 1, 4):
        past.done("acme", days)
    done = defs.resolve_job_def("statistics").execute_in_process(instance=instance)
    [event] = done.asset_materializations_for_node("sync_assets__statistics")
    assert event.asset_key == STATISTICS
    yesterday = utc_now().astimezone(ZoneInfo("America/Sao_Paulo")).date() - timedelta(days=1)
    assert event.metadata["day"].value == str(yesterday)
    assert event.metadata["syncs_completed"].value == 2
    assert event.metadata["rows_written"].value == 2
    assert past.ids("statistics", "day") == {yesterday, yesterday - timedelta(days=3)}


@pytest.mark.postgres
def test_each_area_of_health_is_a_check_of_its_own(past: Past, instance: dg.DagsterInstance):
    past.request("acme", 0.1, "failed")
    past.request("acme", 0.05, "queued")
    done = defs.resolve_job_def("health").execute_in_process(instance=instance)
    assert done.success  # the look was good, whatever it found
    found = {check.check_name: check for check in done.get_asset_check_evaluations()}
    assert set(found) == set(AREAS)
    assert {check.asset_key for check in found.values()} == {HEALTH}
    failed = {name: check.severity for name, check in found.items() if not check.passed}
    failed.pop("disk", None)  # whatever this machine has
    assert failed == {
        "queue": dg.AssetCheckSeverity.ERROR,
        "failing_tenants": dg.AssetCheckSeverity.WARN,
    }
    assert "acme (1)" in str(found["failing_tenants"].description)


def test_without_a_webhook_there_is_no_sensor():
    assert alerts_sensors() == []


@pytest.mark.postgres
def test_the_sensor_tells_the_webhook(
    past: Past, instance: dg.DagsterInstance, hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    past.request("acme", 0, "failed")
    monkeypatch.setenv("SYNC_ASSETS_ALERT_WEBHOOK", hook.url)
    [sensor] = alerts_sensors()
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    hook.answers = [500]
    assert [tick(sensor, instance) for _ in range(3)] == [
        f"Told of {count} failed requests." for count in (0, 1, 0)
    ]
    assert [heard["tenant"] for heard in hook.heard] == ["acme"]


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> str | None:
    resources = {"platform": PlatformResource()}
    context = dg.build_sensor_context(instance, definitions=defs, resources=resources)
    answer = sensor(context)
    assert isinstance(answer, dg.SkipReason)
    return answer.skip_message
