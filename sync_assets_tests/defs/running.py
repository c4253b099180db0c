"""Runs the jobs of the location in this process, and reads what Dagster and the store know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlalchemy import text

from sync_assets.bootstrap import Platform
from sync_assets.definitions import defs

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


def streams(platform: Platform, sync_id: object) -> dict[str, tuple[str, str | None]]:
    """How the streams of a sync stand in the store, and why."""
    query = text("SELECT stream, status, error FROM sync.streams WHERE sync_id = :id")
    with platform.database.as_control() as connection:
        rows = connection.execute(query, {"id": str(sync_id)}).all()
    return {row.stream: (row.status, row.error) for row in rows}


def leases(platform: Platform) -> int:
    """How many leases are held."""
    with platform.database.as_control() as connection:
        return connection.execute(text("SELECT count(*) FROM sync.leases")).scalar_one()


def _sentence(data: Any) -> str:
    return data.user_failure_data.description if data.user_failure_data else str(data.error)
