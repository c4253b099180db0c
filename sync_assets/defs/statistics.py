"""The asset `sync_assets/statistics`: every day, what was synced the day before."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from sync_assets.core.clock import utc_now
from sync_assets.defs.maintenance import GROUP, TAGS
from sync_assets.defs.resources import PlatformResource
from sync_assets.store.statistics import Statistics

KEY = dg.AssetKey([GROUP, "statistics"])

FURTHEST = 400
"""Days that are looked back at most, where requests are kept for ever."""


@dg.asset(
    key=KEY,
    group_name=GROUP,
    kinds={"postgres"},
    description="A row for each tenant and day: syncs, records, requests to the source, seconds "
    "of work and waiting. Days that were missed are made up for while their requests are kept.",
    metadata={"dagster/table_name": "sync.statistics"},
)
def statistics(platform: PlatformResource) -> dg.MaterializeResult[Any]:
    """Count yesterday, and the days before that were never counted."""
    with platform.open() as opened:
        zone = ZoneInfo(opened.settings.timezone)
        table = Statistics(opened.database, zone)
        today = utc_now().astimezone(zone).date()
        yesterday = today - timedelta(days=1)
        kept = opened.settings.keep_requests_days or FURTHEST
        days = sorted({*table.missing(today, kept), yesterday})
        rows = sum(table.count(day) for day in days)
        total = table.total(yesterday)
    return dg.MaterializeResult(
        metadata={"day": str(yesterday), "rows_written": rows, **total.as_dict()}
    )


statistics_job = dg.define_asset_job(
    name="statistics",
    selection=[KEY],
    tags=TAGS,
    description="Counts what was synced the day before.",
)
