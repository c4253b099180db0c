"""What the core needs from a source and from the store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sync_assets.core.counts import Counts
from sync_assets.core.hints import Hint
from sync_assets.core.known import Known, Sighting
from sync_assets.core.records import Payload, Record, Rejected
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Tenant


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a sync is done.

    Attributes:
        full: read every record again, for changes that move no modified time.
        batch_size: records a request, from 1 to 100.
        period: a month such as 2026-10, for sources that have periods.
        approve_deletions: let a deletion through that was refused for its size.
        hinted: only those records of which the source hinted that they may have changed; nothing
            is listed, and no checkpoint moves.
    """

    full: bool = False
    batch_size: int = 100
    period: str | None = None
    approve_deletions: bool = False
    hinted: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= 100:
            raise ValueError(f"batch_size is {self.batch_size}; it goes from 1 to 100.")


class ListingPage(NamedTuple):
    """A page of a source's listing.

    Attributes:
        sightings: the records on it.
        payloads: their contents, for sources whose listing costs no more with them; empty
            where the contents are fetched afterwards.
        rejected: entries that have no key.
        announced: how many records the source says the whole listing has.
        at_work: an empty page, given while the source is at work for us; with `at_work` the hard
            limit begins anew, without it an empty page counts for nothing.
    """

    sightings: Sequence[Sighting]
    payloads: Sequence[Payload] = ()
    rejected: Sequence[Rejected] = ()
    announced: int | None = None
    at_work: bool = False


class Fetched(NamedTuple):
    """Contents asked for by key: what came, and what could not be served."""

    payloads: Sequence[Payload]
    rejected: Sequence[Rejected] = ()


class Recent(Protocol):
    """What a source says has changed since some moment; whoever trusts it lists less."""

    def listing(self) -> Iterator[ListingPage]:
        """Ids and times of what was modified since, each once at least."""
        ...

    def deleted(self) -> Iterator[Sequence[int]]:
        """The keys of what was deleted since, as far as the source tells."""
        ...


class Collection(Protocol):
    """One listing of a stream, such as the taxonomy `category` of the terms."""

    @property
    def name(self) -> str:
        """Unique within the stream; names the checkpoint."""
        ...

    @property
    def scope(self) -> str:
        """The value of the table's scope column for its rows."""
        ...

    @property
    def inline(self) -> bool:
        """Does the listing carry the contents, so that nothing is fetched by key?"""
        ...

    @property
    def in_one_piece(self) -> bool:
        """Does `with_contents()` cost the same, however much of it is known already?

        A first load that was cut off then reads it again, instead of what is missing by key, and
        so does a full sync.
        """
        ...

    def with_contents(self, begun: datetime | None = None) -> "Collection":
        """The same, with a listing that carries the contents, where the source can do that.

        Args:
            begun: since when an earlier attempt was at it, None for the first one.
        """
        ...

    def listing(self) -> Iterator[ListingPage]:
        """Every record once at least, whatever shifts meanwhile, or an error."""
        ...

    def recent(self, since: datetime) -> Recent | None:
        """What has changed since; None where only the whole listing tells that reliably."""
        ...

    def fetch(self, keys: Sequence[int]) -> Fetched:
        """The contents of at most `batch_size` records; may be called from several threads."""
        ...

    def absent(self, keys: Sequence[int]) -> set[int]:
        """Those of the keys that the source, asked for each, does not have."""
        ...

    def to_record(self, payload: Payload) -> Record:
        """The row of a payload; raises `Unmappable`."""
        ...


@dataclass(slots=True)
class RequestStats:
    """Requests made and the milliseconds they took, added up over all threads."""

    requests: int = 0
    milliseconds: float = 0.0

    def reset(self) -> None:
        """Begin to count anew, for the next stream."""
        self.requests, self.milliseconds = 0, 0.0


class Connection(Protocol):
    """An open, probed connection to one tenant's account."""

    @property
    def authenticated(self) -> bool:
        """Does the account see everything, also what is not public?"""
        ...

    @property
    def stats(self) -> RequestStats:
        """What the connection has cost so far."""
        ...

    def server_time(self) -> datetime:
        """The source's own clock, at the moment of connecting."""
        ...

    def collections(self, stream: str) -> Sequence[Collection]:
        """What the stream consists of at this site."""
        ...

    def verify(self) -> None:
        """Raise `TenantMustAct` unless the credentials are still as good as at the start."""
        ...


class Source(Protocol):
    """A platform: what it has, and how to connect to it."""

    @property
    def spec(self) -> SourceSpec:
        """Its streams, tables and settings."""
        ...

    def connect(
        self, tenant: Tenant, options: SyncOptions, stop: StopSignal
    ) -> AbstractContextManager[Connection]:
        """Discover, probe and open; raises `TenantMustAct` for bad credentials."""
        ...


class Checkpoint(NamedTuple):
    """Where a collection stands.

    Attributes:
        overlap_from: records modified since then are read again by the next sync.
        reread_from: an unfinished full refresh goes on behind this key.
        loaded: the collection was once read to its end; before that, it is a first load.
        listed_at: when it was listed as a whole, and what is gone was looked for.
        begun_at: since when its listing in one piece is under way, by the source's clock.
        own: it was saved by an earlier attempt of this very sync.
    """

    overlap_from: datetime | None = None
    reread_from: int | None = None
    loaded: bool = False
    listed_at: datetime | None = None
    begun_at: datetime | None = None
    own: bool = False


class Page(NamedTuple):
    """What goes into one transaction: changed records, rejected ones, the checkpoint behind them.

    Attributes:
        collection: the checkpoint's name.
        scope: the value of the table's scope column.
        records: the changed records with their hashes.
        rejected: for the dead letters.
        checkpoint: None leaves the stored one as it is.
        done: hints that are settled with it.
        all_new: the CMS had none of the records when the sync began. Somebody else may have
            brought them since.
    """

    collection: str
    scope: str
    records: Sequence[tuple[Record, bytes]] = ()
    rejected: Sequence[Rejected] = ()
    checkpoint: Checkpoint | None = None
    done: Sequence[Hint] = ()
    all_new: bool = False


class Written(NamedTuple):
    """What PostgreSQL made of a page's records."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0


class StreamReader(Protocol):
    """What the CMS has of one stream of one tenant."""

    def known(self, scope: str, keys: Sequence[int] | None = None) -> Known:
        """What the CMS has of a collection, or of some of its records."""
        ...

    def checkpoint(self, collection: str) -> Checkpoint:
        """Where the collection stands."""
        ...

    def hints(self) -> Sequence[Hint]:
        """The records of the stream that the source hinted at, and that nobody has read since."""
        ...

    def failed(self, collection: str) -> Sequence[int | None]:
        """The keys of its records that are in the dead letters; None for one without a key."""
        ...


class StreamStore(StreamReader, Protocol):
    """The rows of one stream of one tenant, held by one sync."""

    def write(self, page: Page) -> Written:
        """Write a page and its checkpoint in one transaction."""
        ...

    def bury(self, scope: str, keys: Sequence[int], done: Sequence[Hint] = ()) -> int:
        """Give rows their tombstones, local edits excepted; gives the number of tombstones.

        The hints that are settled with it go away in the same transaction.
        """
        ...

    def progress(self, counts: Counts) -> None:
        """Show how far the stream is; cheap enough to call for every page."""
        ...

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Write a line into the sync's log; `level` as in `logging`."""
        ...


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A sync to be done: for whom, how, and under which correlation id.

    Attributes:
        id: the sync id, also the correlation id.
        tenant: for whom.
        streams: in their order.
        run_id: the Dagster run that does it, None outside Dagster.
    """

    id: UUID
    tenant: Tenant
    streams: tuple[str, ...]
    options: SyncOptions = field(default_factory=SyncOptions)
    run_id: str | None = None
