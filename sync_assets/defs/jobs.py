"""The jobs of each source: one tenant by its assets, many tenants by a sweep."""

import dagster as dg

from sync_assets.core.streams import SourceSpec
from sync_assets.defs.sweep import sweep_of


def jobs_of(source: SourceSpec) -> dg.Definitions:
    """The jobs `{source}_sync` and `{source}_sweep`."""
    sync = dg.define_asset_job(
        name=f"{source.name}_sync",
        # A step of its own for each stream's checks would be half of the run's events.
        selection=dg.AssetSelection.groups(source.name).without_checks(),
        description=f"Syncs all streams of one tenant of {source.title}, in their order.",
    )
    return dg.Definitions(jobs=[sync, sweep_of(source)])
