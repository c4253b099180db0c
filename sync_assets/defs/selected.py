"""Which parts of a source's syncs a run does."""

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.streams import SourceSpec
from sync_assets.defs.keys import asset_key, step_name


def selected(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    source: SourceSpec,
    platform: Platform,
) -> list[str]:
    """The parts of this run, which are the jobs of its sync."""
    steps, chosen = context.run.step_keys_to_execute, context.run.asset_selection
    usual = platform.streams(source.name)
    if steps is not None:  # a re-execution from failure
        begun = {step.partition(".")[0] for step in steps}  # an asset of several steps has a point
        return [part for part in usual if step_name(source.name, part) in begun]
    if chosen is not None:
        return [part for part in source.parts if asset_key(source.name, part) in chosen]
    return list(usual)
