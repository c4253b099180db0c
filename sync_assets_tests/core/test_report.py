"""The report follows from what is stored."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.queues import Priority
from sync_assets.core.report import (
    BETWEEN_STREAMS,
    INTERRUPTED,
    OUT_OF_TIME,
    Report,
    RequestRow,
    StreamRow,
)
from sync_assets.core.requests import State
from sync_assets.core.run import StreamStatus

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENDED = {StreamStatus.DONE, StreamStatus.FAILED, StreamStatus.STOPPED}


def row(status: str, counts: Counts | None = None, *, held: bool | None = None, at: int = 0):
    """A stream that began so many minutes after noon, and ended a minute later if it did."""
    state = StreamStatus(status)
    started = None if status in {"pending", "skipped"} else NOON + at * MINUTE
    finished = started + MINUTE if started and state in ENDED else None
    alive = status == "running" if held is None else held
    return StreamRow(f"s{at}", state, 1, counts or Counts(), None, started, finished, alive)


def report(
    *rows: StreamRow, now: datetime = NOON + 5 * MINUTE, request: RequestRow | None = None
) -> Report:
    return Report(UUID(int=7), "acme", "wordpress", "Acme", NOON, rows, now, request)


def request(
    state: State = State.LAUNCHED,
    *,
    begun: bool = True,
    silent: bool = False,
    attempt: int = 1,
    error: str | None = None,
) -> RequestRow:
    """A request behind a sync."""
    ended = None if state in {State.QUEUED, State.LAUNCHED} else NOON + 2 * MINUTE
    return RequestRow(
        state,
        "default",
        Priority.NORMAL,
        "test",
        "run",
        attempt,
        3,
        NOON,
        ended,
        begun,
        silent,
        error,
    )


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ("pending pending", "queued"),
        ("running pending", "running"),
        ("done running", "running"),
        ("failed running", "running"),
        ("done deferred", "failed"),
        ("done done", "completed"),
        ("done failed", "failed"),
        ("failed skipped", "failed"),
        ("stopped pending", "cancelled"),
        ("done stopped", "cancelled"),
    ],
)
def test_the_status_follows_from_the_streams(statuses: str, status: str):
    rows = [row(name, at=at) for at, name in enumerate(statuses.split())]
    assert report(*rows).status == status


def test_a_stream_whose_process_died_has_failed_and_says_what_comes_next():
    dead = report(row("running", held=False))
    assert dead.status == "failed"
    (job,) = dead.as_dict()["jobs"]
    assert (job["status"], job["error"]) == ("failed", INTERRUPTED)


def test_between_two_streams_a_sync_is_still_running_for_a_while():
    rows = row("done"), row("pending", at=1)
    ended = NOON + MINUTE
    assert report(*rows, now=ended + BETWEEN_STREAMS - timedelta(seconds=1)).status == "running"
    assert report(*rows, now=ended + BETWEEN_STREAMS).status == "failed"


def test_the_report_adds_up_the_streams_counts():
    first = Counts(seen=9, created=1, updated=2, unchanged=3, skipped=1, failed=2, deleted=4)
    second = Counts(seen=5, created=5, requests=7, source_request_ms=30, upsert_ms=20, refused=6)
    said = report(row("done", first), row("done", second, at=1)).as_dict()
    assert said["totals"] == {"s0": 9, "s1": 5}
    assert (said["created"], said["updated"], said["failed"], said["deleted"]) == (6, 2, 2, 4)
    assert (said["skipped"], said["unchanged"], said["deletionsRefused"]) == (4, 3, 6)
    assert said["created"] + said["updated"] + said["skipped"] + said["failed"] == 14
    assert said["metrics"] == {
        "totalProcessed": 14,
        "errorsCount": 2,
        "wpRequestMs": 30,
        "upsertMs": 20,
        "requests": 7,
    }


def test_streams_that_failed_are_errors_as_records_are():
    rows = row("failed", Counts(failed=2)), row("running", held=False), row("skipped")
    assert report(*rows).as_dict()["metrics"]["errorsCount"] == 4


def test_a_finished_sync_lasted_from_its_first_stream_to_its_last():
    said = report(row("done"), row("done", at=3)).as_dict()
    assert (said["startedAt"], said["finishedAt"]) == (
        "2026-05-04T12:00:00+00:00",
        "2026-05-04T12:04:00+00:00",
    )
    assert said["durationMs"] == 4 * 60 * 1000


def test_a_running_sync_lasts_until_now_and_has_no_end():
    said = report(row("done"), row("running", at=1)).as_dict()
    assert (said["status"], said["finishedAt"]) == ("processing", None)
    assert said["durationMs"] == 5 * 60 * 1000


def test_a_queued_sync_has_no_duration():
    said = report(row("pending")).as_dict()
    assert (said["status"], said["startedAt"], said["durationMs"]) == ("queued", None, None)


def test_a_stream_that_ran_out_of_time_without_a_request_has_failed():
    said = report(row("done"), row("deferred", at=1), row("pending", at=2)).as_dict()
    assert (said["status"], said["failedStreams"]) == ("failed", ["s1"])
    assert said["error"] == f"s1: {OUT_OF_TIME}"


# Those with a request behind them


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED, State.QUEUED])
@pytest.mark.parametrize("stream", ["pending", "failed", "deferred", "done"])
def test_a_request_that_is_not_at_work_says_how_its_sync_stands(state: State, stream: str):
    assert report(row(stream), request=request(state)).status == state.value


def test_a_launched_one_is_queued_until_a_run_has_begun_it():
    waiting = report(row("pending"), request=request(begun=False))
    assert (waiting.status, waiting.finished_at, waiting.ended) == ("queued", None, False)
    assert report(row("pending"), request=request()).status == "running"


def test_between_two_streams_it_runs_for_as_long_as_its_process_lives():
    rows = row("done"), row("pending", at=1)
    assert report(*rows, now=NOON + 60 * MINUTE, request=request()).status == "running"


def test_a_stream_runs_while_its_process_lives_though_its_lease_was_just_lost():
    said = report(row("running", held=False), request=request()).as_dict()
    assert (said["status"], said["currentStream"], said["error"]) == ("processing", "s0", None)


def test_without_a_sign_of_life_or_a_lease_it_is_dead():
    dead = report(row("running", held=False), request=request(silent=True)).as_dict()
    assert (dead["status"], dead["failedStreams"]) == ("failed", ["s0"])
    assert dead["jobs"][0]["error"] == INTERRUPTED


def test_a_lease_is_a_sign_of_life_too():
    assert report(row("running"), request=request(silent=True)).status == "running"


def test_one_whose_run_was_interrupted_has_not_ended_before_it_is_settled():
    assert report(row("stopped"), row("pending", at=1), request=request()).status == "running"
    assert report(row("stopped"), row("running", at=1), request=request()).status == "running"


def test_a_retry_that_waits_is_queued_and_says_what_failed():
    rows = row("done"), row("failed", at=1), row("skipped", at=2)
    waits = request(State.QUEUED, attempt=2, error="s1: Gateway time-out")
    said = report(*rows, request=waits).as_dict()
    assert (said["status"], said["finishedAt"], said["failedStreams"]) == ("queued", None, ["s1"])
    assert (said["attempt"], said["attempts"], said["dueAt"]) == (2, 3, NOON.isoformat())
    assert said["error"] == "s1: Gateway time-out"


def test_a_killed_stream_of_a_request_that_waits_again_does_not_run():
    said = report(row("running", held=False), request=request(State.QUEUED)).as_dict()
    assert (said["status"], said["currentStream"]) == ("queued", None)


def test_one_that_ended_before_it_began_ended_when_its_request_did():
    cancelled = report(row("stopped"), request=request(State.CANCELLED))
    assert report(row("pending"), request=request(State.QUEUED)).finished_at is None
    assert cancelled.finished_at == NOON + MINUTE
    unborn = report(row("pending"), request=request(State.CANCELLED))
    assert unborn.finished_at == NOON + 2 * MINUTE


def test_it_says_where_it_waits_and_for_whom():
    said = report(row("pending"), row("pending", at=1), request=request(State.QUEUED)).as_dict()
    assert (said["queue"], said["priority"], said["askedBy"]) == ("default", "normal", "test")
    assert said["queuedJobsCount"] == 2


def test_what_nobody_asked_for_has_neither_queue_nor_attempts():
    said = report(row("done")).as_dict()
    names = ("queue", "priority", "askedBy", "runId", "attempt", "attempts", "dueAt", "error")
    assert [said[name] for name in names] == [None] * 8
