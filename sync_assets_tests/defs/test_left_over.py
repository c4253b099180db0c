"""Runs whose process died after their requests had ended give their place back."""

from datetime import timedelta

import dagster as dg
import pytest

from sync_assets.core.clock import utc_now
from sync_assets.definitions import defs
from sync_assets.defs.left_over import QUIET, VERY_QUIET, end_left_over
from sync_assets_tests.defs.running import Dagster

MOMENT = timedelta(seconds=10)


def started(dagster: Dagster, job: str) -> str:
    """The id of a run that just began and does not go on."""
    wish = {"ops": {"wordpress_sweep_tenants": {"config": {"tenants": []}}}}
    run = dagster.instance.create_run_for_job(
        defs.resolve_job_def(job),
        run_config=wish if job == "wordpress_sweep" else {},
        status=dg.DagsterRunStatus.STARTED,
    )
    return run.run_id


def goes_on(dagster: Dagster, run_id: str, after: timedelta, *at_work: str) -> bool:
    """Does the run go on after a look so long after now?"""
    end_left_over(dagster.instance, at_work, utc_now() + after)
    run = dagster.instance.get_run_by_id(run_id)
    assert run is not None
    return not run.is_finished


@pytest.mark.parametrize("job", ["wordpress_sync", "wordpress_sweep"])
def test_a_run_without_requests_and_events_is_ended_soon(dagster: Dagster, job: str):
    run_id = started(dagster, job)
    assert goes_on(dagster, run_id, QUIET - MOMENT)
    assert not goes_on(dagster, run_id, QUIET + MOMENT)


def test_a_run_with_requests_is_known_by_their_signs_of_life(dagster: Dagster):
    run_id = started(dagster, "wordpress_sync")
    assert goes_on(dagster, run_id, VERY_QUIET + MOMENT, run_id)


def test_an_event_is_a_sign_of_life(dagster: Dagster, monkeypatch: pytest.MonkeyPatch):
    run_id = started(dagster, "wordpress_sync")
    run = dagster.instance.get_run_by_id(run_id)
    later = utc_now() + QUIET
    with monkeypatch.context() as patch:
        patch.setattr("time.time", later.timestamp)
        dagster.instance.report_engine_event("It does something.", run)
    assert goes_on(dagster, run_id, QUIET + MOMENT)
    assert not goes_on(dagster, run_id, 2 * QUIET + MOMENT)


def test_upkeep_may_be_quiet_for_longer(dagster: Dagster):
    run_id = started(dagster, "clean_up")
    assert goes_on(dagster, run_id, VERY_QUIET - MOMENT)
    assert not goes_on(dagster, run_id, VERY_QUIET + MOMENT)
