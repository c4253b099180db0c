"""What a shop's month tells on the asset that it belongs to."""

import logging
import re
from collections.abc import Mapping

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.shops import ShopSummary
from sync_assets.figures.markdown import to_markdown

_log = logging.getLogger(__name__)

Figures = Mapping[str, dg.MetadataValue]


def figures_of(platform: Platform, source: str, stream: str, tenant: str) -> Figures:
    """The present month of a shop, for the materialization of a stream of it; raises nothing.

    Empty for streams that carry no figures, and where they could not be counted: the stream was
    synced all the same.
    """
    queries = platform.spec(source).figures
    if queries is None or queries.stream != stream:
        return {}
    try:
        return to_metadata(platform.summary(tenant, source))
    except Exception:  # noqa: BLE001 - a figure less is no reason to sync again
        _log.exception("The month of %s could not be summed up", tenant)
        return {}


def to_metadata(summary: ShopSummary) -> Figures:
    """A table to read, and numbers that Dagster draws over time.

    The table is exact. The numbers are floats, because Dagster draws no others.
    """
    numbers = {
        f"{name}_{_key(each.currency)}": dg.MetadataValue.float(float(amount))
        for each in summary.takings
        for name, amount in {"revenue": each.revenue, "refunded": each.refunded}.items()
    }
    return {
        "month": dg.MetadataValue.md(to_markdown(summary)),
        "month_orders": dg.MetadataValue.int(summary.orders),
        **{f"month_{name}": value for name, value in numbers.items()},
        "sold_out": dg.MetadataValue.int(summary.empty_total),
    }


def _key(currency: str) -> str:
    """A currency as part of a name."""
    return re.sub(r"\W", "_", currency) or "unknown"
