"""No edit is lost, at whatever moment it happens and wherever the sync is cut off."""

import contextlib
from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import SyncOptions
from sync_assets_tests.core.fake_source import FakeSite, site_of
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.running import sync

ONE_FETCH = SyncOptions(batch_size=100)  # a single fetch: calls come in the same order every time


@dataclass
class Meanwhile:
    """Time passes with every call, editors work, and the sync may be cut off.

    Attributes:
        step: seconds a call.
        edits: the call before which an editor saves a record.
        cut: the call at which the connection is lost, 0 for never.
    """

    site: FakeSite
    step: float
    edits: dict[int, int]
    cut: int
    calls: int = 0

    def __call__(self, call: str) -> None:
        self.calls += 1
        self.site.pass_time(self.step)
        if self.calls in self.edits:
            self.site.put(self.edits[self.calls], f"edit at {self.site.now} before {call}")
        if self.calls == self.cut:
            raise RetryLater("the connection was lost")


syncs = st.tuples(
    st.sampled_from([0.05, 0.3, 5, 400]),
    st.dictionaries(st.integers(1, 22), st.integers(1, 3), max_size=4),
    st.integers(0, 22),
    st.sampled_from([0.2, 900, 90_000]),
)


TWICE_IN_ONE_SECOND = (0.05, {3: 1, 11: 1}, 12, 900.0)
"""A first sync reads a record, misses its second edit, and is cut off; the next begins late."""


@modestly
@given(st.lists(syncs, min_size=1, max_size=3))
@example([TWICE_IN_ONE_SECOND])
def test_every_edit_arrives(past: list[tuple[float, dict[int, int], int, float]]):
    site, store = site_of(range(1, 4)), MemoryStore()
    for step, edits, cut, pause in past:
        with contextlib.suppress(RetryLater):
            sync(site, store, ONE_FETCH, hook=Meanwhile(site, step, edits, cut))
        site.pass_time(pause)
    sync(site, store, ONE_FETCH)
    assert store.live() == site.records()
