"""The run config of every job."""

import dagster as dg
from pydantic import Field

from sync_assets.core.ports import SyncOptions


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

    def options(self) -> SyncOptions:
        """The same for the core."""
        return SyncOptions(
            full=self.full,
            batch_size=self.batch_size,
            period=self.period,
            approve_deletions=self.approve_deletions,
        )


class SweepConfig(SyncConfig):
    """How a sweep is done, and for whom."""

    tenants: list[str] = Field(description="The tenants to sync, one after the other.")
