"""Runs a sync here and now: `python -m sync_assets.defs.execute`, with a JSON object on stdin.

The object has `source`, `tenant`, `sync_id`, and optionally `streams`, `asked_by` and the options
of a sync.
The exit status is 0 when all went well and 1 otherwise.
"""

import json
import sys
from typing import Any

from sync_assets.start_up import loading

with loading():
    import dagster as dg

    from sync_assets.core.streams import EMBEDDINGS
    from sync_assets.definitions import defs
    from sync_assets.defs.config import SyncConfig, options_in
    from sync_assets.defs.identity import ASKED_BY_TAG, SYNC_ID_TAG
    from sync_assets.defs.keys import asset_key, step_name
    from sync_assets.defs.partitions import tenants_of


def execute(wish: dict[str, Any], instance: dg.DagsterInstance) -> bool:
    """Run the job `{source}_sync` for one tenant in this process; gives whether it succeeded."""
    source, tenant = wish["source"], wish["tenant"]
    job = defs.resolve_job_def(f"{source}_sync")
    config = SyncConfig(**options_in(wish))
    streams = wish.get("streams") or [
        key.path[1] for key in job.asset_layer.selected_asset_keys if key.path[0] == source
    ]
    name = tenants_of(source).name
    if not instance.has_dynamic_partition(str(name), tenant):
        instance.add_dynamic_partitions(str(name), [tenant])
    result = job.execute_in_process(
        instance=instance,
        partition_key=tenant,
        asset_selection=[asset_key(source, stream) for stream in streams],
        run_config={
            "ops": {
                step_name(source, stream): {"config": config.model_dump()}
                for stream in streams
                if stream != EMBEDDINGS
            }
        },
        tags={SYNC_ID_TAG: wish["sync_id"], ASKED_BY_TAG: wish.get("asked_by", "command")},
        raise_on_error=False,
    )
    return result.success


if __name__ == "__main__":
    with dg.DagsterInstance.get() as own:
        sys.exit(0 if execute(json.load(sys.stdin), own) else 1)
