"""No row is buried that is alive at the source, whatever the source says."""

import contextlib
import threading
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import SyncOptions
from sync_assets_tests.core.fake_source import FakeSite
from sync_assets_tests.core.histories import KEYS, Event, happen, lives, options
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.running import sync

lies: st.SearchStrategy[Callable[[int], int | None]] = st.sampled_from(
    [lambda truth: truth, lambda _: None, lambda _: 0, lambda truth: truth - 2, lambda t: t + 2]
)
hidden = st.sets(st.sampled_from(KEYS)) | st.just(set(KEYS))
meanwhile = st.dictionaries(st.integers(1, 12), lives.filter(bool), max_size=2)


class Witness:
    """Sees every call; lets things happen in between, fails once, and watches the graves."""

    def __init__(
        self, site: FakeSite, store: MemoryStore, events: dict[int, list[Event]], fails_at: int
    ) -> None:
        self.site, self.store, self.events, self.fails_at = site, store, events, fails_at
        self.calls = 0
        self.before = store.buried()
        self.lock = threading.Lock()

    def __call__(self, call: str) -> None:
        with self.lock:
            self.calls += 1
            if call in ("listing", "fetch", "verify"):
                happen(self.site, self.store, self.events.get(self.calls, []))
            if call == "buried":
                assert not (self.store.buried() - self.before) & set(self.site.bodies)
            if self.calls == self.fails_at:
                raise RetryLater("the connection was lost")


@modestly
@given(
    lives.map(lambda events: [*events, *(("put", key) for key in KEYS)]),
    st.lists(
        st.tuples(lives, hidden, lies, options, st.booleans(), meanwhile, st.integers(1, 60)),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_nothing_alive_is_ever_buried(past: list[Event], turns: list[tuple], inline: bool):  # type: ignore[type-arg]
    site, store = FakeSite(), MemoryStore()
    happen(site, store, past)
    sync(site, store, inline=inline)
    for events, unlisted, announces, chosen, authenticated, between, fails_at in turns:
        happen(site, store, events)
        site.unlisted, site.announces = set(unlisted), announces
        witness = Witness(site, store, between, fails_at)
        with contextlib.suppress(RetryLater):
            sync(site, store, chosen, authenticated=authenticated, inline=inline, hook=witness)
        assert authenticated or store.buried() <= witness.before


@modestly
@given(lives, lives, st.booleans())
def test_a_complete_listing_buries_exactly_the_dead(
    past: list[Event], since: list[Event], inline: bool
):
    site, store = FakeSite(), MemoryStore()
    for key in KEYS:
        site.put(key, "first")
    happen(site, store, past)
    sync(site, store, inline=inline)
    happen(site, store, since)
    dead = set(store.rows) - set(site.bodies)
    own = {key for key, row in store.rows.items() if row.locally_newer}
    sync(site, store, SyncOptions(approve_deletions=True), inline=inline)
    assert store.buried() == dead - own
