"""Which sync a Dagster run belongs to."""

from uuid import UUID, uuid5

import dagster as dg

SYNC_ID_TAG = "sync_assets/sync_id"
"""The tag with which a request names its sync."""


def sync_id_of(run: dg.DagsterRun, tenant: str) -> UUID:
    """The sync id of a tenant in a run; a re-execution is another attempt of the same sync."""
    tagged = run.tags.get(SYNC_ID_TAG)
    return UUID(tagged) if tagged else uuid5(UUID(run.root_run_id or run.run_id), tenant)
