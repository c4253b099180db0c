"""How often a key may ask, and an address guess."""

from contextlib import suppress

import pytest
from fastapi import FastAPI

from sync_assets.gateway.knocks import MISS_BURST, Knocks
from sync_assets.gateway.limits import GUESS_BURST, MOST, Buckets, Places
from sync_assets.gateway.problems import Problem
from sync_assets_tests.gateway.conftest import Client, Organization

PATH = "/v1/syncs"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_a_burst_and_is_filled_again():
    clock = Clock()
    buckets = Buckets(60, 3, clock)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(1.0)
    assert buckets.take("b") == 0
    clock.now = 1.0
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    clock.now = 1_000.0
    assert [buckets.take("a") == 0 for _ in range(4)] == [True, True, True, False]


def test_the_wait_for_a_bucket_is_told_without_taking_from_it():
    clock = Clock()
    buckets = Buckets(60, 1, clock)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert len(buckets) == 0
    buckets.take("a")
    clock.now = 0.25
    assert [buckets.wait("a") for _ in range(3)] == pytest.approx([0.75] * 3)


def test_an_address_that_guesses_for_many_tenants_is_held_up_for_all():
    knocks = Knocks(Clock())
    for number in range(MISS_BURST):
        knocks.check("a", str(number))
        knocks.missed("a", str(number))
    with pytest.raises(Problem) as refused:
        knocks.check("a", "another")
    assert refused.value.status == 429
    knocks.check("b", "another")


def test_what_is_refused_for_one_tenant_uses_up_nothing_of_the_address():
    knocks = Knocks(Clock())
    for _ in range(3 * MISS_BURST):
        with suppress(Problem):
            knocks.check("a", "acme")
            knocks.missed("a", "acme")
    knocks.check("a", "globex")


def test_who_was_seen_long_ago_is_forgotten():
    buckets = Buckets(60, 1, Clock())
    for number in range(MOST + 5):
        buckets.take(str(number))
    assert len(buckets) == MOST


def test_places_are_shared_and_given_back():
    places = Places(3, 2)
    with places.taken("a"), places.taken("a"):
        with pytest.raises(Problem) as mine, places.taken("a"):
            pass
        with places.taken("b"), pytest.raises(Problem) as everybodys, places.taken("b"):
            pass
    assert (mine.value.status, everybodys.value.status) == (429, 503)
    with places.taken("b"), places.taken("b"), places.taken("a"):
        pass


@pytest.mark.postgres
def test_a_key_that_asks_too_often_waits_and_others_do_not(
    app: FastAPI, ours: Organization, theirs: Organization, client: Client
):
    app.state.limits._keys._burst = 3.0
    app.state.limits._keys._rate = 0.01
    reader = client(ours.reader)
    assert [reader.get(PATH).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = reader.get(PATH)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert client(theirs.reader).get(PATH).status_code == 200


@pytest.mark.postgres
def test_who_guesses_keys_is_held_up(ours: Organization, client: Client):
    guesser = client("sa_wrong")
    statuses = [guesser.get(PATH).status_code for _ in range(GUESS_BURST + 3)]
    assert statuses[:GUESS_BURST] == [404] * GUESS_BURST
    assert statuses[-1] == 429
    assert client(ours.reader).get(PATH).status_code == 200
