"""The settings that a WordPress tenant may have."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.rate import Rate
from sync_assets.core.streams import Setting
from sync_assets.core.text_settings import TEXT_SETTINGS

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class AcfFrom(Enum):
    """Where the site shows its ACF fields."""

    INLINE = "inline"
    REST_API = "rest_api"


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas, each once; ValueError for what cannot be a name."""
    found = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    for name in found:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r:.60} is no name of a WordPress post type or taxonomy.")
    return tuple(found)


def acf_from(text: str) -> AcfFrom:
    """`inline` or `rest_api`; ValueError for anything else."""
    try:
        return AcfFrom(text.strip())
    except ValueError:
        raise ValueError(f"{text!r:.60} is neither 'inline' nor 'rest_api'.") from None


def rate(text: str) -> Rate:
    """Requests a second; ValueError for what is no number, and for what no sync can keep to."""
    try:
        per_second = float(text)
    except ValueError:
        raise ValueError(
            f"{text!r:.60} is no number of requests a second. Give one such as 5 or 0.5."
        ) from None
    return Rate(per_second)


SETTINGS: Mapping[str, Setting] = {
    "post_types": Setting("Custom post types to sync with the posts, separated by commas.", names),
    "taxonomies": Setting(
        "Taxonomies that are not public but shall be synced, separated by commas.", names
    ),
    "acf": Setting(
        "Where ACF fields come from: 'inline' (default), or 'rest_api' for the older plugin "
        "'ACF to REST API'.",
        acf_from,
    ),
    "requests_per_second": Setting(
        "How often the site's host may be asked, by all syncs together; without it, there is no "
        "limit.",
        rate,
    ),
    **TEXT_SETTINGS,
}


class Wishes(NamedTuple):
    """A tenant's settings, parsed."""

    post_types: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()
    acf: AcfFrom = AcfFrom.INLINE
    rate: Rate | None = None

    @classmethod
    def parse(cls, tenant: str, settings: Mapping[str, str]) -> "Wishes":
        """From text; raises `TenantMustAct` for a value that cannot be."""
        wished = settings.get("requests_per_second")
        try:
            return cls(
                names(settings.get("post_types", "")),
                names(settings.get("taxonomies", "")),
                acf_from(settings.get("acf", AcfFrom.INLINE.value)),
                None if wished is None else rate(wished),
            )
        except ValueError as error:
            raise TenantMustAct(
                f"A setting of {tenant} cannot be used: {error} "
                f"Change it with 'sync-assets tenant update {tenant} --setting NAME=VALUE'."
            ) from error
