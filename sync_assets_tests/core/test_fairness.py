"""Who goes next, and that nobody waits for ever."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.fairness import (
    FEWEST_TENANTS,
    Waiting,
    in_turn,
    launches,
)
from sync_assets.core.queues import QUEUES, Priority
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.waiting import NOON, Play, names, waiting

PLACES = [1, 2, 3]


def order(*requests: Waiting, minute: float = 0, **served: float) -> list[int]:
    """The order at a minute, given the minutes at which organizations were served."""
    at = {name: NOON + timedelta(minutes=minutes) for name, minutes in served.items()}
    return names(in_turn(requests, at, NOON + timedelta(minutes=minute)))


# One that floods


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("kind", ["wordpress", "another kind"])
@pytest.mark.parametrize("arrives", [0, 1, 2, 7, 16, 40])
@pytest.mark.parametrize("takes", [1, 8])
def test_a_flood_of_500_delays_the_single_request_of_another_by_at_most_one_turn(
    places: int, kind: str, arrives: int, takes: int
):
    play = Play(places, takes)
    play.left = [waiting(number, "flood", kind=f"{kind} {number % 2}") for number in range(500)]
    single = waiting(1000, "other", minutes=arrives, kind=kind)
    for minute in range(arrives):
        play.tick(minute)
    before = len(play.runs)
    for minute in range(arrives, arrives + 120):
        play.tick(minute, [single] if minute == arrives else [])
    position = play.started(single)
    assert position is not None
    assert position - before <= 1


@pytest.mark.parametrize("places", PLACES)
def test_two_that_flood_take_turns(places: int):
    play = Play(places)
    flood = [waiting(n, f"org{n % 2}", kind=f"{n % 2}", alone=True) for n in range(80)]
    for minute in range(40):
        play.tick(minute, flood if minute == 0 else [])
    turns = [run[0].organization for _, run in play.runs][:40]
    assert 19 <= turns.count("org0") <= 21


def test_requests_that_fail_again_and_again_do_not_come_first_every_time():
    flood = [waiting(number, "flood") for number in range(3)]
    single = waiting(9, "other", minutes=10)
    assert order(*flood, single, minute=12, flood=11)[0] == 9


# Priorities and ageing


def test_the_more_urgent_goes_first():
    requests = [waiting(int(p), f"org{p}", priority=p) for p in Priority]
    assert order(*requests) == [3, 2, 1, 0]
    own = [waiting(int(p), priority=p) for p in Priority]
    assert order(*own) == [3, 2, 1, 0]


@pytest.mark.parametrize("organization", ["agency", "another"])
def test_a_low_request_overtakes_newer_urgent_ones_after_15_minutes(organization: str):
    low = waiting(1, organization, priority=Priority.LOW)
    for minute, first in [(14.9, 2), (15.1, 1)]:
        urgent = waiting(2, priority=Priority.URGENT, minutes=minute)
        assert order(low, urgent, minute=minute)[0] == first


def test_it_never_overtakes_what_was_more_urgent_and_waited_as_long():
    low = waiting(1, priority=Priority.LOW)
    urgent = waiting(2, "another", priority=Priority.URGENT, minutes=1)
    assert order(low, urgent, minute=600) == [2, 1]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("organizations", [1, 5, 100])
@pytest.mark.parametrize("own", [True, False])
def test_nothing_starves_under_a_steady_flood_of_urgent_ones(
    places: int, organizations: int, own: bool
):
    play = Play(places)
    mine = "org0" if own else "mine"
    low = waiting(1, mine, priority=Priority.LOW)
    play.left = [low]
    number = 10
    for minute in range(60):
        urgent = [
            waiting(
                number + n,
                f"org{(number + n) % organizations}",
                priority=Priority.URGENT,
                minutes=minute,
                alone=True,
            )
            for n in range(places)
        ]
        number += places
        play.tick(minute, urgent)
    assert low not in play.left


def test_an_organization_with_a_long_sync_at_work_still_gets_its_turns():
    mine = waiting(1, "mine", priority=Priority.LOW)
    urgent = waiting(2, "other", priority=Priority.URGENT, minutes=40)
    assert order(mine, urgent, minute=40, mine=20)[0] == 1


# One a tenant


def test_of_a_tenants_requests_one_goes_and_it_is_the_first():
    requests = [
        waiting(1, tenant="acme", priority=Priority.LOW),
        waiting(2, tenant="acme", priority=Priority.HIGH, minutes=1),
        waiting(3, tenant="acme", priority=Priority.HIGH, minutes=2),
    ]
    assert order(*requests, minute=3) == [2]


# Runs


def test_while_there_are_places_every_tenant_has_a_run_of_its_own():
    requests = [waiting(n) for n in range(3)]
    assert [names(run) for run in launches(requests, 3, {})] == [[0], [1], [2]]


def test_many_of_a_kind_share_sweeps_of_at_most_150():
    runs = launches([waiting(n) for n in range(1000)], 3, {})
    assert [len(run) for run in runs] == [150] * 3


def test_a_sweep_is_not_split_into_tiny_ones():
    runs = launches([waiting(n) for n in range(12)], 3, {})
    assert [len(run) for run in runs] == [FEWEST_TENANTS, 1, 1]


def test_what_is_alone_has_its_own_run():
    requests = [waiting(0, alone=True), *(waiting(n, alone=n % 2 == 0) for n in range(1, 40))]
    runs = launches(requests, 3, {})
    assert names(runs[0]) == [0]
    assert all(len(run) == 1 for run in runs if any(request.alone for request in run))


def test_a_sweep_is_of_one_kind_and_one_queue():
    priorities = [Priority.NORMAL, Priority.LOW]
    requests = [waiting(n, priority=priorities[n % 2], kind=f"{n % 3}") for n in range(100)]
    for run in launches(requests, 3, {}):
        assert len(run) > 1
        assert len({(request.queue, request.kind) for request in run}) == 1


def test_a_full_queue_holds_up_no_other():
    low = [waiting(n, priority=Priority.LOW) for n in range(20)]
    runs = launches([*low, waiting(99)], 3, {"sync_bulk": QUEUES["sync_bulk"].runs})
    assert [names(run) for run in runs] == [[99]]


def test_without_a_place_nothing_starts():
    assert launches([waiting(1)], 0, {}) == []


requests_of_any_kind = st.lists(
    st.builds(
        waiting,
        st.integers(0, 10**6),
        st.sampled_from(["a", "b", "c"]),
        tenant=st.sampled_from([f"t{n}" for n in range(30)]),
        priority=st.sampled_from(Priority),
        minutes=st.integers(0, 30),
        kind=st.sampled_from(["x", "y"]),
        alone=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda request: request.id,
)


@modestly
@given(requests_of_any_kind, st.integers(1, 3), st.integers(1, 4))
def test_everything_is_started_exactly_once_and_no_tenant_twice_at_a_time(
    requests: list[Waiting], places: int, takes: int
):
    play = Play(places, takes, left=list(requests))
    for minute in range(400):
        play.tick(minute)
    assert sorted(r.id for _, run in play.runs for r in run) == sorted(r.id for r in requests)
    for minute in range(400):
        at_work = [run for began, run in play.runs if began <= minute < began + takes]
        tenants = [request.tenant for run in at_work for request in run]
        assert len(tenants) == len(set(tenants))
        assert len(at_work) <= places
        queues = [run[0].queue for run in at_work]
        assert all(queues.count(name) <= queue.runs for name, queue in QUEUES.items())


@modestly
@given(requests_of_any_kind, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_reading(requests: list[Waiting], random):  # type: ignore[no-untyped-def]
    shuffled = list(requests)
    random.shuffle(shuffled)
    assert order(*shuffled, minute=31, a=4) == order(*requests, minute=31, a=4)
