"""The report follows from what is stored."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.report import (
    ABANDONED,
    BETWEEN_STREAMS,
    CONTINUES,
    INTERRUPTED,
    Report,
    StreamRow,
)
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


def report(*rows: StreamRow, now: datetime = NOON + 5 * MINUTE) -> Report:
    return Report(UUID(int=7), "acme", "wordpress", "Acme", NOON, rows, now)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ("pending pending", "queued"),
        ("running pending", "running"),
        ("done running", "running"),
        ("failed running", "running"),
        ("done deferred", "running"),
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


def test_a_sync_that_left_its_sweep_has_failed_when_nobody_goes_on_with_it():
    rows = row("done"), row("deferred", at=1), row("pending", at=2)
    young = report(*rows, now=NOON + CONTINUES - timedelta(seconds=1))
    assert young.status == "running"
    old = report(*rows, now=NOON + CONTINUES)
    assert old.status == "failed"
    job = old.as_dict()["jobs"][1]
    assert (job["status"], job["error"]) == ("failed", ABANDONED)
