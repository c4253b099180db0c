"""The upkeep of the installation, and when it is done, by the clock of the configured zone."""

import dagster as dg

from sync_assets.defs import health, statistics
from sync_assets.defs.alerts import alerts_sensors
from sync_assets.defs.checks import CHECKS
from sync_assets.defs.clean_up import clean_up_job
from sync_assets.defs.keys import asset_key
from sync_assets.defs.webhooks import webhooks_sensor
from sync_assets.defs.wishes import wishes_sensor
from sync_assets.settings import Settings
from sync_assets.sources import SPECS

CRON = {
    "clean_up_daily": ("clean_up", "0 2 * * *", "Deletes what is older than its retention."),
    "statistics_daily": ("statistics", "0 5 * * *", "Counts the day before, tenant by tenant."),
    "health_half_hourly": ("health", "*/30 * * * *", "Checks the installation's health."),
}
"""Each schedule's job, times and purpose."""


def upkeep() -> dg.Definitions:
    """Jobs, assets, schedules and the sensors `alerts` and `webhooks`."""
    jobs = [clean_up_job(_checks()), health.health_job, statistics.statistics_job]
    return dg.Definitions(
        assets=[health.health, statistics.statistics],
        jobs=jobs,
        schedules=[_schedule(name, *what) for name, what in CRON.items()],
        sensors=[*alerts_sensors(), webhooks_sensor(), wishes_sensor(jobs)],
    )


def _schedule(name: str, job: str, cron: str, purpose: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name,
        job_name=job,
        cron_schedule=cron,
        description=purpose,
        execution_timezone=Settings().timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _checks() -> list[dg.AssetCheckKey]:
    """All checks that there are."""
    of_streams = [
        dg.AssetCheckKey(asset_key(source.name, stream.name), name)
        for source in SPECS
        for stream in source.streams
        for name in CHECKS
    ]
    return [*of_streams, *health.CHECK_KEYS]
