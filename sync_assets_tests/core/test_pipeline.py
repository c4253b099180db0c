"""Several calls in flight, their results in order."""

import contextvars
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from sync_assets.core.errors import RetryLater, Stopped
from sync_assets.core.pipeline import in_order
from sync_assets.core.stop import StopSignal

PATIENCE = 5.0


def ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.daemon}


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = ours()
    yield
    for thread in ours() - before:
        thread.join(PATIENCE)
    assert not ours() - before


def test_results_come_in_the_order_of_the_calls():
    def answer(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number

    calls = (partial(answer, number) for number in range(20))
    assert list(in_order(calls, StopSignal())) == list(range(20))


def test_no_calls_give_no_results():
    assert list(in_order(iter(()), StopSignal())) == []


def test_as_many_calls_as_allowed_are_in_flight():
    together = threading.Barrier(3, timeout=PATIENCE)
    assert len(list(in_order([together.wait] * 3, StopSignal(), width=3))) == 3


def test_never_more_calls_are_in_flight_than_allowed():
    running, most = threading.Semaphore(2), list[bool]()

    def call() -> None:
        most.append(running.acquire(blocking=False))
        time.sleep(0.001)
        running.release()

    list(in_order([call] * 12, StopSignal(), width=2))
    assert all(most)


def test_results_that_nobody_takes_do_not_pile_up():
    started = itertools.count()
    results = in_order(((lambda: next(started)) for _ in range(100)), StopSignal(), width=2)
    next(results)
    time.sleep(0.02)
    results.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    assert next(started) <= 2 * 2 + 1


def test_a_busy_consumer_is_kept_busy_and_no_more():
    started = itertools.count()
    results = in_order(((lambda: next(started)) for _ in range(100)), StopSignal())
    for _ in range(20):
        next(results)
        time.sleep(0.002)  # the next result is there long before it is asked for
    ahead = next(started) - 20
    results.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    assert 1 <= ahead <= 3


def most_in_flight(seconds: float) -> int:
    """So many calls of that duration were made at once."""
    most, now, lock = [0], [0], threading.Lock()

    def call() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(seconds)
        with lock:
            now[0] -= 1

    list(in_order([call] * 30, StopSignal(), width=6))
    return most[0]


def test_a_consumer_who_has_to_wait_gets_more_calls_in_flight():
    assert most_in_flight(seconds=0.05) == 6


def test_who_answers_at_once_gets_few_calls_at_a_time():
    assert most_in_flight(seconds=0) <= 2


def test_calls_that_nobody_waits_for_any_more_are_not_made():
    started, gate = threading.Semaphore(0), threading.Event()

    def call() -> bool:
        started.release()
        return gate.wait(PATIENCE)

    results = in_order([lambda: not time.sleep(0.01), *[call] * 3], StopSignal(), width=2)
    next(results)
    assert all(started.acquire(timeout=PATIENCE) for _ in range(2))
    results.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    gate.set()
    assert not started.acquire(timeout=0.05)


def test_an_error_arrives_in_its_place():
    def fail() -> int:
        raise RetryLater("busy", after=3)

    results = in_order([lambda: 1, fail, lambda: 3], StopSignal())
    assert next(results) == 1
    with pytest.raises(RetryLater, match="busy"):
        next(results)


def test_a_consumer_that_fails_ends_the_threads():
    def consume() -> None:
        for _ in in_order([lambda: 1] * 50, StopSignal()):
            raise RetryLater("the store is gone")

    with pytest.raises(RetryLater):
        consume()


def test_a_stop_is_obeyed_while_every_call_is_stuck():
    stop, released = StopSignal(), threading.Event()
    threading.Timer(0.02, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        list(in_order([partial(released.wait, PATIENCE)] * 4, stop))
    assert time.monotonic() - began < 2
    released.set()


def test_a_stop_is_obeyed_between_results():
    stop = StopSignal()
    results = in_order([lambda: 1] * 3, stop)
    assert next(results) == 1
    stop.set()
    with pytest.raises(Stopped):
        next(results)


def test_the_threads_know_the_callers_correlation_id():
    correlation: contextvars.ContextVar[str] = contextvars.ContextVar("correlation")
    correlation.set("sync 7")
    calls: list[Callable[[], str]] = [correlation.get] * 3
    assert list(in_order(calls, StopSignal())) == ["sync 7"] * 3
