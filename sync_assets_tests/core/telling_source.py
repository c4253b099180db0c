"""A source in memory that tells what changed lately; its telling may be late, wrong or missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync_assets.core.counts import Counts
from sync_assets.core.known import Sighting
from sync_assets.core.ports import ListingPage, SyncOptions
from sync_assets.core.records import Rejected
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import sync_stream
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite
from sync_assets_tests.core.memory_store import MemoryStore


@dataclass(slots=True)
class Told:
    """What a site says has changed since a moment."""

    collection: "TellingCollection"
    since: datetime

    def listing(self) -> Iterator[ListingPage]:
        self.collection.hook("recent")
        site = self.collection.site
        found = [key for key in sorted(site.bodies) if site.bodies[key][0] >= self.since]
        rejected = [Rejected(None, {}, "it has no id")] * self.collection.nameless
        for start in range(0, max(1, len(found)), 3):
            keys = [key for key in found[start : start + 3] if key not in self.collection.untold]
            sightings = [Sighting(key, int(site.bodies[key][0].timestamp())) for key in keys]
            yield ListingPage(sightings, rejected=rejected)

    def deleted(self) -> Iterator[Sequence[int]]:
        self.collection.hook("deleted")
        yield from ([key] for key in sorted(self.collection.said_to_be_gone))


@dataclass(slots=True)
class TellingCollection(FakeCollection):
    """Tells what changed.

    Attributes:
        untold: keys whose changes it keeps to itself.
        said_to_be_gone: keys that it says were deleted, whatever the truth is.
        nameless: entries without a key on each page.
    """

    untold: set[int] = field(default_factory=set[int])
    said_to_be_gone: set[int] = field(default_factory=set[int])
    nameless: int = 0

    def recent(self, since: datetime) -> Told | None:
        return Told(self, since)


@dataclass(slots=True)
class Telling:
    """A site with a CMS, and the calls of the last sync."""

    site: FakeSite
    store: MemoryStore = field(default_factory=MemoryStore)
    untold: set[int] = field(default_factory=set[int])
    said_to_be_gone: set[int] = field(default_factory=set[int])
    nameless: int = 0
    calls: list[str] = field(default_factory=list[str])
    fetched: list[int] = field(default_factory=list[int])

    def sync(self, options: SyncOptions | None = None) -> Counts:
        """Sync once; gives the counts."""
        self.calls, self.fetched = [], []
        collection = TellingCollection(
            self.site,
            self.calls.append,
            untold=self.untold,
            said_to_be_gone=self.said_to_be_gone,
            nameless=self.nameless,
        )
        connection = FakeConnection([collection], hook=self.calls.append)
        options = options or SyncOptions(batch_size=2)
        counts = sync_stream("things", connection, self.store, options, StopSignal())
        self.fetched = sorted(key for keys in collection.fetched for key in keys)
        return counts

    def delete(self, *keys: int) -> None:
        """Delete records, and say so."""
        for key in keys:
            self.site.delete(key)
            self.said_to_be_gone.add(key)

    @property
    def listed_everything(self) -> bool:
        """Did the last sync list everything?"""
        return "listing" in self.calls
