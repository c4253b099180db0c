"""Compares requests with Dagster's runs, and ends or queues again what no process works on."""

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError
from sync_assets.core.requests import LOST
from sync_assets.defs.identity import CLAIM_TAG
from sync_assets.defs.left_over import end_left_over
from sync_assets.store.attempts import ALIVE
from sync_assets.store.claims import Launched

# Without NOT_STARTED: the daemon launches a run that it made and lost when asked under its key.
LIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

UNBORN = timedelta(seconds=90)
"""So long after a claim its run has to be there, whatever became of the daemon meanwhile; and so
long after its start a run has to begin one of its requests."""

SILENT = timedelta(seconds=ALIVE)
"""A process that gave no sign of life for so long is dead."""

STUCK = timedelta(minutes=10)
"""A run whose syncs all got nowhere for so long is ended, alive or not."""

_log = logging.getLogger(__name__)


def reconcile(platform: Platform, instance: dg.DagsterInstance) -> None:
    """See to every request that was started and has not ended, and to runs left without any."""
    launched = platform.claims.launched()
    runs = _runs(instance, launched)
    by_run: dict[str, list[Launched]] = {}
    for request in launched:
        record = runs.get(_key(request))
        if record is not None and not record.dagster_run.is_finished:
            by_run.setdefault(record.dagster_run.run_id, []).append(request)
            continue
        with _one_by_one(request.id):
            if record is not None:
                _finish(platform, request, record.dagster_run)
            elif request.age > UNBORN:
                platform.settling.postpone(request.id)
    for requests in by_run.values():
        record = runs[_key(requests[0])]
        with _one_by_one(record.dagster_run.run_id):
            _watch(platform, instance, record, requests)
    with _one_by_one("runs that are left over"):
        end_left_over(instance, by_run, utc_now())


@contextmanager
def _one_by_one(name: object) -> Generator[None]:
    """What cannot be settled must not hold up all the others, at this look and at the next ones."""
    try:
        yield
    except SyncError:
        raise  # PostgreSQL is away: nothing can be settled
    except Exception:  # noqa: BLE001 - it is logged, and looked at again
        _log.exception("Could not see to %s", name)


def _runs(instance: dg.DagsterInstance, launched: Sequence[Launched]) -> Mapping[str, dg.RunRecord]:
    """The runs of requests, by their id and by their claim."""
    ids = [request.run_id for request in launched if request.run_id]
    claims = [str(request.claim) for request in launched if request.claim and not request.run_id]
    records: list[dg.RunRecord] = []
    if ids:
        records += instance.get_run_records(dg.RunsFilter(run_ids=sorted(set(ids))))
    if claims:
        found = instance.get_run_records(dg.RunsFilter(tags={CLAIM_TAG: sorted(set(claims))}))
        # A re-execution bears the tag of the run that it repeats.
        records += [record for record in found if record.dagster_run.parent_run_id is None]
    by_key = {record.dagster_run.run_id: record for record in records}
    for record in records:
        claim = record.dagster_run.tags.get(CLAIM_TAG)
        if claim is not None:
            by_key.setdefault(claim, record)
    return by_key


def _key(request: Launched) -> str:
    return request.run_id or str(request.claim)


def _finish(platform: Platform, request: Launched, run: dg.DagsterRun) -> None:
    """Settle a request whose run has ended."""
    if platform.settling.settle(request.id) is not None:
        return
    if run.status is dg.DagsterRunStatus.CANCELED:
        platform.settling.give_up(request.id, "Its run was terminated.", cancelled=True)
    else:
        platform.settling.lose(request.id, f"{LOST}: run {run.run_id} is {run.status.value}.")


def _watch(
    platform: Platform,
    instance: dg.DagsterInstance,
    record: dg.RunRecord,
    requests: Sequence[Launched],
) -> None:
    """End a run whose process is dead, or where nothing gets on any more."""
    run = record.dagster_run
    cause = _trouble(record, requests)
    if cause is None:
        return
    _log.error("Run %s is ended: %s", run.run_id, cause)
    for request in requests:
        platform.settling.lose(request.id, cause)
    # The process may live after all: it is told to stop, and can write no more without its lease.
    try:
        told = instance.run_coordinator.cancel_run(run.run_id)
    except Exception:  # noqa: BLE001 - whatever the launcher meets, the run is over for us
        told = False
    if not told:
        instance.report_run_failed(run, cause)


def _trouble(record: dg.RunRecord, requests: Sequence[Launched]) -> str | None:
    """Why a run has to be ended; None while all is well."""
    if record.dagster_run.status is not dg.DagsterRunStatus.STARTED:
        return None
    signs = [request.silent for request in requests if request.silent is not None]
    if signs and min(signs) > SILENT:
        return f"{LOST}: it gave no sign of life for {min(signs).seconds} s."
    began = record.start_time
    if not signs and began is not None and utc_now().timestamp() - began > UNBORN.seconds:
        return f"{LOST}: it never began."
    if signs and min(request.idle for request in requests) > STUCK:
        return f"None of its syncs got on for {STUCK.seconds // 60} minutes."
    return None
