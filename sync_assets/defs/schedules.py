"""Every day a full sync, every quarter of an hour an incremental one, of all active tenants."""

from zoneinfo import ZoneInfo

import dagster as dg

from sync_assets.core.ports import SyncOptions
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.enqueue import enqueue
from sync_assets.defs.resources import PlatformResource
from sync_assets.settings import Settings

FULL = "0 3 * * *"
INCREMENTAL = "*/15 * * * *"


def schedules_of(source: SourceSpec) -> list[dg.ScheduleDefinition]:
    """The schedules `{source}_full` and `{source}_incremental`."""
    return [
        _schedule(source, "full", FULL, SyncOptions(full=True)),
        _schedule(source, "incremental", INCREMENTAL, SyncOptions()),
    ]


def _schedule(
    source: SourceSpec, kind: str, cron: str, options: SyncOptions
) -> dg.ScheduleDefinition:
    name, zone = f"{source.name}_{kind}", ZoneInfo(Settings().timezone)

    @dg.schedule(
        name=name,
        job_name=f"{source.name}_sweep",
        cron_schedule=cron,
        execution_timezone=zone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"An {kind} sync of all active tenants of {source.title}."
        if kind == "incremental"
        else f"A full sync of all active tenants of {source.title}, for what moves no time stamp.",
    )
    def tick(
        context: dg.ScheduleEvaluationContext, platform: PlatformResource
    ) -> dg.RunRequest | dg.SkipReason:
        due = context.scheduled_execution_time.astimezone(zone)
        if not options.full and (due.hour, due.minute) == (3, 0):
            return dg.SkipReason("The full sync of this hour does it all.")
        if _waits(context.instance, name):
            return dg.SkipReason("The sweep before this one still waits for its turn.")
        with platform.open() as opened:
            tenants = opened.tenants.ids(source.name)
        if not tenants:
            return dg.SkipReason(f"There is no active tenant of {source.title}.")
        return enqueue(source.name, tenants, options, key=f"{kind}:{due.isoformat()}")

    return tick


def _waits(instance: dg.DagsterInstance, schedule: str) -> bool:
    """Is a run of this schedule queued? Sweeps slower than the clock would pile up otherwise."""
    tags = {"dagster/schedule_name": schedule}
    queued = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.QUEUED])
    return instance.get_runs_count(queued) > 0
