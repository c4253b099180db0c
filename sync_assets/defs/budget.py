"""Goes on embedding where a budget allows it again: in a new month, or because it was raised."""

from collections.abc import Iterator
from itertools import islice

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import Priority
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.defs.asking import said
from sync_assets.defs.resources import PlatformResource
from sync_assets.enqueue import enqueue

MOST = 100
"""Tenants that a tick asks for."""

EVERY = 5 * 60  # seconds


def budget_of(source: SourceSpec) -> list[dg.SensorDefinition]:
    """The sensor `{source}_budget`, where the source has texts."""
    if not source.texts:
        return []

    @dg.sensor(
        name=f"{source.name}_budget",
        job_name=f"{source.name}_sweep",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Asks for the embeddings of tenants of {source.title} that a spent or blocked "
        "budget kept back, once there is room for them.",
    )
    def tick(_context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
        with platform.open() as opened:
            tenants = list(islice(_allowed_again(opened, source.name), MOST))
            asked = enqueue(
                opened,
                tenants,
                streams=[EMBEDDINGS],
                priority=Priority.LOW,
                asked_by="sensor:budget",
                strict=False,
            )
        return dg.SkipReason(said(asked))

    return [tick]


def _allowed_again(platform: Platform, source: str) -> Iterator[str]:
    for tenant, next_call in platform.due.kept_back(source):
        if platform.budgets.standing(tenant, next_call).state.lets_spend:
            yield tenant
