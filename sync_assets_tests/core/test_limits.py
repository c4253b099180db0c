"""How long a sync may take, in a clock that moves with every look at it."""

import pytest

from sync_assets.core.errors import OutOfTime
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, site_of
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.running import sync, sync_collections

LIMIT = 10


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def limited(*, soft: float | None = None, hard: float | None = None) -> StopSignal:
    """A signal whose clock goes on by a second with every look."""
    seconds = iter(range(10_000))
    return StopSignal(soft=soft, hard=hard, monotonic=lambda: next(seconds))


def test_a_first_load_that_gets_on_is_not_stopped_by_the_hard_limit(store: MemoryStore):
    connection = FakeConnection([FakeCollection(site_of(range(1, 200)))])
    sync_collections(connection, store, SyncOptions(batch_size=2), limited(hard=LIMIT))
    assert len(store.rows) == 199


def test_a_later_sync_is_stopped_by_it_and_goes_on_from_what_it_wrote(store: MemoryStore):
    site = site_of(range(1, 200))
    sync(site, store)
    site.pass_time(3600)
    for key in range(1, 200):
        site.put(key, "edited")
    site.pass_time(60)
    options, fetched = SyncOptions(batch_size=2), list[str]()
    slow = FakeCollection(site, lambda call: fetched.append(call) if call == "fetch" else None)
    stop = StopSignal(hard=LIMIT, monotonic=lambda: len(fetched))  # a second for each request
    with pytest.raises(OutOfTime, match="hard limit"):
        sync_collections(FakeConnection([slow]), store, options, stop)
    again = FakeCollection(site)
    sync_collections(FakeConnection([again]), store, options)
    assert 0 < len(again.fetched) < 100


def test_behind_the_soft_limit_it_makes_room_for_those_who_wait(store: MemoryStore):
    stop = limited(soft=LIMIT)
    stop.others_wait(True)
    connection = FakeConnection([FakeCollection(site_of(range(1, 200)))])
    with pytest.raises(OutOfTime):
        sync_collections(connection, store, SyncOptions(batch_size=2), stop)
    assert len(store.rows) < 199


def test_behind_the_soft_limit_it_goes_on_while_nobody_waits(store: MemoryStore):
    connection = FakeConnection([FakeCollection(site_of(range(1, 200)))])
    sync_collections(connection, store, SyncOptions(batch_size=2), limited(soft=LIMIT))
    assert len(store.rows) == 199
