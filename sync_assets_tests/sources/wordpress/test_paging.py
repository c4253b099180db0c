"""The walk over a listing whose rows come and go while it is read."""

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.core.errors import SourceChanged
from sync_assets.core.stop import StopSignal
from sync_assets.sources.wordpress.paging import Slice, Walk


class Rows:
    """A listing as WordPress serves it; `before` changes it before an answer."""

    def __init__(self, keys: list[int], size: int) -> None:
        self.keys = keys
        self.size = size
        self.hidden: set[int] = set()
        self.changes: dict[int, list[int]] = {}
        self.asked: list[int] = []
        self.deleted: set[int] = set()
        self._lock = threading.Lock()

    def get(self, offset: int) -> Slice:
        with self._lock:
            self._change()
            self.asked.append(offset)
            page = self.keys[offset : offset + self.size]
            seen = [key for key in page if key not in self.hidden]
            total = len(self.keys) if page else 0
            return Slice(offset, [{"id": key} for key in seen], seen, total)

    def _change(self) -> None:
        for key in self.changes.get(len(self.asked), ()):
            if key in self.keys:
                self.keys.remove(key)
                self.deleted.add(key)


def walk(rows: Rows) -> list[int]:
    steps = Walk(rows.get, rows.size, StopSignal())
    return [key for part in steps.slices() for key in part.keys]


@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 10, 11, 19, 20, 21, 100])
def test_a_quiet_listing_is_read_whole_and_in_order(count: int, size: int) -> None:
    keys = list(range(1, count + 1))
    assert sorted(set(walk(Rows(keys, size)))) == keys


def test_a_quiet_listing_costs_one_request_a_page() -> None:
    rows = Rows(list(range(1, 996)), 100)
    walk(rows)
    assert len(rows.asked) == 11


def test_a_small_listing_costs_one_request() -> None:
    rows = Rows([1, 2, 3], 100)
    walk(rows)
    assert rows.asked == [0]


@given(
    count=st.integers(1, 120),
    size=st.integers(2, 20),
    seed=st.integers(0, 2**32),
    deletions=st.integers(0, 40),
)
@settings(max_examples=300, deadline=None)
def test_nothing_that_stays_is_lost_whatever_is_deleted_meanwhile(
    count: int, size: int, seed: int, deletions: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    keys = sorted(chance.sample(range(1, 1000), count))
    rows = Rows(list(keys), size)
    for _ in range(deletions):
        rows.changes.setdefault(chance.randrange(0, 30), []).append(chance.choice(keys))
    found = set(walk(rows))
    assert set(keys) - rows.deleted <= found <= set(keys)


@given(
    count=st.integers(1, 120),
    size=st.integers(2, 20),
    hidden=st.sets(st.integers(1, 120)),
)
@settings(max_examples=200, deadline=None)
def test_rows_that_are_hidden_hide_no_others(count: int, size: int, hidden: set[int]) -> None:
    keys = list(range(1, count + 1))
    rows = Rows(list(keys), size)
    rows.hidden = hidden
    assert set(walk(rows)) == set(keys) - hidden


def test_rows_that_are_added_at_the_end_are_read_too() -> None:
    rows = Rows(list(range(1, 20)), 5)
    plain = rows.get

    def get(offset: int) -> Slice:
        if offset == 8:
            rows.keys += range(100, 110)
        return plain(offset)

    steps = Walk(get, 5, StopSignal())
    found = {key for part in steps.slices() for key in part.keys}
    assert set(range(1, 20)) <= found
    assert steps.total == 29
    assert set(range(100, 110)) <= found


def test_a_total_that_is_too_small_is_not_believed() -> None:
    rows = Rows(list(range(1, 31)), 10)
    steps = Walk(
        lambda offset: Slice(offset, (found := rows.get(offset)).rows, found.keys, 10),
        10,
        StopSignal(),
    )
    assert {key for part in steps.slices() for key in part.keys} == set(range(1, 31))


@pytest.mark.parametrize("count", [9, 10, 11, 35])
def test_a_listing_without_totals_is_read_to_its_end(count: int) -> None:
    rows = Rows(list(range(1, count + 1)), 10)
    steps = Walk(
        lambda offset: Slice(offset, (found := rows.get(offset)).rows, found.keys, None),
        10,
        StopSignal(),
    )
    assert {key for part in steps.slices() for key in part.keys} == set(range(1, count + 1))


def test_a_site_that_does_not_know_offsets_is_found_out() -> None:
    def get(offset: int) -> Slice:
        return Slice(offset, [{"id": 1}, {"id": 2}], [1, 2], 50)

    with pytest.raises(SourceChanged, match="same records"):
        list(Walk(get, 2, StopSignal()).slices())


def test_a_page_read_before_the_one_in_front_of_it_is_read_again() -> None:
    keys = list(range(1, 41))
    early = {9: keys[9:19]}  # read first; then nine rows went, and the page before it got these

    def get(offset: int) -> Slice:
        page = early.pop(offset, None) or keys[9:][offset : offset + 10]
        return Slice(offset, [{"id": key} for key in page], page, 31)

    seen = {key for part in Walk(get, 10, StopSignal()).slices() for key in part.keys}
    assert seen == set(keys[9:])


def test_a_site_that_promises_rows_for_ever_is_not_asked_for_ever() -> None:
    def get(offset: int) -> Slice:
        return Slice(offset, [], [], 10**9)

    with pytest.raises(SourceChanged, match="serves none"):
        list(Walk(get, 100, StopSignal()).slices())
