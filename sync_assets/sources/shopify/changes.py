"""What changed in a shop since some moment, by the shop's own account."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sync_assets.core.ports import ListingPage
from sync_assets.sources.shopify.identities import key_of
from sync_assets.sources.shopify.paging import Page, pages
from sync_assets.sources.shopify.reading import Reading, listed

_LATE = timedelta(hours=1)
"""So late may a change get into the shop's search. To list an hour more costs a question at most:
what is known already in this version is not read."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Records of one kind that were modified or deleted since.

    Attributes:
        size: entries a page.
    """

    reading: Reading = field(repr=False)
    since: datetime
    size: int

    def listing(self) -> Iterator[ListingPage]:
        """Ids and times, by id: a record that is modified meanwhile keeps its place."""
        for nodes in self._pages(self.reading.page, f"updated_at:>={self._moment}"):
            yield listed(nodes, contents=False)

    def deleted(self) -> Iterator[Sequence[int]]:
        """The keys in the shop's events of deletion, a page at a time."""
        kind = self.reading.entity.kind.upper()
        query = f"action:destroy AND subject_type:{kind} AND created_at:>={self._moment}"
        for nodes in self._pages(self.reading.events, query):
            yield [key for node in nodes if (key := key_of(node.get("subjectId")))]

    def _pages(
        self, ask: Callable[[int, str | None, str], Page], query: str
    ) -> Iterator[list[Any]]:
        return pages(lambda after: ask(self.size, after, query), self.reading.in_circles)

    @property
    def _moment(self) -> str:
        """In single quotes: without them Shopify leaves the time of the day out."""
        moment = (self.since - _LATE).astimezone(UTC)
        return f"'{moment:%Y-%m-%dT%H:%M:%SZ}'"
