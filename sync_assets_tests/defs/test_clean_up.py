"""Old runs go with their event logs; what Dagster shows stays as it is."""

import time
from collections.abc import Generator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs import old_runs
from sync_assets.defs.checks import CHECKS
from sync_assets.defs.old_runs import Deleted, delete_old_runs
from sync_assets.environment import environment
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, TENANTS, Dagster, latest, shown
from sync_assets_tests.upkeep.past import Past

pytestmark = pytest.mark.postgres

CHECK_KEYS = [
    dg.AssetCheckKey(dg.AssetKey(["wordpress", stream]), check)
    for stream in STREAMS
    for check in CHECKS
]


@pytest.fixture
def instance(platform: Platform, tmp_path: Path) -> Generator[dg.DagsterInstance]:
    """An instance in the test's database, as in production."""
    url = environment(platform)["SYNC_ASSETS_DAGSTER_URL"]
    storage = {"storage": {"postgres": {"postgres_url": url}}, "telemetry": {"enabled": False}}
    folder = tmp_path / "dagster"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder), overrides=storage) as instance:
        yield instance


@dg.job
def nothing() -> None:
    """A run that nothing shows."""

    @dg.op
    def nothing_at_all() -> None: ...

    nothing_at_all()


def run(instance: dg.DagsterInstance, **tags: str) -> str:
    return nothing.execute_in_process(instance=instance, tags=tags).run_id


def clean(instance: dg.DagsterInstance, *needed: str, days: float = -1) -> Deleted:
    """Clean up as if all that was done were a day older."""
    before, until = utc_now() - timedelta(days=days), time.monotonic() + 60
    return delete_old_runs(instance, before, CHECK_KEYS, needed, until)


def runs(instance: dg.DagsterInstance) -> set[str]:
    return {record.dagster_run.run_id for record in instance.get_run_records()}


def states(instance: dg.DagsterInstance, tenant: str) -> dict[tuple[str, str], Any]:
    """All that Dagster shows of a tenant."""
    partitions = {
        (stream, "partition"): instance.get_status_by_partition(
            dg.AssetKey(["wordpress", stream]),
            [tenant],
            dg.DynamicPartitionsDefinition(name=TENANTS),
        )
        for stream in STREAMS
    }
    checks = {
        (stream, check): shown(instance, check, tenant, stream)
        for stream in STREAMS
        for check in CHECKS
    }
    return {**partitions, **checks}


def test_an_old_run_goes_with_its_events_and_output(instance: dg.DagsterInstance):
    run_id = run(instance)
    written = instance.compute_log_manager.get_log_metadata([run_id, "compute_logs", "any"])
    folder = Path(str(written.stdout_location)).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "any.out").write_text("printed")
    assert clean(instance) == Deleted(1, 0)
    assert runs(instance) == set()
    assert instance.all_logs(run_id) == []
    assert not folder.exists()


def test_a_new_run_stays(instance: dg.DagsterInstance):
    run_id = run(instance)
    assert clean(instance, days=1) == Deleted(0, 0)
    assert runs(instance) == {run_id}


@pytest.mark.parametrize("hours", [-11, 13])
def test_a_run_is_as_old_by_the_clocks_of_every_zone(instance: dg.DagsterInstance, hours: int):
    there, until = timezone(timedelta(hours=hours)), time.monotonic() + 60
    run_id, moment = run(instance), timedelta(minutes=1)
    earlier, later = (utc_now().astimezone(there) + shift for shift in (-moment, moment))
    assert delete_old_runs(instance, earlier, CHECK_KEYS, (), until) == Deleted(0, 0)
    assert runs(instance) == {run_id}
    assert delete_old_runs(instance, later, CHECK_KEYS, (), until) == Deleted(1, 0)


def test_a_run_that_a_request_needs_stays(instance: dg.DagsterInstance):
    needed = run(instance)
    run(instance)
    assert clean(instance, needed) == Deleted(1, 1)
    assert runs(instance) == {needed}


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_run_that_goes_on_stays_with_the_one_that_it_repeats(
    instance: dg.DagsterInstance, status: str
):
    root, other = run(instance), run(instance)
    going = instance.create_run_for_job(
        nothing,
        status=dg.DagsterRunStatus[status],
        parent_run_id=root,
        root_run_id=root,
        run_id=str(uuid4()),
    )
    assert clean(instance) == Deleted(1, 1)
    assert runs(instance) == {root, going.run_id}
    assert other not in runs(instance)


@pytest.mark.parametrize(
    ("status", "stays"),
    [("REQUESTED", True), ("CANCELING", True), ("COMPLETED_SUCCESS", False), ("FAILED", False)],
)
def test_a_run_of_a_backfill_that_goes_on_stays(
    instance: dg.DagsterInstance, status: str, stays: bool
):
    run_id = run(instance, **{"dagster/backfill": "fillup"})
    instance.add_backfill(_backfill("fillup", status))
    clean(instance)
    assert (run_id in runs(instance)) is stays


def _backfill(name: str, status: str) -> Any:
    """The class is not public; what an instance stores is."""
    from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

    return PartitionBackfill(
        name,
        BulkActionStatus[status],
        from_failure=False,
        tags={},
        backfill_timestamp=time.time(),
    )


def test_what_dagster_shows_of_each_partition_stays(
    instance: dg.DagsterInstance, platform: Platform, acme: Tenant, demo_site: Any
):
    dagster = Dagster(instance)
    register(platform, "globex", demo_site)
    old = dagster.sync(acme.id).run_id
    first = dagster.sync("globex").run_id
    newest = dagster.sync(acme.id).run_id
    sweep = dagster.sweep([acme.id]).run_id
    before = {tenant: states(instance, tenant) for tenant in (acme.id, "globex")}
    assert all(before["globex"][stream, check] for stream in STREAMS for check in CHECKS)
    assert clean(instance) == Deleted(2, 2)
    assert runs(instance) == {first, sweep}
    assert {tenant: states(instance, tenant) for tenant in before} == before
    for stream in STREAMS:
        assert dagster.materialized(stream) == {acme.id, "globex"}
        [record] = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(["wordpress", stream]), asset_partitions=["globex"]),
            limit=5,
        ).records
        assert record.run_id == first
    assert {old, newest}.isdisjoint(runs(instance))


def test_a_run_is_kept_for_a_single_partition(
    instance: dg.DagsterInstance, platform: Platform, acme: Tenant, demo_site: Any
):
    dagster = Dagster(instance)
    register(platform, "globex", demo_site)
    dagster.know(acme.id, "globex")
    sweep = dagster.sweep([acme.id, "globex"]).run_id
    dagster.sync(acme.id)
    assert clean(instance) == Deleted(0, 2)
    assert sweep in runs(instance)


def test_for_a_removed_tenant_nothing_is_kept(instance: dg.DagsterInstance, acme: Tenant):
    Dagster(instance).sync(acme.id)
    instance.delete_dynamic_partition(TENANTS, acme.id)
    assert clean(instance) == Deleted(1, 0)


def test_a_run_that_told_the_current_result_of_a_check_stays(
    instance: dg.DagsterInstance, acme: Tenant
):
    dagster = Dagster(instance)
    synced = dagster.sync(acme.id).run_id
    told = tell_again(instance, acme.id)
    assert shown(instance, "fresh", acme.id, "posts") is False
    assert clean(instance) == Deleted(0, 2)
    assert runs(instance) == {synced, told}
    later = tell_again(instance, acme.id)
    assert clean(instance) == Deleted(1, 2)
    assert runs(instance) == {synced, later}
    assert shown(instance, "fresh", acme.id, "posts") is False


def tell_again(instance: dg.DagsterInstance, tenant: str) -> str:
    """A run that tells that posts are stale, as the sensor of freshness does."""
    from sync_assets.defs.checks import freshness
    from sync_assets.defs.telling import log

    @dg.op
    def told(context: dg.OpExecutionContext) -> None:
        log(context, freshness(dg.AssetKey(["wordpress", "posts"]), None), tenant)

    @dg.job
    def telling() -> None:
        told()

    return telling.execute_in_process(instance=instance).run_id


def test_a_night_ends_and_the_next_one_goes_on(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(old_runs, "MOST", 3)
    monkeypatch.setattr(old_runs, "_PAGE", 2)
    ids = [run(instance) for _ in range(5)]
    assert clean(instance) == Deleted(3, 0)
    assert runs(instance) == set(ids[3:])  # the oldest go first
    assert clean(instance) == Deleted(2, 0)


def test_nothing_is_deleted_when_the_time_is_over(instance: dg.DagsterInstance):
    run(instance)
    over = time.monotonic() - 1
    assert delete_old_runs(instance, utc_now(), [], (), over) == Deleted(0, 0)


def results(platform: Platform) -> int:
    query = "SELECT count(*) FROM dagster.asset_check_executions"
    with platform.database.as_owner() as connection:
        return connection.execute(query).scalar_one()


def test_the_job_cleans_up_everything_and_says_how_much(
    instance: dg.DagsterInstance, platform: Platform, acme: Tenant
):
    dagster, past = Dagster(instance), Past(platform)
    old, new = dagster.sync(acme.id).run_id, dagster.sync(acme.id).run_id
    age(platform, old, new)
    assert results(platform) == 32
    ended = past.done(acme.id, 40, "nothing")
    past.done(acme.id, 1, "nothing")
    shown_before = states(instance, acme.id)
    job = defs.resolve_job_def("clean_up")
    result = job.execute_in_process(instance=instance)
    assert result.output_for_node("clean_up_everything") == {
        "requests": 1,
        "log_lines": 0,
        "dead_letters": 0,
        "changes": 0,
        "paces": 0,
        "hints": 0,
        "audit": 0,
        "answers": 0,
        "upkeep_wishes": 0,
        "runs": 1,
        "runs_kept": 1,
        "check_results": 16,
    }
    assert ended not in past.ids("requests")
    assert old not in runs(instance)
    assert results(platform) == 16
    assert states(instance, acme.id) == shown_before
    assert latest(instance, "adds_up", acme.id) is True
    [event] = [e for e in result.all_events if e.is_successful_output]
    metadata = event.step_output_data.metadata
    assert metadata["runs"].value == 1


def age(platform: Platform, *run_ids: str) -> None:
    """Let these runs be eight days old."""
    with platform.database.as_owner() as connection:
        for statement in (
            "UPDATE dagster.runs SET update_timestamp = update_timestamp - interval '8 days'",
            "UPDATE dagster.asset_check_executions SET evaluation_event_timestamp ="
            " evaluation_event_timestamp - interval '8 days'",
        ):
            where = f"{statement} WHERE run_id = ANY(%(ids)s)"
            connection.execute(where, {"ids": list(run_ids)})


def test_zero_keeps_all_runs(
    instance: dg.DagsterInstance, platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNC_ASSETS_KEEP_RUNS_DAYS", "0")
    run_id = run(instance)
    age(platform, run_id)
    assert defs.resolve_job_def("clean_up").execute_in_process(instance=instance).success
    assert run_id in runs(instance)
