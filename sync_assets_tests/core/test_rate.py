"""Slots keep an account's rate, however many processes ask for it."""

import heapq
from dataclasses import dataclass

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sync_assets.core.rate import FASTEST, SLOWEST, UNPACED, Rate, Slots, slower
from sync_assets.core.stop import StopSignal
from sync_assets_tests.core.pacing import excess
from sync_assets_tests.core.properties import modestly

A_HAIR = 1e-6  # seconds; of adding up fractions

rates = st.builds(Rate, st.sampled_from([0.5, 3.0, 10.0, 40.0, 200.0]), st.integers(1, 20))


@dataclass
class Account:
    """What PostgreSQL keeps: when the next request may start."""

    rate: Rate
    now: float = 1000.0
    next_at: float = 0.0
    reserved: int = 0

    def reserve(self, number: int) -> float:
        first = max(self.next_at, self.now - self.rate.slack)
        self.next_at = first + number * self.rate.interval
        self.reserved += number
        return first

    def process(self) -> Slots:
        return Slots(self.rate, self.reserve)


def starts(account: Account, pauses: list[list[float]]) -> list[float]:
    """When requests start, of processes that each ask again after a pause, one after the other."""
    processes = [account.process() for _ in pauses]
    asking = [(account.now + (todo or [0.0])[0], number) for number, todo in enumerate(pauses)]
    heapq.heapify(asking)
    done = [0] * len(pauses)
    found: list[float] = []
    while asking:
        account.now, number = heapq.heappop(asking)
        if done[number] < len(pauses[number]):
            started = max(account.now, processes[number].take(account.now))
            found.append(started)
            done[number] += 1
            pause = pauses[number][done[number] % len(pauses[number])]
            heapq.heappush(asking, (started + pause, number))
    return sorted(found)


@modestly
@given(
    rates,
    st.lists(
        st.lists(st.floats(0, 2) | st.sampled_from([0.0, 0.001, 0.1]), min_size=1, max_size=40),
        min_size=1,
        max_size=4,
    ),
)
@example(Rate(40), [[0.0] * 40, [0.2] * 20])
@example(Rate(200, 20), [[*[0.0] * 39, 2.0] * 3])
def test_no_window_sees_more_than_the_burst_and_the_rate(rate: Rate, pauses: list[list[float]]):
    moments = starts(Account(rate), pauses)
    assert len(moments) == sum(map(len, pauses))
    assert excess(moments, rate) <= A_HAIR * rate.per_second


def test_the_proof_notices_processes_that_know_nothing_of_each_other():
    rate = Rate(10.0)
    alone = [starts(Account(rate), [[0.0] * 30]) for _ in range(2)]
    assert excess(sorted(alone[0] + alone[1]), rate) > 20


@modestly
@given(rates, st.integers(1, 8), st.floats(0, 0.5))
def test_hungry_processes_get_at_least_four_fifths_of_the_rate(
    rate: Rate, processes: int, pause: float
):
    assume(pause == 0 or processes / pause > 1.5 * rate.per_second)
    account = Account(rate)
    moments = starts(account, [[pause] * (400 // processes)] * processes)[: 400 - 100]
    assert len(moments) >= 0.8 * rate.per_second * (moments[-1] - moments[0])


@modestly
@given(rates, st.lists(st.floats(0, 1), min_size=10, max_size=200))
def test_whoever_asks_seldom_reserves_little_more_than_it_uses(rate: Rate, pauses: list[float]):
    account = Account(rate)
    used = starts(account, [pauses])
    assert account.reserved <= len(used) / 0.8


def test_a_hungry_process_comes_to_reserve_many_slots_at_once():
    account, asked = Account(Rate(200.0)), list[int]()

    def reserve(number: int) -> float:
        asked.append(number)
        return account.reserve(number)

    slots = Slots(account.rate, reserve)
    for _ in range(20_000):
        account.now = max(account.now, slots.take(account.now))
    assert (asked[0], max(asked)) == (1, 50)


def test_a_failed_reservation_takes_no_slot():
    account, answers = Account(Rate(10.0)), [OSError("gone"), None]

    def reserve(number: int) -> float:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return account.reserve(number)

    slots = Slots(account.rate, reserve)
    with pytest.raises(OSError, match="gone"):
        slots.take(account.now)
    assert slots.take(account.now) == account.now


def test_after_a_pause_as_many_start_together_as_the_burst_says():
    account = Account(Rate(10.0, burst=3))
    moments = starts(account, [[0.0] * 5])
    assert moments == pytest.approx([1000.0, 1000.0, 1000.0, 1000.1, 1000.2])


@pytest.mark.parametrize("per_second", [0, -1, SLOWEST / 2, FASTEST * 2, float("nan")])
def test_a_rate_that_no_sync_can_keep_is_refused(per_second: float):
    with pytest.raises(ValueError, match=r"no rate to keep. It goes from one a minute"):
        Rate(per_second)


def test_a_burst_is_of_one_request_at_least():
    with pytest.raises(ValueError, match="1 request at least"):
        Rate(1.0, burst=0)


def test_the_lower_of_two_rates_wins():
    low, high = Rate(2.0, 9), Rate(5.0)
    assert slower(low, high) == slower(high, low) == low
    assert slower(None, high) == slower(high, None) == high
    assert slower(None, None) is None


def test_without_a_rate_nobody_waits():
    UNPACED.wait(StopSignal())
