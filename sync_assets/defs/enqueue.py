"""The one way in which anything automatic starts a sync."""

from collections.abc import Sequence
from dataclasses import asdict

import dagster as dg

from sync_assets.core.ports import SyncOptions


def enqueue(
    source: str, tenants: Sequence[str], options: SyncOptions, *, key: str | None = None
) -> dg.RunRequest:
    """Ask for a sync of these tenants: one sweep.

    Args:
        source: whose sweep.
        tenants: all of that source.
        options: how they are synced.
        key: the same request is not taken twice under one key.
    """
    config = {"tenants": list(tenants), **asdict(options)}
    return dg.RunRequest(
        run_key=key,
        job_name=f"{source}_sweep",
        run_config={"ops": {f"{source}_sweep_tenants": {"config": config}}},
    )
