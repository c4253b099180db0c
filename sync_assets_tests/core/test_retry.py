"""How long is waited before another try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.retry import Backoff
from sync_assets_tests.core.properties import modestly

BACKOFF = Backoff(attempts=5, base=0.5, ceiling=60.0)


def least() -> float:
    return 0.0


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.25), (2, 0.5), (3, 1.0), (4, 2.0)])
def test_each_wait_is_twice_the_one_before(attempt: int, seconds: float):
    assert BACKOFF.delay(attempt, None, least) == seconds


def test_the_last_try_is_followed_by_none():
    assert BACKOFF.delay(4, None) is not None
    assert BACKOFF.delay(5, None) is None
    assert BACKOFF.delay(5, 1.0) is None


def test_the_servers_wish_is_respected():
    assert BACKOFF.delay(1, 17.0, least) == 17.0
    assert BACKOFF.delay(1, 0.0, least) == 0.0


def test_a_server_that_asks_for_too_much_is_not_waited_for():
    assert BACKOFF.delay(1, 60.0, least) == 60.0
    assert BACKOFF.delay(1, 60.1, least) is None


@modestly
@given(st.integers(1, 29), st.none() | st.floats(0, 100), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_shorter_than_asked_or_much_longer_than_the_ceiling(
    attempt: int, asked: float | None, jitter: float
):
    delay = Backoff(attempts=30).delay(attempt, asked, lambda: jitter)
    if delay is not None:
        assert (asked or 0) <= delay <= 61


def test_two_clients_do_not_come_back_at_the_same_moment():
    assert BACKOFF.delay(3, None, lambda: 0.1) != BACKOFF.delay(3, None, lambda: 0.9)
    assert BACKOFF.delay(3, 5.0, lambda: 0.1) != BACKOFF.delay(3, 5.0, lambda: 0.9)
