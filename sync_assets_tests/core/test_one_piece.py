"""A first load in one piece is read again after a crash, and is told since when it is under way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sync_assets.core.errors import OutOfTime
from sync_assets.core.ports import ListingPage, SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import SKEW, sync_stream
from sync_assets_tests.core.fake_source import (
    BEGINNING,
    FakeCollection,
    FakeConnection,
    FakeSite,
    site_of,
)
from sync_assets_tests.core.memory_store import MemoryStore


class Killed(Exception):
    pass


@dataclass(slots=True)
class OnePiece(FakeCollection):
    """Notes what it is told when everything is wanted of it."""

    told: list[datetime | None] = field(default_factory=list[datetime | None])
    in_one_piece: bool = True

    def with_contents(self, begun: datetime | None = None) -> FakeCollection:
        self.told.append(begun)
        return FakeCollection(self.site, inline=True)


class Waiting(FakeCollection):
    """Is prepared by the source, for so many looks."""

    looks = 5
    at_work = True

    def listing(self) -> Iterator[ListingPage]:
        yield from [ListingPage((), at_work=self.at_work)] * self.looks
        yield from FakeCollection.listing(self)


class Busy(Waiting):
    """Is not even begun: the source works for others."""

    at_work = False


def sync(
    collection: FakeCollection,
    store: MemoryStore,
    stop: StopSignal | None = None,
    *,
    full: bool = False,
) -> None:
    connection = FakeConnection([collection])
    options = SyncOptions(full=full)
    sync_stream("things", connection, store, options, stop or StopSignal())


def cut_off(site: FakeSite, collection: FakeCollection) -> MemoryStore:
    """The store of a first load that was killed behind its first page."""
    calls: list[str] = []

    def die(call: str) -> None:
        calls.append(call)
        if calls.count("write") == 3:  # the first one is the checkpoint
            raise Killed

    store = MemoryStore(hook=die)
    with pytest.raises(Killed):
        sync(collection, store)
    store.hook = lambda _: None
    assert 0 < len(store.rows) < len(site.bodies)
    site.pass_time(60)
    return store


def test_it_is_read_again_and_told_when_it_was_begun():
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = cut_off(site, collection)
    sync(collection, store)
    assert collection.told == [None, BEGINNING - SKEW]
    assert collection.fetched == []
    assert store.live() == site.records()


def test_what_was_written_before_is_not_written_again():
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = cut_off(site, collection)
    sync(collection, store)
    assert sorted(store.writes) == sorted(site.bodies)


def test_once_loaded_it_is_listed_and_fetched():
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = MemoryStore()
    sync(collection, store)
    site.pass_time(3600)
    site.put(4, "edited")
    sync(collection, store)
    assert collection.told == [None]
    assert collection.fetched == [(4,)]


def test_another_collection_reads_what_is_missing_by_key():
    site = site_of(range(1, 10))
    collection = FakeCollection(site)
    store = cut_off(site, collection)
    sync(collection, store)
    assert collection.fetched
    assert store.live() == site.records()


# Full syncs, and what is read as a whole each time


def loaded(site: FakeSite, collection: FakeCollection) -> MemoryStore:
    store = MemoryStore()
    sync(collection, store)
    site.pass_time(3600)
    return store


def killed_in_full(site: FakeSite, collection: OnePiece) -> MemoryStore:
    """The store of a full sync that was killed behind its first page."""
    store = loaded(site, collection)
    collection.told.clear()
    for key in site.bodies:
        site.put(key, "custom field", touch=False)
    written = len(store.writes)

    def die(call: str) -> None:
        if call == "written" and len(store.writes) > written:
            raise Killed

    store.hook = die
    with pytest.raises(Killed):
        sync(collection, store, full=True)
    store.hook = lambda _: None
    site.pass_time(60)
    return store


def test_a_full_sync_reads_everything_at_once():
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = loaded(site, collection)
    site.put(4, "custom field", touch=False)
    sync(collection, store, full=True)
    assert collection.told == [None, None]
    assert collection.fetched == []
    assert store.live() == site.records()


def test_another_attempt_at_a_full_sync_is_told_when_it_was_begun():
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = killed_in_full(site, collection)
    sync(collection, store, full=True)
    assert collection.told == [None, BEGINNING + timedelta(hours=1) - SKEW]
    assert store.live() == site.records()


def test_another_sync_begins_it_anew():
    """What it is asked to find may have changed since."""
    site = site_of(range(1, 10))
    collection = OnePiece(site)
    store = killed_in_full(site, collection)
    store.own = False
    sync(collection, store)
    assert collection.told == [None, None]
    assert store.live() == site.records()


def test_a_listing_that_is_read_as_a_whole_each_time_is_joined_too():
    site = site_of(range(1, 10))
    collection = OnePiece(site, inline=True)
    store = MemoryStore()

    def die(call: str) -> None:
        if call == "written" and store.writes:
            raise Killed

    store.hook = die
    with pytest.raises(Killed):
        sync(collection, store)
    store.hook = lambda _: None
    site.pass_time(60)
    sync(collection, store)
    assert collection.told == [None, BEGINNING - SKEW]
    site.pass_time(60)
    sync(collection, store)
    assert collection.told[2] is None


# Waiting for the source


@pytest.mark.parametrize("inline", [True, False])
def test_waiting_for_a_source_that_is_at_work_has_no_hard_limit(inline: bool):
    stop = StopSignal(hard=3.5, monotonic=iter(range(100)).__next__)
    site = site_of(range(1, 3))
    store = MemoryStore()
    sync(Waiting(site, inline=inline), store, stop)
    assert store.live() == site.records()


@pytest.mark.parametrize("inline", [True, False])
def test_waiting_for_a_source_that_works_for_others_has_one(inline: bool):
    stop = StopSignal(hard=3.5, monotonic=iter(range(100)).__next__)
    with pytest.raises(OutOfTime, match="hard limit"):
        sync(Busy(site_of(range(1, 3)), inline=inline), MemoryStore(), stop)


@pytest.mark.parametrize("kind", [Waiting, Busy])
def test_waiting_gives_way_where_others_wait(kind: type[Waiting]):
    stop = StopSignal(soft=3.5, monotonic=iter(range(100)).__next__)
    stop.others_wait(True)
    with pytest.raises(OutOfTime, match="turn"):
        sync(kind(site_of(range(1, 3))), MemoryStore(), stop)
