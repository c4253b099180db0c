"""Every day a full sync, every quarter of an hour an incremental one, of all active tenants."""

from zoneinfo import ZoneInfo

import dagster as dg

from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.core.requests import Asked
from sync_assets.core.schedules import FULL, INCREMENTAL
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.asking import said
from sync_assets.defs.resources import PlatformResource
from sync_assets.enqueue import enqueue
from sync_assets.settings import Settings


def schedules_of(source: SourceSpec) -> list[dg.ScheduleDefinition]:
    """The schedules `{source}_full` and `{source}_incremental`."""
    return [
        _schedule(source, "full", FULL, SyncOptions(full=True)),
        _schedule(source, "incremental", INCREMENTAL, SyncOptions()),
    ]


def _schedule(
    source: SourceSpec, kind: str, cron: str, options: SyncOptions
) -> dg.ScheduleDefinition:
    zone = ZoneInfo(Settings().timezone)

    @dg.schedule(
        name=f"{source.name}_{kind}",
        job_name=f"{source.name}_sweep",
        cron_schedule=cron,
        execution_timezone=zone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Asks for an {kind} sync of all active tenants of {source.title}."
        if kind == "incremental"
        else f"Asks for a full sync of all active tenants of {source.title}, for what moves no "
        "time stamp.",
    )
    def tick(context: dg.ScheduleEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
        due = context.scheduled_execution_time.astimezone(zone)
        if not options.full and (due.hour, due.minute) == (3, 0):
            return dg.SkipReason("The full sync of this hour does it all.")
        with platform.open() as opened:
            asked: list[Asked] = []
            for tenants, streams in (
                (opened.due.scheduled(source.name), []),
                (opened.due.content_only(source.name), [each.name for each in source.streams]),
            ):
                asked += enqueue(
                    opened,
                    tenants,
                    options,
                    streams=streams,
                    priority=Priority.LOW,
                    asked_by=f"schedule:{kind}",
                    strict=False,
                )
        return dg.SkipReason(said(asked))

    return tick
