import threading

import pytest

from sync_assets.core.errors import OutOfTime, Stopped
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.stoppable import Overdue, stoppable


@pytest.fixture
def ended():
    event = threading.Event()
    yield event
    event.set()


def test_the_result_is_the_works():
    assert stoppable(lambda _: 7, StopSignal(), 5) == 7


def test_an_error_is_the_works():
    with pytest.raises(ZeroDivisionError):
        stoppable(lambda _: 1 // 0, StopSignal(), 5)


def test_work_that_takes_too_long_is_left_alone(ended):
    with pytest.raises(Overdue):
        stoppable(lambda _: ended.wait(60), StopSignal(), 0.05)


def test_a_stop_leaves_it_alone(ended):
    stop = StopSignal()

    def work(_):
        stop.set()
        return ended.wait(60)

    with pytest.raises(Stopped):
        stoppable(work, stop, 60)


def test_the_hard_limit_leaves_it_alone(ended):
    with pytest.raises(OutOfTime):
        stoppable(lambda _: ended.wait(60), StopSignal(hard=0.05), 60)


def test_work_that_was_left_alone_is_told():
    told = threading.Event()
    with pytest.raises(Overdue):
        stoppable(lambda abandoned: abandoned.wait(60) and told.set(), StopSignal(), 0.05)
    assert told.wait(60)


def test_what_the_caller_is_stopped_by_does_not_wait_for_the_work(ended):
    with pytest.raises(OutOfTime):
        stoppable(lambda _: ended.wait(60), StopSignal(hard=-1), 60)
    assert any(thread.name == "call" and thread.daemon for thread in threading.enumerate())
