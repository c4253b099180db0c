"""The settings that a Shopify tenant may have."""

from collections.abc import Mapping

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.streams import Setting
from sync_assets.core.text_settings import TEXT_SETTINGS

BULK_FROM = 1000
"""Records from which on a bulk operation is quicker than pages, of the standard plan's points."""


def count(text: str) -> int:
    """A number of records; ValueError for anything else."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise ValueError(f"{text!r:.60} is no number of records. Give one such as {BULK_FROM}.")
    return int(text)


SETTINGS: Mapping[str, Setting] = {
    "bulk_from": Setting(
        "How many products, variants or orders a shop must have to be read by bulk operations.",
        count,
    ),
    **TEXT_SETTINGS,
}


def bulk_from(tenant: str, settings: Mapping[str, str]) -> int:
    """The tenant's wish, or what is usual; raises `TenantMustAct` for a value that cannot be."""
    try:
        return count(settings.get("bulk_from", str(BULK_FROM)))
    except ValueError as error:
        raise TenantMustAct(
            f"A setting of {tenant} cannot be used: {error} "
            f"Change it with 'sync-assets tenant update {tenant} --setting bulk_from=NUMBER'."
        ) from error
