"""Runs the jobs of the location in this process, and reads what Dagster and the store know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.partitions.context import (
    partition_loading_context,  # what the daemon's code server does; there is no public way
)

from sync_assets.bootstrap import Platform
from sync_assets.definitions import defs
from sync_assets.defs.resources import PlatformResource
from sync_assets.store.requests import Request, request_of

STREAMS = ("terms", "media", "pages", "posts")
TENANTS = "wordpress_tenants"


@dataclass(frozen=True, slots=True)
class Dagster:
    """The location's jobs on one instance."""

    instance: dg.DagsterInstance

    def know(self, *tenants: str) -> None:
        """Make partitions."""
        self.instance.add_dynamic_partitions(TENANTS, list(tenants))

    def sync(
        self, tenant: str, *, tags: Mapping[str, str] | None = None, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Run the job `wordpress_sync` for a tenant."""
        self.know(tenant)
        return defs.resolve_job_def("wordpress_sync").execute_in_process(
            instance=self.instance,
            partition_key=tenant,
            tags=dict(tags or {}),
            run_config={"ops": {f"wordpress__{name}": {"config": config} for name in STREAMS}},
            raise_on_error=False,
        )

    def sweep(self, tenants: Iterable[str], **config: Any) -> dg.ExecuteInProcessResult:
        """Run the job `wordpress_sweep` for some tenants."""
        wish = {"tenants": list(tenants), **config}
        return defs.resolve_job_def("wordpress_sweep").execute_in_process(
            instance=self.instance,
            run_config={"ops": {"wordpress_sweep_tenants": {"config": wish}}},
            raise_on_error=False,
        )

    def sense(self, name: str) -> tuple[list[dg.RunRequest], str]:
        """What a sensor asks for, as the daemon would see it, or why nothing."""
        context = dg.build_sensor_context(
            self.instance, definitions=defs, resources={"platform": PlatformResource()}
        )
        with partition_loading_context(dynamic_partitions_store=self.instance):
            data = defs.resolve_sensor_def(name).evaluate_tick(context)
        return list(data.run_requests or ()), str(data.skip_message)

    def execute(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Do a run that was asked for, as the daemon would launch it."""
        chosen = list(request.asset_selection or ())
        # Here, unlike there, a selection brings the steps of its checks along.
        part = chosen if 0 < len(chosen) < len(STREAMS) else None
        return defs.resolve_job_def(str(request.job_name)).execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            run_config=request.run_config,
            tags=dict(request.tags),
            asset_selection=part,
            raise_on_error=False,
        )

    def work(self) -> list[dg.ExecuteInProcessResult]:
        """One look at the requests, and all the runs that it asks for."""
        return [self.execute(request) for request in self.sense("requests")[0]]

    def materialized(self, stream: str) -> set[str]:
        """The tenants whose partition of this stream's asset was ever materialized."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey(["wordpress", stream])))


def failed_steps(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The sentence of each failed step."""
    events = result.filter_events(lambda event: event.is_step_failure)
    return {event.step_key or "": _sentence(event.step_failure_data) for event in events}


def started_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    """The steps that were tried."""
    return {e.step_key or "" for e in result.filter_events(lambda event: event.is_step_start)}


def evaluations(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    """Whether each check of each stream passed."""
    return {
        (found.asset_key.path[1], found.check_name): found.passed
        for found in result.get_asset_check_evaluations()
    }


def latest(
    instance: dg.DagsterInstance, check: str, tenant: str, stream: str = "posts"
) -> bool | None:
    """What Dagster's event log says last of a check of a tenant's stream; None for nothing."""
    key = dg.AssetCheckKey(dg.AssetKey(["wordpress", stream]), check)
    # There is no public way to ask for the checks of a partition yet, but in GraphQL.
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    events = [record.event.dagster_event for record in records if record.event]
    found = [event.asset_check_evaluation_data for event in events if event]
    return next((e.passed for e in found if e.partition == tenant), None)


def shown(instance: dg.DagsterInstance, check: str, tenant: str, stream: str) -> bool | None:
    """What Dagster shows for a partition of a check; None once what it was told is outdated."""
    key = dg.AssetCheckKey(dg.AssetKey(["wordpress", stream]), check)
    found = instance.event_log_storage.get_asset_check_partition_info([key])
    current = [info for info in found if info.partition_key == tenant and info.is_current]
    return current[0].latest_execution_status.value == "SUCCEEDED" if current else None


def rows(instance: dg.DagsterInstance, run_id: str) -> int:
    """How many rows of the event log a run has."""
    return len(instance.all_logs(run_id))


def streams(platform: Platform, sync_id: object) -> dict[str, tuple[str, str | None]]:
    """How the streams of a sync stand in the store, and why."""
    query = "SELECT stream, status, error FROM sync.streams WHERE sync_id = %(id)s"
    with platform.database.as_control() as connection:
        rows = connection.execute(query, {"id": str(sync_id)}).fetchall()
    return {row.stream: (row.status, row.error) for row in rows}


def requests(platform: Platform) -> list[Request]:
    """All requests, oldest first."""
    query = "SELECT * FROM sync.requests ORDER BY created_at, id"
    with platform.database.as_control() as connection:
        return [request_of(row) for row in connection.execute(query)]


def leases(platform: Platform) -> int:
    """How many leases are held."""
    with platform.database.as_control() as connection:
        return connection.execute("SELECT count(*) FROM sync.leases").scalar_one()


def _sentence(data: Any) -> str:
    return data.user_failure_data.description if data.user_failure_data else str(data.error)
