"""The sensor `alerts`: tells the operator's webhook of requests that failed for good."""

import dagster as dg

from sync_assets.defs.resources import PlatformResource
from sync_assets.settings import Settings
from sync_assets.store.alerts import Alerts
from sync_assets.upkeep.alerting import tell_failures

EVERY = 30
"""Seconds between two looks."""


def alerts_sensors() -> list[dg.SensorDefinition]:
    """The sensor; none where there is no webhook, because each tick costs a second of CPU."""
    return [_alerts()] if Settings().alert_webhook is not None else []


def _alerts() -> dg.SensorDefinition:
    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the webhook of SYNC_ASSETS_ALERT_WEBHOOK of each request that failed "
        "for good; what it did not hear is told again.",
    )
    def tick(_context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
        with platform.open() as opened:
            hook = opened.settings.alert_webhook
            if hook is None:
                return dg.SkipReason("There is no webhook.")
            heard = tell_failures(Alerts(opened.database), hook.get_secret_value())
        return dg.SkipReason(f"Told of {heard} failed requests.")

    return tick
