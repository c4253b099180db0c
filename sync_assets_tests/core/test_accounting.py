"""Every record has exactly one fate, whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.ports import SyncOptions
from sync_assets_tests.core.fake_source import FakeSite
from sync_assets_tests.core.histories import Event, happen, lives, options, troubles
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.running import sync

turns = st.lists(st.tuples(lives, troubles, options, st.booleans()), min_size=1, max_size=3)
Turn = tuple[list[Event], list[Event], SyncOptions, bool]


@modestly
@given(turns, st.booleans(), st.booleans())
def test_the_counts_add_up_and_agree_with_the_rows(turns: list[Turn], inline: bool, dated: bool):
    site, store = FakeSite(dated=dated), MemoryStore()
    for life, trouble, chosen, authenticated in turns:
        site.behave()
        store.poison.clear()
        happen(site, store, [*life, *trouble])
        rows, buried = set(store.rows), store.buried()
        store.writes.clear()
        counts = sync(site, store, chosen, authenticated=authenticated, inline=inline)
        assert counts.adds_up()
        assert counts.created == len(set(store.rows) - rows)
        assert counts.written == len(store.writes) == len(set(store.writes))
        assert counts.deleted == len(store.buried() - buried)
        listed = len(set(site.bodies) - site.unlisted) + site.unkeyed
        assert listed <= counts.seen <= len(site.bodies) + site.unkeyed
        assert counts.total is not None
        assert counts.total >= counts.seen
        assert store.shown[-1] == counts


@modestly
@given(st.lists(lives, max_size=3), lives, options, st.booleans())
def test_a_sync_without_trouble_ends_in_step_and_the_next_writes_nothing(
    past: list[list[Event]], last: list[Event], chosen: SyncOptions, inline: bool
):
    site, store = FakeSite(), MemoryStore()
    for events in past:
        happen(site, store, events)
        sync(site, store, chosen, inline=inline)
    happen(site, store, [event for event in last if event[0] != "retouch"])
    full = SyncOptions(full=True, approve_deletions=True)
    sync(site, store, full, inline=inline)
    own = {key for key, row in store.rows.items() if row.locally_newer}
    theirs = {key: record for key, record in site.records().items() if key not in own}
    assert {key: record for key, record in store.live().items() if key not in own} == theirs
    store.writes.clear()
    again = sync(site, store, full, inline=inline)
    assert (store.writes, again.deleted) == ([], 0)
