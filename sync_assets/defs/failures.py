"""The one place where the core's errors become Dagster's."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import dagster as dg

from sync_assets.core.errors import (
    OperatorMustAct,
    RetryLater,
    SourceChanged,
    SyncError,
    TenantMustAct,
)

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
