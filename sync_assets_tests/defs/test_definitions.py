"""What Dagster loads equals the registry, and loading it needs and starts nothing."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from sync_assets import definitions
from sync_assets.core.ports import SyncOptions
from sync_assets.core.streams import SourceSpec, StreamSpec
from sync_assets.definitions import defs
from sync_assets.defs.checks import CHECKS, steps_name
from sync_assets.settings import PROJECT
from sync_assets.sources import SPECS

REPOSITORY = defs.get_repository_def()
ALL_STREAMS = [(source, stream) for source in SPECS for stream in source.streams]
EACH_STREAM = pytest.mark.parametrize(
    ("source", "stream"), ALL_STREAMS, ids=[f"{s.name}/{t.name}" for s, t in ALL_STREAMS]
)
EACH_SOURCE = pytest.mark.parametrize("source", SPECS, ids=[source.name for source in SPECS])

LOAD = """
import socket, subprocess

import dagster  # runs a command itself, to learn about the machine

def refuse(_, *arguments, **names):
    raise AssertionError(f"importing did something: {arguments}")

socket.socket.connect = socket.socket.connect_ex = refuse
subprocess.Popen.__init__ = refuse
from sync_assets.definitions import defs
print(*sorted(job.name for job in defs.get_repository_def().get_all_jobs()))
"""


def assets() -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in defs.resolve_all_asset_specs()}


def names(things: Iterable[object]) -> set[str]:
    return {str(getattr(thing, "name")) for thing in things}  # noqa: B009


def test_it_loads_without_database_secrets_or_network(tmp_path: Path):
    done = run(LOAD, SYNC_ASSETS_HOME=str(tmp_path / "home"))
    assert done.stderr == ""
    assert "wordpress_sweep wordpress_sync" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_time_zone_that_does_not_exist_is_named():
    done = run("import sync_assets.definitions", SYNC_ASSETS_TIMEZONE="Mars/Olympus")
    assert done.returncode != 0
    assert "SYNC_ASSETS_TIMEZONE is 'Mars/Olympus', which is no time zone." in done.stderr


def test_another_time_zone_moves_the_schedules():
    script = "from sync_assets.definitions import defs;"
    script += "print(defs.resolve_schedule_def('wordpress_full').execution_timezone)"
    assert run(script, SYNC_ASSETS_TIMEZONE="Europe/Lisbon").stdout == "Europe/Lisbon\n"


def run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own interpreter and scripts
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_assets_are_those_of_the_registry():
    upkeep = {dg.AssetKey(["sync_assets", name]) for name in ("health", "statistics")}
    parts = {dg.AssetKey([source.name, part]) for source in SPECS for part in source.parts}
    assert set(assets()) == parts | upkeep


@EACH_STREAM
def test_an_asset_says_what_it_is(source: SourceSpec, stream: StreamSpec):
    spec = assets()[dg.AssetKey([source.name, stream.name])]
    assert spec.group_name == source.name
    assert spec.description == stream.description
    assert spec.kinds == {source.name, "postgres"}
    assert spec.partitions_def == dg.DynamicPartitionsDefinition(name=f"{source.name}_tenants")
    assert spec.metadata["dagster/table_name"] == f"cms.{stream.table.name}"
    schema = spec.metadata["dagster/column_schema"]
    columns = [stream.table.key, *(column.name for column in stream.table.columns)]
    assert [column.name for column in schema.columns] == columns


@EACH_STREAM
def test_an_asset_depends_on_the_streams_that_it_needs(source: SourceSpec, stream: StreamSpec):
    spec = assets()[dg.AssetKey([source.name, stream.name])]
    needed = {dg.AssetKey([source.name, need]) for need in stream.needs}
    assert {dependency.asset_key for dependency in spec.deps} == needed


def test_terms_come_before_media_before_pages_before_posts():
    order = [
        [key.path[1] for key in sorted(level) if key.path[0] == "wordpress"]
        for level in defs.resolve_asset_graph().toposorted_asset_keys_by_level
    ]
    assert order == [["terms"], ["media"], ["pages"], ["posts"], ["embeddings"]]


@EACH_STREAM
def test_checks_are_steps_where_they_are_asked_for(source: SourceSpec, stream: StreamSpec):
    job = defs.resolve_implicit_global_asset_job_def()
    assert job.has_node_named(steps_name(source.name, stream.name))


@EACH_STREAM
def test_every_stream_has_every_check(source: SourceSpec, stream: StreamSpec):
    graph = defs.resolve_asset_graph()
    key = dg.AssetKey([source.name, stream.name])
    found = {check.name for check in graph.asset_check_keys if check.asset_key == key}
    assert found == set(CHECKS)


@EACH_SOURCE
def test_a_source_has_its_jobs_schedules_and_sensors(source: SourceSpec):
    jobs = {name for name in names(REPOSITORY.get_all_jobs()) if not name.startswith("__")}
    assert {f"{source.name}_sync", f"{source.name}_sweep"} <= jobs
    assert {f"{source.name}_full", f"{source.name}_incremental"} <= names(REPOSITORY.schedule_defs)
    sensors = {f"{source.name}_{what}" for what in ("tenants", "recovery", "freshness", "budget")}
    assert sensors <= names(REPOSITORY.sensor_defs)


def test_there_is_nothing_beside_what_the_sources_have_but_requests_and_upkeep():
    jobs = {name for name in names(REPOSITORY.get_all_jobs()) if not name.startswith("__")}
    upkeep = {"clean_up", "statistics", "health"}
    assert len(jobs - upkeep) == 2 * len(SPECS)
    assert len(REPOSITORY.schedule_defs) == 2 * len(SPECS) + len(upkeep)
    own = names(REPOSITORY.sensor_defs) - {"requests", "alerts", "webhooks", "upkeep_wishes"}
    assert len(own) == 4 * len(SPECS)


@EACH_SOURCE
def test_the_sync_job_has_a_step_for_each_part_and_no_other(source: SourceSpec):
    job = defs.resolve_job_def(f"{source.name}_sync")
    keys = {dg.AssetKey([source.name, part]) for part in source.parts}
    assert job.asset_layer.executable_asset_keys == keys
    assert {node.name for node in job.nodes} == {"__".join(key.path) for key in keys}
    assert job.partitions_def == dg.DynamicPartitionsDefinition(name=f"{source.name}_tenants")


@pytest.mark.parametrize("job", ["wordpress_sync", "wordpress_sweep", "__ASSET_JOB"])
def test_every_job_runs_in_one_process(job: str):
    assert REPOSITORY.get_job(job).executor_def is dg.in_process_executor


@pytest.mark.parametrize(("kind", "cron"), [("full", "0 3 * * *"), ("incremental", "*/15 * * * *")])
@EACH_SOURCE
def test_a_schedule_runs_by_the_local_clock(source: SourceSpec, kind: str, cron: str):
    schedule = REPOSITORY.get_schedule_def(f"{source.name}_{kind}")
    assert schedule.cron_schedule == cron
    assert schedule.execution_timezone == "America/Sao_Paulo"
    assert schedule.job_name == f"{source.name}_sweep"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_sensor_runs_without_being_switched_on():
    for sensor in REPOSITORY.sensor_defs:
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


OPTIONS = {field.name for field in fields(SyncOptions)}


@EACH_SOURCE
def test_the_run_config_has_the_options_and_no_secret(source: SourceSpec):
    sync = REPOSITORY.get_job(f"{source.name}_sync")
    for stream in source.streams:
        assert config_fields(sync, f"{source.name}__{stream.name}") == OPTIONS
    sweep = REPOSITORY.get_job(f"{source.name}_sweep")
    assert config_fields(sweep, f"{source.name}_sweep_tenants") == OPTIONS | {"tenants"}


def config_fields(job: dg.JobDefinition, op: str) -> set[str]:
    schema: Any = job.get_node_named(op).definition.config_schema
    return set(schema.as_field().config_type.fields)


@pytest.mark.parametrize("size", [0, 101])
def test_a_batch_that_no_source_allows_is_refused(size: int):
    wish = {"ops": {"wordpress_sweep_tenants": {"config": {"tenants": [], "batch_size": size}}}}
    with pytest.raises(ValidationError, match="batch_size"):
        defs.resolve_job_def("wordpress_sweep").execute_in_process(run_config=wish)


def test_the_definitions_are_short():
    path = Path(str(definitions.__file__))
    assert len(path.read_text().splitlines()) < 100


def test_only_one_place_launches_syncs_and_one_upkeep():
    folder = PROJECT / "sync_assets" / "defs"
    makers = {path.name for path in folder.glob("*.py") if "RunRequest(" in path.read_text()}
    assert makers == {"requests.py", "wishes.py"}
