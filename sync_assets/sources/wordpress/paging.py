"""Lists everything, also while rows disappear between two pages.

Pages overlap by one row: as long as nothing shifts, each begins with the row that the one before
ended with. A row deleted for good moves those behind it one place forward, so that a page begins
too late; then the stretch before it is asked again, until it meets what was reached. Such a stretch
is read later than the page behind it, so a deletion meanwhile only makes the two overlap more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from sync_assets.core.errors import SourceChanged
from sync_assets.core.pipeline import in_order
from sync_assets.core.records import Payload
from sync_assets.core.stop import StopSignal

_MOST_EMPTY = 200  # pages in a row without a row while the total promises more


class Slice(NamedTuple):
    """Rows of a listing from an offset on.

    Attributes:
        rows: in ascending order of their ids, without those that are hidden from us.
        keys: the ids of the rows that have one.
        total: rows that the listing has, None where it does not say.
    """

    offset: int
    rows: Sequence[Payload]
    keys: Sequence[int]
    total: int | None


@dataclass(slots=True)
class Walk:
    """Walks over a listing from its first row to its last.

    Attributes:
        get: reads the slice at an offset; called from several threads.
        size: rows a slice, at least 2.
        total: rows that the listing has, as far as it said so.
    """

    get: Callable[[int], Slice]
    size: int
    stop: StopSignal
    total: int | None = None
    _reached: int = field(default=-1, init=False)
    _empty: int = field(default=0, init=False)
    _keys: Sequence[int] = field(default=(), init=False)

    def slices(self) -> Iterator[Slice]:
        """Every row once at least; never trusts the total alone, nor an empty slice."""
        start: int | None = 0
        while start is not None:
            calls = (partial(self.get, offset) for offset in self._offsets(start))
            last = None
            for read in in_order(calls, self.stop):
                last = self._fresh(read)
                if last.keys:
                    yield from self._bridge(last)
                self._note(last)
                yield last
            start = last and self._next(last)
            if last and start is None and not last.keys:  # so many are gone that the end moved
                yield from self._bridge(last)

    def _offsets(self, start: int) -> Iterator[int]:
        offset = start
        while True:
            yield offset
            offset += self.size - 1
            if offset + 1 >= (self.total or 0):
                return

    def _next(self, last: Slice) -> int | None:
        """Where to go on behind a slice that should have been the last, if it was not."""
        full = len(last.rows) >= self.size
        promised = last.offset + self.size < (self.total or 0)
        ended = not last.rows and not last.total  # behind the last row WordPress counts none
        return last.offset + self.size - 1 if (full or promised) and not ended else None

    def _bridge(self, page: Slice) -> Iterator[Slice]:
        """What lies between the rows reached so far and this page."""
        offset = page.offset
        if self._meets(page):
            return
        while offset > 0:
            offset = max(0, offset - max(1, self.size // 2))
            before = self.get(offset)
            yield before
            if self._meets(before):
                return

    def _fresh(self, page: Slice) -> Slice:
        """The page, asked for again when it repeats the one before it.

        It may have been read first of the two, and then rows moved up by a whole page.
        """
        again = self.get(page.offset) if self._repeats(page) else page
        if self._repeats(again):
            raise SourceChanged("The site answers every page of a listing with the same records.")
        return again

    def _repeats(self, page: Slice) -> bool:
        return page.offset > 0 and len(page.keys) > 1 and page.keys == self._keys

    def _meets(self, page: Slice) -> bool:
        return bool(page.keys) and min(page.keys) <= self._reached

    def _note(self, page: Slice) -> None:
        if page.total or page.rows:
            self.total = page.total
        self._empty = 0 if page.rows else self._empty + 1
        if self._empty > _MOST_EMPTY:
            raise SourceChanged(
                f"The site announces {self.total} records, but serves none of "
                f"{self._empty * self.size} in a row."
            )
        self._keys = page.keys
        if page.keys:
            self._reached = max(self._reached, *page.keys)
