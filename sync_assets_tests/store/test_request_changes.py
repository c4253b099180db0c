"""Requests taken back, rescheduled and retried, in each of their states."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets_tests.store.desk import Desk

pytestmark = pytest.mark.postgres


def test_what_waits_is_cancelled_at_once(platform: Platform, desk: Desk):
    [sync_id] = desk.ask("acme")
    assert platform.requests.cancel(sync_id, "somebody") is State.CANCELLED
    assert desk.log(sync_id)[-1] == "Cancelled (by somebody)."
    assert desk.take() == []


def test_so_is_what_was_started_but_not_begun(platform: Platform, desk: Desk):
    [sync_id], _ = desk.ask("acme"), desk.take()
    assert platform.requests.cancel(sync_id, "somebody") is State.CANCELLED


def test_what_runs_is_asked_to_end_and_ends_as_cancelled(platform: Platform, desk: Desk):
    sync_id = desk.started()
    assert platform.requests.cancel(sync_id, "somebody") is State.LAUNCHED
    assert desk.end(sync_id, posts="running") is None
    assert desk.end(sync_id, posts="stopped") is State.CANCELLED


@pytest.mark.parametrize("act", ["cancel", "reschedule"])
def test_what_has_ended_can_only_be_retried(platform: Platform, desk: Desk, act: str):
    sync_id = desk.started()
    desk.end(sync_id)
    acts: dict[str, Callable[[], object]] = {
        "cancel": lambda: platform.requests.cancel(sync_id, "a test"),
        "reschedule": lambda: platform.requests.reschedule(sync_id, due=utc_now()),
    }
    with pytest.raises(OperatorMustAct, match=r"has ended already: completed|waits no longer"):
        acts[act]()
    with pytest.raises(OperatorMustAct, match="only a failed or cancelled"):
        platform.requests.retry(sync_id, "a test")


def test_of_an_unknown_sync_it_is_said_that_there_is_none(platform: Platform, desk: Desk):
    for act in (platform.requests.cancel, platform.requests.retry):
        with pytest.raises(OperatorMustAct, match="no sync"):
            act(uuid4(), "a test")
    with pytest.raises(OperatorMustAct, match="no sync"):
        platform.requests.reschedule(uuid4(), due=utc_now())
    assert desk.states() == {}


def test_what_waits_gets_another_time_and_priority(platform: Platform, desk: Desk):
    [sync_id] = desk.ask("acme")
    later = utc_now() + timedelta(hours=1)
    request = platform.requests.reschedule(sync_id, due=later)
    assert (request.due_at, request.priority) == (later, Priority.NORMAL)
    request = platform.requests.reschedule(sync_id, priority=Priority.URGENT)
    assert (request.due_at, request.queue) == (later, "urgent")
    assert desk.take() == []


def test_a_failed_one_that_is_retried_has_all_its_attempts_again(platform: Platform, desk: Desk):
    sync_id = desk.started(attempts=1)
    assert desk.end(sync_id, posts=("failed", "RetryLater")) is State.FAILED
    assert platform.requests.retry(sync_id, "somebody") == sync_id
    request = desk.request(sync_id)
    assert (request.state, request.attempt, request.ended_at) == (State.QUEUED, 0, None)
    [launch] = desk.take()
    assert launch.streams == ("posts",)  # what was synced is not synced again


def test_a_retry_joins_the_request_that_waits_for_the_same(platform: Platform, desk: Desk):
    sync_id = desk.started(full=True, priority=Priority.HIGH)
    desk.end(sync_id, posts=("failed", "TenantMustAct"))
    [twin] = desk.ask("acme")
    assert platform.requests.retry(sync_id, "somebody") == twin
    assert desk.states() == {sync_id: "failed", twin: "queued"}
    request = desk.request(twin)
    assert (request.options.full, request.priority) == (True, Priority.HIGH)
