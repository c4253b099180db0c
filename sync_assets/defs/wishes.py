"""Does the upkeep that somebody wishes for before its time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import dagster as dg

from sync_assets.defs.maintenance import TAGS
from sync_assets.defs.resources import PlatformResource

NAME = "upkeep_wishes"


def wishes_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """The sensor `upkeep_wishes`, for the jobs of the upkeep; a wish is named after its job."""
    known = {job.name for job in jobs}

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the upkeep that somebody has asked the gateway for.",
    )
    def tick(
        context: dg.SensorEvaluationContext, platform: PlatformResource
    ) -> dg.SensorResult | dg.SkipReason:
        with platform.open() as opened:
            # The cursor of a tick that failed is forgotten, and with it nothing but its run keys:
            # a wish is taken only once Dagster has its run.
            opened.wishes.taken([UUID(wish) for wish in (context.cursor or "").split()])
            waiting = [wish for wish in opened.wishes.waiting() if wish.task in known]
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=str(wish.id), job_name=wish.task, tags=TAGS)
                for wish in waiting
            ],
            cursor=" ".join(str(wish.id) for wish in waiting),
        )

    return tick
