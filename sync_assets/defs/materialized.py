"""Tells Dagster what was materialized: many tenants at once, where a sweep has them."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
from dagster._core.events import (
    DagsterEvent,
    DagsterEventBatchMetadata,
    generate_event_batch_id,
)


def log_materializations(
    context: dg.OpExecutionContext, found: Iterable[dg.AssetMaterialization]
) -> None:
    """Log materializations, those of an asset in two transactions together instead of two each.

    Dagster has no public way to log several at once, although its storage can store them so, and
    does for an asset that was materialized for several partitions (`DAGSTER_EVENT_BATCH_SIZE`).
    """
    by_key: dict[dg.AssetKey, list[dg.AssetMaterialization]] = {}
    for each in found:
        by_key.setdefault(each.asset_key, []).append(each)
    step: Any = context.get_step_execution_context()
    for together in by_key.values():
        batch = generate_event_batch_id()
        for number, each in enumerate(together, 1):
            place = DagsterEventBatchMetadata(batch, is_end=number == len(together))
            DagsterEvent.asset_materialization(step, each, place)
