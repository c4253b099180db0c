"""Schedules and sensors ask for syncs; they launch nothing themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.requests import State
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.definitions import defs
from sync_assets.defs.resources import PlatformResource
from sync_assets.store.requests import Request
from sync_assets_tests.defs.running import TENANTS, Dagster, requests

pytestmark = pytest.mark.postgres

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def warehouse(platform: Platform) -> Platform:
    """Two active tenants and a removed one."""
    for tenant in ("acme", "globex", "initech"):
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "https://example.org"))
    platform.tenants.update(replace(platform.tenants.get("initech"), active=False))
    return platform


def asked(platform: Platform) -> dict[str, Request]:
    """The waiting requests by tenant."""
    found = [request for request in requests(platform) if request.state is State.QUEUED]
    assert len({request.tenant_id for request in found}) == len(found)
    return {request.tenant_id: request for request in found}


def end(platform: Platform, state: str, ago: timedelta = timedelta()) -> None:
    """Let all that waits end in this way, some time ago."""
    statement = """
        UPDATE sync.requests SET state = %(state)s, asked_at = now() - %(ago)s,
          ended_at = now() - %(ago)s
        WHERE state = 'queued'
    """
    with platform.database.as_control() as connection:
        connection.execute(statement, {"state": state, "ago": ago})
        connection.execute(
            "UPDATE sync.tenants SET changed_at = changed_at - %(ago)s", {"ago": ago}
        )


def test_new_tenants_get_their_partitions_and_their_first_sync(
    warehouse: Platform, dagster: Dagster
):
    context = dg.build_sensor_context(
        dagster.instance, definitions=defs, resources={"platform": PlatformResource()}
    )
    answer = defs.resolve_sensor_def("wordpress_tenants")(context)
    assert isinstance(answer, dg.SensorResult)
    [addition] = answer.dynamic_partitions_requests or []
    assert isinstance(addition, dg.AddDynamicPartitionsRequest)
    assert addition.partitions_def_name == TENANTS
    assert list(addition.partition_keys) == ["acme", "globex"]
    assert set(asked(warehouse)) == {"acme", "globex"}


def test_a_tenant_is_asked_for_once(warehouse: Platform, dagster: Dagster):
    dagster.sense("wordpress_tenants")
    end(warehouse, "completed")
    dagster.sense("wordpress_tenants")
    assert asked(warehouse) == {}


@pytest.mark.usefixtures("warehouse")
def test_a_removed_tenant_loses_its_partition(dagster: Dagster):
    dagster.know("acme", "globex", "initech")
    context = dg.build_sensor_context(
        dagster.instance, definitions=defs, resources={"platform": PlatformResource()}
    )
    answer = defs.resolve_sensor_def("wordpress_tenants")(context)
    assert isinstance(answer, dg.SensorResult)
    [deletion] = answer.dynamic_partitions_requests or []
    assert isinstance(deletion, dg.DeleteDynamicPartitionsRequest)
    assert list(deletion.partition_keys) == ["initech"]


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"settings": {"post_types": "eventos"}}, True),
        ({"url": "https://example.com"}, True),
        ({"credentials": Credentials("sync", "another")}, True),
        ({"organization": "other"}, False),
    ],
)
def test_a_change_that_a_sync_would_notice_is_followed_by_one(
    warehouse: Platform, dagster: Dagster, change: dict[str, object], asks: bool
):
    dagster.sense("wordpress_tenants")
    end(warehouse, "completed")
    warehouse.tenants.update(replace(warehouse.tenants.get("acme"), **change))
    dagster.sense("wordpress_tenants")
    assert set(asked(warehouse)) == ({"acme"} if asks else set())


def ticked(name: str, due: datetime, instance: dg.DagsterInstance) -> str:
    """What a schedule's tick says."""
    context = dg.build_schedule_context(
        instance, scheduled_execution_time=due, resources={"platform": PlatformResource()}
    )
    data = defs.resolve_schedule_def(name).evaluate_tick(context)
    assert not data.run_requests
    return str(data.skip_message)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=SAO_PAULO)


@pytest.mark.parametrize(("kind", "full"), [("full", True), ("incremental", False)])
def test_a_schedule_asks_for_all_active_tenants_behind_what_people_ask_for(
    warehouse: Platform, instance: dg.DagsterInstance, kind: str, full: bool
):
    ticked(f"wordpress_{kind}", at(4, 15), instance)
    found = asked(warehouse)
    assert set(found) == {"acme", "globex"}
    assert {request.options.full for request in found.values()} == {full}
    assert {request.queue for request in found.values()} == {"sync_bulk"}


def test_sweeps_that_are_slower_than_the_clock_do_not_pile_up(
    warehouse: Platform, instance: dg.DagsterInstance
):
    ticked("wordpress_incremental", at(4, 15), instance)
    said = ticked("wordpress_incremental", at(4, 30), instance)
    assert said == "Asked for 0 syncs; 2 more waited already."
    assert len(asked(warehouse)) == 2


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("zone", [SAO_PAULO, UTC])
def test_the_full_sync_of_three_in_the_night_replaces_the_incremental_one(
    instance: dg.DagsterInstance, zone: ZoneInfo
):
    due = at(3, 0).astimezone(zone)
    said = ticked("wordpress_incremental", due, instance)
    assert said == "The full sync of this hour does it all."
    afternoon = ticked("wordpress_incremental", due + timedelta(hours=12), instance)
    assert afternoon.startswith("Asked for 2 syncs")


@pytest.mark.usefixtures("platform")
def test_without_tenants_a_schedule_asks_for_nothing(instance: dg.DagsterInstance):
    assert ticked("wordpress_full", at(3, 0), instance) == "There is nobody to ask for."


def test_a_tenant_that_fails_is_left_to_the_recovery_which_waits(
    warehouse: Platform, dagster: Dagster
):
    ticked("wordpress_incremental", at(4, 15), dagster.instance)
    end(warehouse, "failed", timedelta(minutes=29))
    ticked("wordpress_incremental", at(4, 30), dagster.instance)
    dagster.sense("wordpress_recovery")
    assert asked(warehouse) == {}
    with warehouse.database.as_control() as connection:
        connection.execute("UPDATE sync.requests SET ended_at = now() - interval '31 min'")
    dagster.sense("wordpress_recovery")
    assert {request.attempts for request in asked(warehouse).values()} == {1}
    assert set(asked(warehouse)) == {"acme", "globex"}


def test_a_tenant_with_a_schedule_of_its_own_is_asked_for_by_that_alone(
    warehouse: Platform, dagster: Dagster
):
    dagster.sense("wordpress_tenants")
    end(warehouse, "completed", timedelta(hours=2))
    hourly = replace(warehouse.tenants.get("acme"), schedule="0 * * * *")
    never = replace(warehouse.tenants.get("globex"), schedule="off")
    for tenant in (hourly, never):
        warehouse.tenants.update(tenant)
    ticked("wordpress_incremental", at(4, 15), dagster.instance)
    assert asked(warehouse) == {}
    dagster.sense("wordpress_tenants")
    assert set(asked(warehouse)) == {"acme"}
    end(warehouse, "completed")
    dagster.sense("wordpress_tenants")
    assert asked(warehouse) == {}
