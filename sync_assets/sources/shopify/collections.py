"""Listings of a shop: ids and times to be read by id, or whole records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sync_assets.core.ports import Fetched, ListingPage
from sync_assets.core.records import Payload, Record
from sync_assets.sources.shopify.bulk import Bulk
from sync_assets.sources.shopify.bulk_file import MOST_PARTS, parts_of
from sync_assets.sources.shopify.changes import Changes
from sync_assets.sources.shopify.paging import Page, pages
from sync_assets.sources.shopify.reading import Reading, listed

Mapping = Callable[[Payload], Record]


@dataclass(frozen=True, slots=True)
class ShopifyCollection:
    """All products, inventory items or orders of a shop.

    Attributes:
        name: the stream's name: a shop has one collection for each.
        bulk: reads everything in one operation; None for a small shop.
        inline: the listing carries the contents: no time of an inventory item says when its
            quantities moved.
        size: ids a page.
        batch: whole records a page.
    """

    name: str
    reading: Reading = field(repr=False)
    mapping: Mapping = field(repr=False)
    bulk: Bulk | None = field(repr=False)
    inline: bool
    size: int
    batch: int

    @property
    def scope(self) -> str:
        """The table has one collection only."""
        return self.name

    @property
    def in_one_piece(self) -> bool:
        """A bulk operation reads everything or nothing."""
        return self.bulk is not None

    def with_contents(self, begun: datetime | None = None) -> "ShopifyCollection":
        """The same in one operation, which may be one that an earlier attempt had begun."""
        if self.bulk is None:
            return self
        return replace(self, inline=True, bulk=replace(self.bulk, joins=begun))

    def listing(self) -> Iterator[ListingPage]:
        """Every record once at least, by id where the shop lets us wish for that."""
        if self.inline and self.bulk is not None:
            return self.bulk.pages(self.batch)
        return self._pages()

    def recent(self, since: datetime) -> Changes | None:
        """What was modified since, and the events of deletion; None for inventory.

        No time of an item moves with its quantities, so only its whole listing tells.
        """
        return None if self.inline else Changes(self.reading, since, self.size)

    def fetch(self, keys: Sequence[int]) -> Fetched:
        """The contents of the records, as far as the shop can serve them."""
        return self.reading.fetch(keys)

    def absent(self, keys: Sequence[int]) -> set[int]:
        """Those that the shop, asked for each, does not have."""
        return self.reading.absent(keys)

    def to_record(self, payload: Payload) -> Record:
        """The row of a payload; raises `Unmappable`."""
        return self.mapping(payload)

    def _pages(self) -> Iterator[ListingPage]:
        ask = self._sized() if self.inline else partial(self.reading.page, self.size)
        for nodes in pages(ask, self.reading.in_circles):
            yield listed(nodes, contents=self.inline)

    def _sized(self) -> Callable[[str | None], Page]:
        """Asks for whole records, fewer of them where they have many parts."""
        size = self.batch

        def ask(after: str | None) -> Page:
            nonlocal size
            nodes, behind = self.reading.whole_page(size, after)
            parts = sum(parts_of(node, self.reading.entity) for node in nodes)
            size = min(self.batch, _fitting(size, parts))
            return nodes, behind

        return ask


def _fitting(size: int, parts: int) -> int:
    """Records to ask for, when so many of them had these parts; it may grow back."""
    return max(1, min(2 * size, size * MOST_PARTS // max(1, parts)))
