"""One listing of a stream: the terms of a taxonomy, or the entries of a post type."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sync_assets.core.known import NO_VERSION, Sighting
from sync_assets.core.ports import Fetched, ListingPage
from sync_assets.core.records import Payload, Record, Rejected, canonical_json
from sync_assets.core.stop import StopSignal
from sync_assets.sources.answers import Unserved
from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.client import Rows
from sync_assets.sources.wordpress.fetching import ById
from sync_assets.sources.wordpress.numbered import page_and_next_row
from sync_assets.sources.wordpress.paging import Slice, Walk

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - WordPress gives UTC without saying so
_IN_ORDER = {"orderby": "id", "order": "asc"}

Mapping = Callable[[Payload], Record]
"""The record of a payload; raises `Unmappable`."""


@dataclass(frozen=True, slots=True)
class WordPressCollection:
    """A listing of the REST API.

    Attributes:
        name: the taxonomy or post type, as WordPress names it.
        fields: what the listing is asked for.
        contents: reads records by id.
        mapping: the record of a payload.
        size: records a page.
        inline: the listing carries the contents: terms do not say when they were modified.
        numbered: the listing knows page numbers only.
    """

    name: str
    fields: str
    contents: ById
    mapping: Mapping
    size: int
    stop: StopSignal
    inline: bool
    numbered: bool

    @property
    def scope(self) -> str:
        """Rows are told apart by their taxonomy or type, which is the name."""
        return self.name

    @property
    def in_one_piece(self) -> bool:
        """What is missing of a first load that was cut off is read by key."""
        return False

    def with_contents(self, begun: datetime | None = None) -> "WordPressCollection":
        """The same listing with everything in it, for whoever wants everything."""
        del begun
        return replace(self, fields=self.contents.fields, inline=True)

    def recent(self, since: datetime) -> None:
        """WordPress tells of no deletion, and its `modified_after` misses what is backdated."""
        del since

    def listing(self) -> Iterator[ListingPage]:
        """Every record once at least, in the order of their ids."""
        rows = self._page_size + (1 if self.numbered else 0)
        walk = Walk(self._slice, rows, self.stop)
        nameless = _Nameless()
        for part in walk.slices():
            named, rejected = part.rows, list[Rejected]()
            if len(part.keys) < len(part.rows):
                named = [row for row in part.rows if _has_key(row)]
                rejected = nameless.new(row for row in part.rows if not _has_key(row))
            payloads = self.contents.complete(named) if self.inline else ()
            yield ListingPage(self._sightings(part, named), payloads, rejected, walk.total)

    def fetch(self, keys: Sequence[int]) -> Fetched:
        """The contents of the records, as far as the site can serve them."""
        return self.contents.fetch(keys)

    def absent(self, keys: Sequence[int]) -> set[int]:
        """Those that the site, asked for each, does not have."""
        return self.contents.absent(keys)

    def to_record(self, payload: Payload) -> Record:
        """The row of a payload; raises `Unmappable`."""
        return self.mapping(payload)

    def _sightings(self, part: Slice, named: Sequence[Payload]) -> list[Sighting]:
        if self.inline:  # also those that are listed but cannot be served
            return [Sighting(key, NO_VERSION) for key in part.keys]
        return sightings(named)

    def _slice(self, offset: int) -> Slice:
        try:
            return self._whole(offset, self.fields)
        except Unserved:
            if not self.inline or not self.contents.client.alive():
                raise
        return self._piecemeal(offset)

    def _piecemeal(self, offset: int) -> Slice:
        """A slice of a listing with contents, one of which the site cannot serve."""
        listed = self._whole(offset, "id")
        return listed._replace(rows=self.contents.fetch(listed.keys).payloads)

    def _whole(self, offset: int, fields: str) -> Slice:
        start, size, ask = offset, self._page_size, partial(self._ask, fields)
        if self.numbered:
            start, found = page_and_next_row(ask, offset, size)
        else:
            found = ask({"per_page": size, "offset": offset})
        keys = [row["id"] for row in found.rows if _has_key(row)]
        return Slice(start, found.rows, keys, found.total)

    def _ask(self, fields: str, page: Params) -> Rows:
        params: Params = {**self.contents.everything, **_IN_ORDER, **page, "_fields": fields}
        return self.contents.client.rows(self.contents.route, params)

    @property
    def _page_size(self) -> int:
        return max(2, self.size)


def sightings(rows: Sequence[Payload]) -> list[Sighting]:
    """Keys and versions of rows that have a key."""
    return [Sighting(row["id"], _version(row.get("modified_gmt"))) for row in rows]


def _has_key(row: Payload) -> bool:
    key = row.get("id")
    return type(key) is int and 0 < key < 2**63


def _version(modified: object) -> int:
    """Seconds since 1970; impossible times, such as those of year -1, say nothing."""
    if not isinstance(modified, str):
        return NO_VERSION
    try:
        moment = datetime.fromisoformat(modified)
    except ValueError:
        return NO_VERSION
    if moment.tzinfo is not None:
        return int(moment.timestamp() // 1)
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


class _Nameless:
    """Rows without an id, each once although pages overlap."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def new(self, rows: Iterable[Payload]) -> list[Rejected]:
        by_text = {canonical_json(row): row for row in rows}
        fresh = by_text.keys() - self._seen
        self._seen |= fresh
        return [Rejected(None, by_text[text], "the record has no id") for text in sorted(fresh)]
