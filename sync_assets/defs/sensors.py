"""Ask for syncs that no common schedule asks for: first ones, changes, own schedules, failures."""

import logging
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
from cronsim import CronSim, CronSimError

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.queues import Priority
from sync_assets.core.requests import Asked
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.asking import said
from sync_assets.defs.budget import budget_of
from sync_assets.defs.freshness import freshness_of
from sync_assets.defs.partitions import tenants_of
from sync_assets.defs.resources import PlatformResource
from sync_assets.enqueue import enqueue
from sync_assets.settings import Settings
from sync_assets.store.due import OwnSchedule

_log = logging.getLogger(__name__)

MOST = 100
"""Tenants that a tick asks for: as many as one sweep takes."""

RECOVERY_EVERY = 15 * 60
"""Seconds between two looks at what fails: four sweeps an hour at most, however much is broken."""


def sensors_of(source: SourceSpec) -> list[dg.SensorDefinition]:
    """The sensors `{source}_tenants`, `_recovery`, `_freshness` and `_budget`."""
    return [_tenants(source), _recovery(source), freshness_of(source), *budget_of(source)]


def _tenants(source: SourceSpec) -> dg.SensorDefinition:
    partitions = tenants_of(source.name)
    name = f"{source.name}_tenants"

    @dg.sensor(
        name=name,
        job_name=f"{source.name}_sync",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Makes a partition for each new tenant of {source.title} and retires those "
        "of removed ones. Asks for the first sync, for one after each change of address, "
        "credentials or settings, and for those of tenants with a schedule of their own.",
    )
    def tick(
        context: dg.SensorEvaluationContext, platform: PlatformResource
    ) -> dg.SensorResult | dg.SkipReason:
        with platform.open() as opened:
            active = set(opened.tenants.ids(source.name))
            asked = [*_ask_for_changed(opened, source), *_ask_by_schedule(opened, source)]
        present = set(context.instance.get_dynamic_partitions(name))
        new, gone = sorted(active - present), sorted(present - active)
        return dg.SensorResult(
            skip_reason=said(asked),
            dynamic_partitions_requests=[
                *([partitions.build_add_request(new)] if new else []),
                *([partitions.build_delete_request(gone)] if gone else []),
            ],
        )

    return tick


def _recovery(source: SourceSpec) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{source.name}_recovery",
        job_name=f"{source.name}_sweep",
        minimum_interval_seconds=RECOVERY_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Asks again for tenants of {source.title} whose last sync failed: after half "
        "an hour, an hour, two, and so on up to a day. The schedules leave them alone meanwhile.",
    )
    def tick(_context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
        with platform.open() as opened:
            failing = opened.due.failing(source.name, MOST)
            asked = enqueue(
                opened,
                failing,
                priority=Priority.LOW,
                asked_by="sensor:recovery",
                attempts=1,
                strict=False,
            )
        return dg.SkipReason(said(asked))

    return tick


def _ask_for_changed(platform: Platform, source: SourceSpec) -> list[Asked]:
    changed = platform.due.changed(source.name, platform.streams(source.name), MOST)
    return enqueue(platform, changed, asked_by="sensor:tenants", strict=False)


def _ask_by_schedule(platform: Platform, source: SourceSpec) -> list[Asked]:
    zone = ZoneInfo(Settings().timezone)
    own = platform.due.own_schedules(source.name, platform.streams(source.name))
    due = list(_due(own, utc_now().astimezone(zone), zone))
    return enqueue(platform, due, priority=Priority.LOW, asked_by="schedule:own", strict=False)


def _due(own: list[OwnSchedule], now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """The tenants whose schedule had a moment since a sync was last asked for."""
    for schedule in own:
        try:
            moment = next(CronSim(schedule.cron, schedule.last.astimezone(zone)), None)
        except CronSimError:  # the commands let none in; whoever else wrote it hurts nobody else
            _log.exception("The schedule %r of %s is none", schedule.cron, schedule.tenant_id)
            continue
        if moment is not None and moment <= now:
            yield schedule.tenant_id
