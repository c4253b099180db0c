"""Page after page of a listing, to its end, which it must have."""

from collections.abc import Callable, Iterator
from typing import Any

Page = tuple[list[Any], str | None]
"""The nodes of a page, and the cursor behind it; None for the last one."""


class Rounds:
    """Notices that a listing goes in circles, with the memory of one cursor.

    Each page is compared with one that is kept for twice as long each time (Brent's way): a circle
    of n pages that begins after m others is noticed within three times as many.
    """

    def __init__(self) -> None:
        self._kept: str | None = None
        self._pages = 0
        self._until = 1

    def closed_by(self, cursor: str) -> bool:
        """Has this cursor been there before?"""
        if cursor == self._kept:
            return True
        self._pages += 1
        if self._pages == self._until:
            self._kept, self._until = cursor, 2 * self._until
        return False


def pages(
    ask: Callable[[str | None], Page], strange: Callable[[], Exception]
) -> Iterator[list[Any]]:
    """The nodes of all pages.

    Args:
        ask: gives the page behind a cursor, the first one for None.
        strange: makes the error for a listing that goes in circles.
    """
    rounds, after = Rounds(), None
    while True:
        nodes, after = ask(after)
        yield nodes
        if after is None:
            return
        if rounds.closed_by(after):
            raise strange()
