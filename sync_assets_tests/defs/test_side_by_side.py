"""Several calls at a time."""

import threading
import time
from itertools import chain

import pytest

from sync_assets.core.errors import Stopped
from sync_assets.core.stop import StopSignal
from sync_assets.defs import side_by_side as module
from sync_assets.defs.side_by_side import side_by_side


def test_every_thing_is_called_once():
    with side_by_side(lambda n: n * n, range(50), StopSignal(), width=4) as results:
        assert sorted(chain.from_iterable(results)) == [n * n for n in range(50)]


def test_a_slow_one_holds_up_nobody():
    others_are_done = threading.Event()

    def call(number: int) -> int:
        if number == 0:
            assert others_are_done.wait(10)
        return number

    with side_by_side(call, range(20), StopSignal(), width=2) as results:
        first = list[int]()
        while len(first) < 19:
            first += next(results)
        others_are_done.set()
        assert set(first) == set(range(1, 20))
        assert list(results) == [[0]]


def test_what_ends_about_the_same_time_comes_together():
    with side_by_side(lambda n: n, range(50), StopSignal(), width=4) as results:
        assert len(list(results)) < 10


def test_no_more_than_asked_for_run_at_a_time():
    lock, running, most = threading.Lock(), 0, 0

    def call(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    with side_by_side(call, range(30), StopSignal(), width=3) as results:
        list(results)
    assert most == 3


def test_an_interrupt_lets_the_calls_under_way_end_and_starts_no_other():
    stop, begun, ended = StopSignal(), list[int](), list[int]()
    under_way = threading.Barrier(3)

    def call(number: int) -> None:
        begun.append(number)
        under_way.wait(10)
        with pytest.raises(Stopped):
            stop.wait(60)
        ended.append(number)

    def interrupted() -> None:
        with side_by_side(call, range(9), stop, width=2):
            under_way.wait(10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sorted(begun) == sorted(ended) == [0, 1]


def test_a_stuck_call_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    stuck = threading.Event()
    began = time.monotonic()
    with side_by_side(lambda _: stuck.wait(60), range(2), StopSignal(), width=2):
        pass
    assert time.monotonic() - began < 5
    stuck.set()
