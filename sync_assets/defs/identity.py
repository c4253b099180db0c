"""Which syncs a Dagster run belongs to."""

from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID, uuid5

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.runs import Run
from sync_assets.store.watch import watching

SYNC_ID_TAG = "sync_assets/sync_id"
"""The tag that names the sync of a run for one tenant."""

CLAIM_TAG = "sync_assets/claim"
"""The tag that names the claim of the requests that a run was made for."""

QUEUE_TAG = "sync_assets/queue"
"""The tag that names the queue they waited in."""

ASKED_BY_TAG = "sync_assets/asked_by"
"""The tag that names who waits in front of a run; such a one tries again himself."""


def sync_id_of(run: dg.DagsterRun, tenant: str) -> UUID:
    """The sync id of a tenant in a run; a re-execution is another attempt of the same sync."""
    tagged = run.tags.get(SYNC_ID_TAG)
    return UUID(tagged) if tagged else uuid5(UUID(run.root_run_id or run.run_id), tenant)


def claim_of(run: dg.DagsterRun) -> UUID | None:
    """The claim that a run was made for; a re-execution bears the tag, but not by right."""
    tagged = run.tags.get(CLAIM_TAG)
    return UUID(tagged) if tagged and run.parent_run_id is None else None


@contextmanager
def at_work(run: dg.DagsterRun, platform: Platform) -> Generator[Run]:
    """The run at work on its requests, which it begins, watches over and settles."""
    person = run.tags.get(ASKED_BY_TAG)
    with watching(platform.attempts, run.run_id) as watch:
        yield Run(
            platform,
            run.run_id,
            watch,
            claim_of(run),
            person or "dagster",
            in_terminal=person is not None,
        )
