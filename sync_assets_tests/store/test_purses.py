"""One purse for each account, whoever takes from it: nobody spends what is not there."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import Stopped
from sync_assets.core.points import Allowance
from sync_assets.core.stop import StopSignal
from sync_assets.store.purses import SharedPurse

pytestmark = pytest.mark.postgres

PLAN = Allowance(restore=200.0, most=400.0)
KEPT = 0.9 * PLAN.most


def purse(platform: Platform, left: float = PLAN.most) -> SharedPurse:
    """A purse that knows its plan, with so much left as the platform said last."""
    found = platform.paces.purse("shop:a")
    found.take(1, StopSignal())
    found.settle(1, left, PLAN)
    return found


def took(one: SharedPurse, points: int) -> float:
    began = time.monotonic()
    one.take(points, StopSignal())
    return time.monotonic() - began


def test_what_was_saved_up_is_there_at_once(platform: Platform):
    assert took(purse(platform), 300) < 0.3


def test_what_is_not_there_is_waited_for(platform: Platform):
    one = purse(platform)
    one.take(int(KEPT), StopSignal())
    assert 0.3 < took(one, 100) < 1.0


def test_two_purses_of_one_account_are_one(platform: Platform):
    one, other = purse(platform), purse(platform)
    one.take(int(KEPT), StopSignal())
    assert 0.3 < took(other, 100) < 1.0


def test_what_was_not_spent_is_given_back(platform: Platform):
    one = purse(platform)
    one.take(int(KEPT), StopSignal())
    one.settle(200, PLAN.most, PLAN)
    assert took(one, 150) < 0.2


def test_the_platform_is_believed_where_it_says_less(platform: Platform):
    one = purse(platform, left=PLAN.most - KEPT)  # nothing but what is kept back
    assert 0.3 < took(one, 100) < 1.0


def test_the_platform_is_not_believed_where_it_says_more(platform: Platform):
    """It does not know yet what others have taken and not yet sent."""
    one = purse(platform)
    one.take(int(KEPT), StopSignal())
    one.settle(0, PLAN.most, PLAN)
    assert 0.3 < took(one, 100) < 1.0


def test_a_price_beyond_all_that_can_be_saved_up_comes_in_the_end(platform: Platform):
    assert took(purse(platform), 10_000) < 1.0


def test_many_threads_take_no_more_than_there_is(platform: Platform):
    one, began = purse(platform), time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: one.take(30, StopSignal()), range(20)))
    assert time.monotonic() - began > (20 * 30 - KEPT) / PLAN.restore - 0.1


def test_a_stop_is_obeyed_while_points_are_waited_for(platform: Platform):
    one, stop = purse(platform), StopSignal()
    one.take(int(KEPT), StopSignal())
    stop.set()
    with pytest.raises(Stopped):
        one.take(300, stop)
