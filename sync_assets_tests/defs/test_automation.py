"""Schedules and sensors, evaluated by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeGuard
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from sqlalchemy import text

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.report import CONTINUES
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs.enqueue import enqueue
from sync_assets.defs.identity import SYNC_ID_TAG
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.sensors import continue_of
from sync_assets.sources import SPECS
from sync_assets_tests.defs.running import TENANTS

pytestmark = pytest.mark.postgres

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
RESOURCES = {"platform": PlatformResource()}
[WORDPRESS] = [spec for spec in SPECS if spec.name == "wordpress"]


@pytest.fixture
def warehouse(platform: Platform) -> Platform:
    """Two active tenants and a removed one."""
    for tenant in ("acme", "globex", "initech"):
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "https://example.org"))
    remove(platform, "initech")
    return platform


def remove(platform: Platform, tenant: str) -> None:
    platform.tenants.update(replace(platform.tenants.get(tenant), active=False))


def sensed(name: str, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(instance, definitions=defs, resources=RESOURCES)
    answer = defs.resolve_sensor_def(name)(context)
    assert isinstance(answer, dg.SensorResult | dg.SkipReason)
    return answer


def swept(request: dg.RunRequest) -> list[str]:
    assert request.job_name == "wordpress_sweep"
    return request.run_config["ops"]["wordpress_sweep_tenants"]["config"]["tenants"]


@pytest.mark.usefixtures("warehouse")
def test_new_tenants_get_their_partitions_and_one_sweep(instance: dg.DagsterInstance):
    answer = sensed("wordpress_tenants", instance)
    assert isinstance(answer, dg.SensorResult)
    [request] = answer.run_requests or []
    assert swept(request) == ["acme", "globex"]
    [addition] = answer.dynamic_partitions_requests or []
    assert isinstance(addition, dg.AddDynamicPartitionsRequest)
    assert addition.partitions_def_name == TENANTS
    assert list(addition.partition_keys) == ["acme", "globex"]


@pytest.mark.usefixtures("warehouse")
def test_a_removed_tenant_loses_its_partition_and_starts_nothing(instance: dg.DagsterInstance):
    instance.add_dynamic_partitions(TENANTS, ["acme", "globex", "initech"])
    answer = sensed("wordpress_tenants", instance)
    assert isinstance(answer, dg.SensorResult)
    assert not answer.run_requests
    [deletion] = answer.dynamic_partitions_requests or []
    assert isinstance(deletion, dg.DeleteDynamicPartitionsRequest)
    assert list(deletion.partition_keys) == ["initech"]


@pytest.mark.usefixtures("warehouse")
def test_partitions_in_step_are_left_alone(instance: dg.DagsterInstance):
    instance.add_dynamic_partitions(TENANTS, ["acme", "globex"])
    assert isinstance(sensed("wordpress_tenants", instance), dg.SkipReason)


@pytest.mark.usefixtures("warehouse")
def test_without_a_long_sync_nothing_goes_on(instance: dg.DagsterInstance):
    assert isinstance(sensed("wordpress_continue", instance), dg.SkipReason)


def defer(platform: Platform, tenant: str, options: SyncOptions) -> str:
    """Make a sync that outgrew its turn."""
    request = platform.request(tenant, (), options, uuid4())
    platform.syncs.begin(request)
    statement = text("UPDATE sync.streams SET status = 'deferred', attempt = 1 WHERE sync_id = :id")
    with platform.database.as_control() as connection:
        connection.execute(statement.bindparams(id=request.id))
    return str(request.id)


def test_a_long_sync_goes_on_under_its_id_with_its_options(
    warehouse: Platform, instance: dg.DagsterInstance
):
    instance.add_dynamic_partitions(TENANTS, ["acme", "globex"])
    sync_id = defer(warehouse, "acme", SyncOptions(full=True, batch_size=50))
    answer = sensed("wordpress_continue", instance)
    assert isinstance(answer, dg.SensorResult)
    [request] = answer.run_requests or []
    assert request.partition_key == "acme"
    assert request.tags[SYNC_ID_TAG] == sync_id
    for config in request.run_config["ops"].values():
        assert (config["config"]["full"], config["config"]["batch_size"]) == (True, 50)
    again = sensed("wordpress_continue", instance)
    assert isinstance(again, dg.SensorResult)
    assert [r.run_key for r in again.run_requests or []] == [request.run_key]


def continued(instance: dg.DagsterInstance, now: datetime) -> list[str | None]:
    """The run keys that the sensor asks for at some time."""
    context = dg.build_sensor_context(instance, definitions=defs, resources=RESOURCES)
    answer = continue_of(WORDPRESS, lambda: now)(context)
    return [r.run_key for r in answer.run_requests or []] if _asks(answer) else []


def _asks(answer: object) -> TypeGuard[dg.SensorResult]:
    return isinstance(answer, dg.SensorResult)


def test_a_run_that_died_before_its_stream_began_is_asked_for_again_in_the_next_hour(
    warehouse: Platform, instance: dg.DagsterInstance
):
    instance.add_dynamic_partitions(TENANTS, ["acme"])
    defer(warehouse, "acme", SyncOptions())
    first, again, later = (continued(instance, at(*time)) for time in ((4, 0), (4, 59), (5, 0)))
    assert len(first) == 1
    assert first == again != later


@pytest.mark.parametrize(
    ("status", "waits"),
    [("STARTED", False), ("STARTING", False), ("NOT_STARTED", True), ("FAILURE", True)],
)
def test_a_long_sync_that_has_a_live_run_gets_no_other(
    warehouse: Platform, instance: dg.DagsterInstance, status: str, waits: bool
):
    instance.add_dynamic_partitions(TENANTS, ["acme"])
    sync_id = defer(warehouse, "acme", SyncOptions())
    job = defs.resolve_job_def("wordpress_sync")
    tags = {SYNC_ID_TAG: sync_id}
    # The public API starts what it makes; this run shall stay as it is.
    instance.create_run_for_job(job, status=dg.DagsterRunStatus(status), tags=tags)
    assert (len(continued(instance, at(4, 0))) == 1) is waits


@pytest.mark.parametrize(("minutes", "status"), [(-1, "running"), (1, "failed")])
def test_a_long_sync_is_running_for_as_long_as_the_sensor_goes_on_with_it(
    warehouse: Platform, instance: dg.DagsterInstance, minutes: int, status: str
):
    instance.add_dynamic_partitions(TENANTS, ["acme"])
    sync_id = defer(warehouse, "acme", SyncOptions())
    statement = text("UPDATE sync.syncs SET created_at = now() - :age")
    with warehouse.database.as_control() as connection:
        connection.execute(statement, {"age": CONTINUES + timedelta(minutes=minutes)})
    assert warehouse.syncs.report(UUID(sync_id)).status == status
    assert bool(continued(instance, at(4, 0))) is (status == "running")


def test_a_long_sync_of_a_removed_tenant_does_not_hold_up_the_others(
    warehouse: Platform, instance: dg.DagsterInstance
):
    instance.add_dynamic_partitions(TENANTS, ["acme"])
    defer(warehouse, "acme", SyncOptions())
    defer(warehouse, "globex", SyncOptions())
    remove(warehouse, "globex")
    answer = sensed("wordpress_continue", instance)
    assert isinstance(answer, dg.SensorResult)
    assert [request.partition_key for request in answer.run_requests or []] == ["acme"]


def ticked(name: str, due: datetime, instance: dg.DagsterInstance) -> dg.RunRequest | str:
    """The request of a schedule's tick, or why there is none."""
    context = dg.build_schedule_context(instance, scheduled_execution_time=due, resources=RESOURCES)
    data = defs.resolve_schedule_def(name).evaluate_tick(context)
    return data.run_requests[0] if data.run_requests else str(data.skip_message)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=SAO_PAULO)


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("kind", "full"), [("full", True), ("incremental", False)])
def test_a_schedule_asks_for_all_active_tenants(
    instance: dg.DagsterInstance, kind: str, full: bool
):
    request = ticked(f"wordpress_{kind}", at(4, 15), instance)
    assert isinstance(request, dg.RunRequest)
    assert swept(request) == ["acme", "globex"]
    assert request.run_config["ops"]["wordpress_sweep_tenants"]["config"]["full"] is full


@pytest.mark.usefixtures("warehouse")
def test_two_ticks_of_a_schedule_are_two_requests_and_one_tick_is_one(
    instance: dg.DagsterInstance,
):
    first, again, second = (
        ticked("wordpress_incremental", due, instance) for due in (at(4, 15), at(4, 15), at(4, 30))
    )
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    assert first.run_key == again.run_key != second.run_key


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("zone", [SAO_PAULO, UTC])
def test_the_full_sync_of_three_in_the_night_replaces_the_incremental_one(
    instance: dg.DagsterInstance, zone: ZoneInfo
):
    due = at(3, 0).astimezone(zone)
    assert (
        ticked("wordpress_incremental", due, instance) == "The full sync of this hour does it all."
    )
    assert isinstance(ticked("wordpress_full", due, instance), dg.RunRequest)
    assert isinstance(
        ticked("wordpress_incremental", due + timedelta(hours=12), instance), dg.RunRequest
    )


@pytest.mark.usefixtures("warehouse")
def test_sweeps_that_are_slower_than_the_clock_do_not_pile_up(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    queued = {"wordpress_full": 1, "wordpress_incremental": 0}

    def count(_: dg.DagsterInstance, filters: dg.RunsFilter) -> int:
        # Stands in, because a run can be queued only where there is a daemon.
        assert filters.statuses == [dg.DagsterRunStatus.QUEUED]
        return queued[str(filters.tags["dagster/schedule_name"])]

    monkeypatch.setattr(dg.DagsterInstance, "get_runs_count", count)
    assert isinstance(ticked("wordpress_incremental", at(4, 15), instance), dg.RunRequest)
    queued["wordpress_incremental"] = 1
    assert "still waits" in str(ticked("wordpress_incremental", at(4, 30), instance))


@pytest.mark.usefixtures("platform")
def test_without_tenants_a_schedule_asks_for_nothing(instance: dg.DagsterInstance):
    assert ticked("wordpress_full", at(3, 0), instance) == "There is no active tenant of WordPress."


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("kind", ["full", "incremental"])
def test_what_automation_asks_for_is_a_run_config_that_its_job_takes(
    instance: dg.DagsterInstance, kind: str
):
    request = ticked(f"wordpress_{kind}", at(4, 15), instance)
    assert isinstance(request, dg.RunRequest)
    job = defs.resolve_job_def("wordpress_sweep")
    dg.validate_run_config(job, request.run_config)
    options = SyncOptions(full=True, batch_size=9, period="2026-10", approve_deletions=True)
    dg.validate_run_config(job, enqueue("wordpress", ["acme"], options).run_config)
