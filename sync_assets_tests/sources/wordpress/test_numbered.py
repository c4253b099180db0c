"""Listings that know page numbers only, such as that of the categories."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.core.stop import StopSignal
from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.client import Rows
from sync_assets.sources.wordpress.numbered import page_and_next_row
from sync_assets.sources.wordpress.paging import Slice, Walk


class Terms:
    """Terms as WordPress lists them; one of `doomed` is deleted before each answer."""

    def __init__(self, keys: list[int], doomed: list[int]) -> None:
        self.keys = keys
        self.doomed = doomed
        self.asked: list[Params] = []

    def ask(self, page: Params) -> Rows:
        self.asked.append(page)
        if self.doomed:
            self.keys.remove(self.doomed.pop())
        size, number = int(page["per_page"]), int(page["page"])
        rows = [{"id": key} for key in self.keys[(number - 1) * size : number * size]]
        return Rows(rows, len(self.keys))


def walk(terms: Terms, size: int) -> set[int]:
    def get(offset: int) -> Slice:
        start, found = page_and_next_row(terms.ask, offset, size)
        return Slice(start, found.rows, [row["id"] for row in found.rows], found.total)

    steps = Walk(get, size + 1, StopSignal())
    return {key for part in steps.slices() for key in part.keys}


@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 10, 11, 20, 21, 100])
def test_a_quiet_listing_is_read_whole(count: int, size: int) -> None:
    keys = list(range(1, count + 1))
    assert walk(Terms(list(keys), []), size) == set(keys)


def test_a_listing_of_one_page_costs_one_request() -> None:
    terms = Terms([1, 2, 3], [])
    walk(terms, 3)
    assert terms.asked == [{"per_page": 3, "page": 1}]


@given(count=st.integers(1, 80), size=st.integers(2, 12), seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_nothing_that_stays_is_lost_whatever_is_deleted_meanwhile(
    count: int, size: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    keys = list(range(1, count + 1))
    doomed = chance.sample(keys, chance.randint(0, count // 2))
    stay = set(keys) - set(doomed)
    assert stay <= walk(Terms(keys, doomed), size) <= set(range(1, count + 1))
