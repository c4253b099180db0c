"""A source in memory: the truth about a site, and the many ways in which it may be told."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sync_assets.core.errors import Unmappable
from sync_assets.core.known import NO_VERSION, Sighting
from sync_assets.core.ports import Fetched, ListingPage, Recent, RequestStats
from sync_assets.core.records import Payload, Record, Rejected
from sync_assets_tests.core.memory_store import nothing

BEGINNING = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass(slots=True)
class FakeSite:
    """What the site really has, and how it misbehaves.

    Attributes:
        now: the site's clock.
        unlisted: keys that the listing leaves out though they exist.
        unserved: keys that the listing has, but nobody gets their content.
        vanishing: keys that are deleted just before their content is asked for.
        unmappable: keys whose content cannot become a row.
        unkeyed: entries without an id on the first page.
        announces: what it says of its size, given the truth.
        dated: does the listing say when a record was modified?
        repairs: values of each record that have to be mended.
    """

    now: datetime = BEGINNING
    bodies: dict[int, tuple[datetime, str]] = field(default_factory=dict[int, tuple[datetime, str]])
    unlisted: set[int] = field(default_factory=set[int])
    unserved: set[int] = field(default_factory=set[int])
    vanishing: set[int] = field(default_factory=set[int])
    unmappable: set[int] = field(default_factory=set[int])
    unkeyed: int = 0
    announces: Callable[[int], int | None] = lambda truth: truth
    dated: bool = True
    repairs: int = 0

    def put(self, key: int, text: str, *, touch: bool = True) -> None:
        """Add or edit a record; the modified time has whole seconds, as in WordPress."""
        moment = self.now.replace(microsecond=0)
        if not touch and key in self.bodies:
            moment = self.bodies[key][0]
        self.bodies[key] = moment, text

    def delete(self, key: int) -> None:
        self.bodies.pop(key, None)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def behave(self) -> None:
        """End all misbehaviour."""
        self.unlisted, self.unserved, self.vanishing, self.unmappable = set(), set(), set(), set()
        self.unkeyed, self.announces = 0, lambda truth: truth

    def records(self) -> dict[int, Record]:
        """What a CMS in step with the site holds."""
        return {key: self.record(self.payload(key)) for key in sorted(self.bodies)}

    def payload(self, key: int) -> dict[str, Any]:
        moment, text = self.bodies[key]
        return {"id": key, "modified": moment if self.dated else None, "text": text}

    def record(self, payload: Payload) -> Record:
        if payload["id"] in self.unmappable:
            raise Unmappable("text is a list, not a text")
        values = (payload["text"],)
        return Record(payload["id"], payload["modified"], values, repaired=self.repairs)


@dataclass(slots=True)
class FakeCollection:
    """A collection of a site.

    Attributes:
        hook: is told of every call and may raise.
        fetched: the keys of each fetch, in the order of the calls.
        mapped: the keys of the payloads that became records, or should have.
    """

    site: FakeSite
    hook: Callable[[str], None] = nothing
    name: str = "things"
    scope: str = "thing"
    inline: bool = False
    page_size: int = 3
    fetched: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])
    mapped: list[int] = field(default_factory=list[int])

    in_one_piece = False

    def with_contents(self, begun: datetime | None = None) -> "FakeCollection":
        del begun
        return replace(self, inline=True)

    def recent(self, since: datetime) -> Recent | None:
        del since
        return None

    def listing(self) -> Iterator[ListingPage]:
        self.hook("listing")
        site = self.site
        rejected = [Rejected(None, {"id": "?"}, "the id is not a number")] * site.unkeyed
        announced = site.announces(len(site.bodies) + site.unkeyed)
        yield ListingPage([], rejected=rejected, announced=announced)
        last = NO_VERSION
        while keys := self._behind(last):
            last = keys[-1]
            yield self._page([key for key in keys if key not in site.unlisted])
            self.hook("listing")

    def fetch(self, keys: Sequence[int]) -> Fetched:
        self.hook("fetch")
        assert not self.inline or len(keys) > 0
        for key in self.site.vanishing.intersection(keys):
            self.site.delete(key)
        self.fetched.append(tuple(keys))
        served = [key for key in keys if key in self.site.bodies and key not in self.site.unserved]
        return Fetched([self.site.payload(key) for key in reversed(served)])

    def absent(self, keys: Sequence[int]) -> set[int]:
        self.hook("absent")
        return {key for key in keys if key not in self.site.bodies}

    def to_record(self, payload: Payload) -> Record:
        self.mapped.append(payload["id"])
        return self.site.record(payload)

    def _behind(self, last: int) -> list[int]:
        """The next keys, as the site has them at this moment."""
        return list(islice((key for key in sorted(self.site.bodies) if key > last), self.page_size))

    def _page(self, keys: Sequence[int]) -> ListingPage:
        announced = self.site.announces(len(self.site.bodies) + self.site.unkeyed)
        payloads = [self.site.payload(key) for key in keys if key not in self.site.unserved]
        sightings = [Sighting(key, self._version(key)) for key in keys]
        return ListingPage(sightings, payloads if self.inline else (), (), announced)

    def _version(self, key: int) -> int:
        return int(self.site.bodies[key][0].timestamp()) if self.site.dated else NO_VERSION


@dataclass(slots=True)
class FakeConnection:
    """A connection to one stream of one collection or more."""

    parts: Sequence[FakeCollection]
    authenticated: bool = True
    hook: Callable[[str], None] = nothing
    stats: RequestStats = field(default_factory=RequestStats)
    connected_at: datetime | None = None

    def __post_init__(self) -> None:
        self.connected_at = self.parts[0].site.now

    def server_time(self) -> datetime:
        assert self.connected_at is not None
        return self.connected_at

    def collections(self, stream: str) -> Sequence[FakeCollection]:
        del stream  # it has one only
        self.hook("collections")
        return self.parts

    def verify(self) -> None:
        self.hook("verify")


def site_of(keys: range, *, dated: bool = True) -> FakeSite:
    """A site whose records were written a day ago, a second apart."""
    site = FakeSite(now=BEGINNING - timedelta(days=1), dated=dated)
    for key in keys:
        site.pass_time(1)
        site.put(key, f"text {key}")
    site.now = BEGINNING
    return site
