"""The one place where the core's errors become Dagster's."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from uuid import UUID

import dagster as dg

from sync_assets.core.errors import (
    OperatorMustAct,
    RetryLater,
    SourceChanged,
    Stopped,
    Superseded,
    SyncError,
    TenantMustAct,
)
from sync_assets.runs import Run

_WHO_ACTS: Mapping[type[SyncError], str] = {
    RetryLater: "nobody, waiting helps",
    TenantMustAct: "the tenant",
    OperatorMustAct: "the operator",
    SourceChanged: "the developers",
}


@contextmanager
def translated(tenant: str) -> Generator[None]:
    """Turn an error of the core into a failure of the step that says who has to act.

    Dagster never retries by itself: retries belong to the sync requests alone.
    """
    try:
        yield
    except SyncError as error:
        raise failure(error, tenant) from error


@contextmanager
def ends_run_when_cancelled(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, run: Run, sync_id: UUID
) -> Generator[None]:
    """Let the run of a cancelled sync end as canceled, and cancel the sync of a terminated run."""
    try:
        yield
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        now = context.instance.get_run_by_id(context.run.run_id)
        asked = now is not None and now.status is dg.DagsterRunStatus.CANCELING
        if asked or run.in_terminal:
            run.terminated(sync_id)
        raise
    except (Stopped, Superseded) as error:
        if not run.cancelled(sync_id):
            raise
        context.instance.report_run_canceling(context.run, message=f"Sync {sync_id} was cancelled.")
        raise dg.DagsterExecutionInterruptedError(str(error)) from error


def failure(error: SyncError, tenant: str) -> dg.Failure:
    """A failed step with one clear sentence."""
    kinds = (kind for kind in _WHO_ACTS if isinstance(error, kind))
    return dg.Failure(
        description=str(error),
        metadata={
            "tenant": tenant,
            "error": type(error).__name__,
            "who_acts": _WHO_ACTS.get(next(kinds, SyncError), "nobody"),
        },
        allow_retries=False,
    )
