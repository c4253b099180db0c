import threading
from contextlib import ExitStack

import pytest

from sync_assets.core.errors import Stopped
from sync_assets.core.stop import StopSignal
from sync_assets.sources.throttle import Throttle


def test_a_site_that_copes_gets_more_requests_at_once_but_never_more_than_the_most() -> None:
    throttle = Throttle(start=2, most=4)
    limits: list[int] = []
    for _ in range(3):
        for _ in range(20):
            throttle.went_well()
        limits.append(throttle.limit)
    assert limits == [3, 4, 4]


def test_a_site_that_suffers_gets_half_and_at_least_one() -> None:
    throttle = Throttle(start=4)
    limits: list[int] = []
    for _ in range(3):
        throttle.struggled()
        limits.append(throttle.limit)
    assert limits == [2, 1, 1]


def test_trouble_begins_the_count_of_good_answers_anew() -> None:
    throttle = Throttle(start=2, most=4)
    for _ in range(19):
        throttle.went_well()
    throttle.struggled()
    throttle.went_well()
    assert throttle.limit == 1


def test_no_more_than_the_limit_are_in_flight() -> None:
    throttle, stop = Throttle(start=2), StopSignal()
    entered, leave = threading.Semaphore(0), threading.Event()

    def work() -> None:
        with throttle.place(stop):
            entered.release()
            leave.wait(5)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.acquire(timeout=5)
    assert entered.acquire(timeout=5)
    assert not entered.acquire(timeout=0.05)
    leave.set()
    assert entered.acquire(timeout=5)
    for thread in threads:
        thread.join()


def test_whoever_waits_for_a_place_sees_a_stop() -> None:
    throttle, stop = Throttle(start=1), StopSignal()
    stop.set()
    with ExitStack() as places:
        places.enter_context(throttle.place(stop))
        with pytest.raises(Stopped):
            places.enter_context(throttle.place(stop))


def test_nobody_asks_while_the_site_wants_to_be_left_alone() -> None:
    now = 100.0
    throttle, stop = Throttle(monotonic=lambda: now), StopSignal()
    throttle.struggled(asked=30)
    stop.set()
    with pytest.raises(Stopped), throttle.place(stop):
        pass
    now = 131.0
    with throttle.place(stop):
        pass


def test_a_place_is_given_back_after_an_error() -> None:
    throttle, stop = Throttle(start=1), StopSignal()
    with pytest.raises(KeyError), throttle.place(stop):
        raise KeyError
    with throttle.place(stop):
        pass
