"""The sensor `webhooks`: sends the tenants' changes to their own addresses."""

import dagster as dg

from sync_assets.defs.resources import PlatformResource
from sync_assets.upkeep.webhooks import deliver

EVERY = 30
"""Seconds between the beginnings of two ticks; each costs a second of CPU."""

LISTENS = 25
"""Seconds for which a tick sends what comes. With the last deliveries it stays below the 60 that
Dagster gives a sensor."""


def webhooks_sensor() -> dg.SensorDefinition:
    """The sensor; where no tenant has a webhook, its ticks end at once."""

    @dg.sensor(
        name="webhooks",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends what changed to the webhooks of tenants within seconds; what one does "
        "not hear is sent again, later each time, for three days.",
    )
    def tick(_context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
        with platform.open() as opened:
            heard = deliver(opened, LISTENS)
        return dg.SkipReason(f"{heard} changes were heard.")

    return tick
