"""The run config of every job."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import dagster as dg
from pydantic import Field

from sync_assets.core.ports import SyncOptions

OPTIONS = tuple(field.name for field in fields(SyncOptions))
"""The options of a sync, by which `SyncConfig` has a field each."""


def options_in(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Those entries of a wish that say how a sync is done."""
    return {name: wish[name] for name in OPTIONS if name in wish}


class SyncConfig(dg.Config):
    """How a sync is done."""

    full: bool = Field(
        default=False,
        description="Read every record again, for changes that move no modified time.",
    )
    batch_size: int = Field(default=100, ge=1, le=100, description="Records a request.")
    period: str | None = Field(
        default=None, description="A month such as 2026-10, for sources that have periods."
    )
    approve_deletions: bool = Field(
        default=False, description="Let a deletion through that was refused for its size."
    )
    hinted: bool = Field(
        default=False,
        description="Only the records that the source hinted at, if there are any.",
    )

    def options(self) -> SyncOptions:
        """The same for the core."""
        return SyncOptions(**options_in(self.model_dump()))


class SweepConfig(SyncConfig):
    """How a sweep is done, and for whom."""

    tenants: list[str] = Field(description="The tenants to sync, one after the other.")
