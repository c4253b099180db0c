"""Reads a listing that knows page numbers only, so that its pages overlap all the same.

WordPress ignores `offset` for the terms of hierarchical taxonomies, such as categories.
"""

from collections.abc import Callable

from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.client import Rows

Ask = Callable[[Params], Rows]
"""Asks for the rows of a page, given `page` and `per_page`."""


def page_and_next_row(ask: Ask, offset: int, size: int) -> tuple[int, Rows]:
    """The page of `size` rows with the one at the offset, and the row behind that page.

    Returns:
        The offset of the page's first row, and the rows.
    """
    number = offset // size + 1
    page: Params = {"per_page": size, "page": number}
    if number == 1:
        alone = ask(page)
        if alone.total is not None and alone.total <= size:
            return 0, alone
    # The row behind comes first: one deleted before the page is read makes the two overlap more.
    behind = ask({"per_page": 1, "page": number * size + 1})
    found = ask(page)
    return (number - 1) * size, Rows([*found.rows, *behind.rows], found.total)
