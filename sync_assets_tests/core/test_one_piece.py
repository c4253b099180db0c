"""A first load in one piece is read again after a crash, and is told since when it is under way."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from sync_assets.core.ports import SyncOptions
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


def sync(collection: FakeCollection, store: MemoryStore) -> None:
    connection = FakeConnection([collection])
    sync_stream("things", connection, store, SyncOptions(), StopSignal())


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
