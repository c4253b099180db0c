"""Writes records into the store without a site, and syncs tenants of a site."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.ports import Checkpoint, Page, SyncOptions, SyncRequest
from sync_assets.core.records import Link, Record, Rejected, Scalar
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import ColumnType
from sync_assets.core.tenants import Tenant
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.sources.wordpress.tables import POSTS
from sync_assets.store.held_stream import HeldStream

MARCH = datetime(2024, 3, 1, 12, tzinfo=UTC)
APRIL = datetime(2024, 4, 1, 12, tzinfo=UTC)

_EMPTY: dict[ColumnType, Scalar] = {ColumnType.TEXT: "", ColumnType.BOOLEAN: False}


def post(
    key: int, title: str = "Olá", modified: datetime = MARCH, terms: Sequence[int] = ()
) -> Record:
    """A post as the source would hand it over."""
    known = {"type": "post", "status": "publish", "title": title}
    values = tuple(known.get(c.name, _EMPTY.get(c.type)) for c in POSTS.columns)
    return Record(key, modified, values, tuple(Link("category", term) for term in terms))


def page(
    *records: Record, rejected: Sequence[Rejected] = (), checkpoint: Checkpoint | None = None
) -> Page:
    """A page of posts."""
    hashed = [(record, record.content_hash()) for record in records]
    return Page("post", "post", hashed, rejected, checkpoint)


def new_page(
    *records: Record, rejected: Sequence[Rejected] = (), checkpoint: Checkpoint | None = None
) -> Page:
    """A page of posts of which the CMS had none."""
    return page(*records, rejected=rejected, checkpoint=checkpoint)._replace(all_new=True)


def begin(platform: Platform, wanted: SyncRequest) -> None:
    """Begin a sync, and register its tenant where that was not done yet."""
    with suppress(OperatorMustAct):
        platform.tenants.add(wanted.tenant)
    platform.syncs.begin(wanted)


def request(tenant: str = "acme", *streams: str, sync_id: UUID | None = None) -> SyncRequest:
    """A sync of a tenant."""
    someone = Tenant(tenant, "wordpress", "agency", "http://demo.invalid")
    return SyncRequest(sync_id or uuid4(), someone, streams or ("posts",))


@contextmanager
def held(
    platform: Platform, wanted: SyncRequest | None = None, stream: str = "posts"
) -> Generator[HeldStream]:
    """A stream, held for writing by a sync that has begun."""
    wanted = wanted or request()
    begin(platform, wanted)
    with platform.syncs.holder(SPEC).hold(wanted, stream) as stored:
        yield stored


def sync(
    platform: Platform,
    tenant: str,
    options: SyncOptions | None = None,
    *,
    stream: str | None = None,
) -> Counts:
    """Sync a stream of a registered tenant, or all of them; gives their counts, added up."""
    wanted = platform.request(tenant, () if stream is None else (stream,), options)
    total = Counts()
    for outcome in platform.run_tenant(wanted, StopSignal()):
        if isinstance(outcome.counts, EmbeddingCounts):
            continue
        assert outcome.counts is not None, outcome.error
        assert outcome.counts.adds_up()
        for name, count in outcome.counts.as_dict().items():
            setattr(total, name, (getattr(total, name) or 0) + (count or 0))
    return total
