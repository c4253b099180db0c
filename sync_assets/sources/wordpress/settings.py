"""The settings that a WordPress tenant may have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.streams import Setting

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
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """A tenant's settings, parsed."""

    post_types: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()
    acf: AcfFrom = AcfFrom.INLINE

    @classmethod
    def parse(cls, tenant: str, settings: Mapping[str, str]) -> "Wishes":
        """From text; raises `TenantMustAct` for a value that cannot be."""
        try:
            return cls(
                names(settings.get("post_types", "")),
                names(settings.get("taxonomies", "")),
                acf_from(settings.get("acf", AcfFrom.INLINE.value)),
            )
        except ValueError as error:
            raise TenantMustAct(
                f"A setting of {tenant} cannot be used: {error} "
                f"Change it with 'sync-assets tenant update {tenant} --setting NAME=VALUE'."
            ) from error
