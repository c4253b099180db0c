"""The stop signal."""

import threading
import time
from collections.abc import Callable

import pytest

from sync_assets.core.errors import OutOfTime, Stopped
from sync_assets.core.stop import StopSignal


class Hands:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nobody_is_stopped_unasked():
    stop = StopSignal()
    stop.check()
    stop.check_turn()
    stop.wait(0)


@pytest.mark.parametrize(
    "look", [StopSignal.check, StopSignal.check_turn, lambda stop: stop.wait(60)]
)
def test_everyone_who_looks_learns_of_a_stop(look: Callable[[StopSignal], None]):
    stop = StopSignal(turn=0.0)
    stop.set()
    with pytest.raises(Stopped):
        look(stop)


def test_a_sleeper_wakes_up_at_once():
    stop = StopSignal()
    threading.Timer(0.02, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        stop.wait(60)
    assert time.monotonic() - began < 5


def test_a_turn_ends_only_between_pages():
    clock = Hands()
    stop = StopSignal(turn=60, monotonic=clock)
    clock.now += 60
    stop.check_turn()
    clock.now += 0.1
    stop.check()
    stop.wait(0)
    with pytest.raises(OutOfTime):
        stop.check_turn()


def test_a_turn_of_a_longer_signal_ends_by_itself_but_stops_with_the_other():
    clock = Hands()
    stop = StopSignal(monotonic=clock)
    turn = stop.child(turn=60)
    clock.now += 61
    with pytest.raises(OutOfTime):
        turn.check_turn()
    stop.check_turn()
    stop.set()
    with pytest.raises(Stopped):
        turn.check()


def test_a_sync_without_a_turn_goes_on_for_ever():
    clock = Hands()
    stop = StopSignal(monotonic=clock)
    clock.now += 1e9
    stop.check_turn()


def test_the_soft_limit_counts_only_while_others_wait():
    clock = Hands()
    stop = StopSignal(soft=300, monotonic=clock)
    clock.now += 301
    stop.check_turn()
    stop.others_wait(True)
    stop.check()
    with pytest.raises(OutOfTime):
        stop.check_turn()


def test_the_hard_limit_ends_even_a_wait():
    clock = Hands()
    stop = StopSignal(hard=600, monotonic=clock)
    clock.now += 601
    with pytest.raises(OutOfTime, match="600 s"):
        stop.wait(0)


def test_what_gets_on_has_no_hard_limit():
    clock = Hands()
    stop = StopSignal(hard=600, monotonic=clock)
    for _ in range(5):
        clock.now += 599
        stop.check()
        stop.progressed()
    clock.now += 601
    with pytest.raises(OutOfTime):
        stop.check()


def test_a_stopped_part_leaves_the_whole_alone():
    whole = StopSignal()
    part, other = whole.child(), whole.child()
    part.set()
    whole.check()
    other.check()
    with pytest.raises(Stopped):
        part.check()


def test_a_part_of_something_stopped_is_stopped_from_the_start():
    whole = StopSignal()
    whole.set()
    with pytest.raises(Stopped):
        whole.child().check()
