"""What becomes of a request: every way in which its streams can end has one answer."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from sync_assets.core.errors import (
    OperatorMustAct,
    RetryLater,
    SourceChanged,
    SyncHeld,
    TenantMustAct,
    Unexpected,
)
from sync_assets.core.requests import HELD_AGAIN, State, StreamEnd, Verdict, lost, verdict
from sync_assets.core.run import StreamStatus

WAITING_HELPS = [kind.__name__ for kind in (RetryLater, SourceChanged, Unexpected)]
NOTHING_HELPS = [TenantMustAct.__name__, OperatorMustAct.__name__, None]
WAYS: list[tuple[StreamStatus, str | None]] = [
    (StreamStatus.PENDING, None),
    (StreamStatus.RUNNING, None),
    (StreamStatus.DONE, None),
    *((StreamStatus.FAILED, kind) for kind in [*WAITING_HELPS, *NOTHING_HELPS]),
    (StreamStatus.SKIPPED, None),
    (StreamStatus.SKIPPED, SyncHeld.__name__),
    (StreamStatus.STOPPED, None),
    (StreamStatus.DEFERRED, None),
]
STREAMS = ("terms", "media", "posts")
ATTEMPTS = 3


def ended(*ways: tuple[StreamStatus, str | None]) -> list[StreamEnd]:
    return [
        StreamEnd(stream, status, f"{stream} {status.value}", kind)
        for stream, (status, kind) in zip(STREAMS, ways, strict=False)
    ]


def judged(ends: list[StreamEnd], attempt: int = 1, *, wrote: bool = False) -> Verdict | None:
    return verdict(ends, attempt, ATTEMPTS, wrote=wrote, jitter=lambda: 0.5)


def every_case() -> Iterator[tuple[list[StreamEnd], int, bool, Verdict | None]]:
    """All ends of two and of three streams, in every attempt, with and without progress."""
    for ways in [*product(WAYS, repeat=2), *product(WAYS, repeat=3)]:
        for attempt, wrote in product(range(1, ATTEMPTS + 2), (True, False)):
            ends = ended(*ways)
            yield ends, attempt, wrote, judged(ends, attempt, wrote=wrote)


def has(ends: list[StreamEnd], *statuses: StreamStatus) -> bool:
    return any(end.status in statuses for end in ends)


# In every case


def test_it_is_completed_exactly_when_all_streams_are_done():
    for ends, _, _, found in every_case():
        done = all(end.status is StreamStatus.DONE for end in ends)
        assert (found is not None and found.state is State.COMPLETED) == done, ends


def test_nothing_is_decided_while_a_stream_runs_or_may_still_run():
    for ends, _, _, found in every_case():
        goes_on = has(ends, StreamStatus.RUNNING) or (
            has(ends, StreamStatus.PENDING, StreamStatus.STOPPED)
            and not has(ends, StreamStatus.DEFERRED)
        )
        assert (found is None) == goes_on, ends


def test_there_is_no_attempt_beyond_the_last_but_for_what_wrote_or_was_held():
    for ends, attempt, wrote, found in every_case():
        if found is not None and found.state is State.QUEUED and attempt >= ATTEMPTS:
            assert not found.counts, ends
            assert (wrote and has(ends, StreamStatus.DEFERRED)) or found.delay == HELD_AGAIN, ends


def test_only_what_wrote_or_was_held_costs_no_attempt():
    for ends, _, wrote, found in every_case():
        if found is not None and not found.counts:
            kinds = {end.kind for end in ends}
            deferred = has(ends, StreamStatus.DEFERRED)
            assert (wrote and deferred) or (SyncHeld.__name__ in kinds and not deferred), ends
            assert found.state is State.QUEUED


def test_every_failure_names_its_cause_and_no_success_has_one():
    for ends, _, _, found in every_case():
        if found is not None:
            assert (found.state is not State.COMPLETED) or found.error is None
            assert (found.state is not State.FAILED) or found.error, ends


def test_only_what_ran_out_of_time_gets_a_run_of_its_own():
    for ends, _, _, found in every_case():
        if found is not None and found.state is State.QUEUED:
            assert found.alone == has(ends, StreamStatus.DEFERRED), ends


def test_what_nobody_but_a_person_can_mend_is_never_tried_again():
    for ends, _, _, found in every_case():
        failed = [end for end in ends if end.status is StreamStatus.FAILED]
        others = {StreamStatus.DONE, StreamStatus.FAILED, StreamStatus.SKIPPED}
        over = all(end.status in others for end in ends)
        if over and failed and all(end.kind in NOTHING_HELPS for end in failed):
            assert found is not None
            assert found.state is State.FAILED, ends


def test_an_error_that_waiting_helps_is_tried_again_while_there_are_attempts():
    for ends, attempt, _, found in every_case():
        others = {StreamStatus.DONE, StreamStatus.FAILED, StreamStatus.SKIPPED}
        over = all(end.status in others for end in ends)
        if over and any(end.kind in WAITING_HELPS for end in ends):
            assert found is not None
            expected = State.QUEUED if attempt < ATTEMPTS else State.FAILED
            assert found.state is expected, ends


# Some by themselves


def test_of_a_sync_without_any_stream_on_record_nothing_can_be_said():
    assert judged([]) is None


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 22.5), (2, 45.0)])
def test_each_wait_is_twice_the_one_before(attempt: int, seconds: float):
    found = judged(ended((StreamStatus.FAILED, "RetryLater")), attempt)
    assert found is not None
    assert found.delay == seconds


def test_two_that_failed_together_come_back_apart():
    ends = ended((StreamStatus.FAILED, "RetryLater"))
    early = verdict(ends, 1, 3, wrote=False, jitter=lambda: 0.0)
    late = verdict(ends, 1, 3, wrote=False, jitter=lambda: 0.9)
    assert early is not None
    assert late is not None
    assert early.delay != late.delay


def test_an_operators_wish_for_more_attempts_is_kept():
    found = verdict(ended((StreamStatus.FAILED, "RetryLater")), 4, 6, wrote=False)
    assert found is not None
    assert found.state is State.QUEUED
    assert found.delay is not None
    assert timedelta(seconds=found.delay) < timedelta(hours=1)


def test_the_message_names_every_failed_stream_and_the_first_cause():
    found = judged(ended((StreamStatus.FAILED, "TenantMustAct"), (StreamStatus.FAILED, None)))
    assert found == Verdict(State.FAILED, "terms, media: terms failed")


def test_what_ran_out_of_time_goes_on_at_once():
    found = judged(ended((StreamStatus.DONE, None), (StreamStatus.DEFERRED, None)), wrote=True)
    assert found == Verdict(State.QUEUED, delay=0.0, counts=False, alone=True)


def test_what_runs_out_of_time_again_and_again_without_a_row_has_failed():
    ends = ended((StreamStatus.DEFERRED, None))
    assert [found and found.state for found in (judged(ends, n) for n in (1, 2, 3))] == [
        State.QUEUED,
        State.QUEUED,
        State.FAILED,
    ]


def test_what_another_sync_holds_tries_again_shortly_and_as_often_as_it_takes():
    ends = ended((StreamStatus.DONE, None), (StreamStatus.SKIPPED, "SyncHeld"))
    assert judged(ends, 7) == Verdict(State.QUEUED, "media skipped", HELD_AGAIN, counts=False)


def test_an_attempt_that_was_lost_is_one_of_three():
    found = [lost(attempt, ATTEMPTS, "killed", lambda: 0.5) for attempt in (1, 2, 3)]
    assert [each.state for each in found] == [State.QUEUED, State.QUEUED, State.FAILED]
    assert {each.error for each in found} == {"killed"}
    assert all(each.counts for each in found)
