"""Listing and single rows of every kind: filter, order, page, and what the visitor may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sync_assets.demo.access import Visitor
from sync_assets.demo.bodies import Json, entry_body, term_body
from sync_assets.demo.errors import ApiError, cannot_view, forbidden_context
from sync_assets.demo.kinds import PostType, Taxonomy
from sync_assets.demo.query import (
    Query,
    date_bounds,
    entry_query,
    statuses,
    term_query,
    wants_edit,
)
from sync_assets.demo.rows import Entry, Term
from sync_assets.demo.site import Site

_Row = TypeVar("_Row", Entry, Term)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of bodies with the totals of the headers.

    `total` also counts what the visitor may not see, so the bodies can be fewer.
    """

    bodies: list[Json]
    total: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages the total makes."""
        return -(-self.total // self.per_page)


def list_entries(
    site: Site, kind: PostType, params: Mapping[str, str], visitor: Visitor
) -> Listing:
    """A page of posts, pages, media or events."""
    edit = wants_edit(params)
    if edit and not visitor.can(f"edit_{kind.rights}"):
        raise forbidden_context(visitor, "posts in this post type")
    query = entry_query(params)
    found = _matching(site, kind, params, visitor, query.include)
    page = _ordered(found, query, _entry_key(query))[query.rows]
    total = _total(query, len(found), nothing=not page)
    seen = [row for row in page if _may_see(site, kind, row, visitor, edit=edit)]
    return Listing([entry_body(site, row, edit=edit) for row in seen], total, query.per_page)


def one_entry(
    site: Site, kind: PostType, entry_id: int, params: Mapping[str, str], visitor: Visitor
) -> Json:
    """One post, page, attachment or event."""
    edit = wants_edit(params)
    try:
        entry = site.entry(kind.rest_base, entry_id)
    except KeyError:
        raise ApiError(404, "rest_post_invalid_id", "Invalid post ID.") from None
    if edit and not visitor.may_edit(entry, kind):
        raise forbidden_context(visitor, "this post")
    if not _may_see(site, kind, entry, visitor, edit=edit):
        message = "Sorry, you are not allowed to do that."
        raise ApiError(visitor.refusal, "rest_forbidden", message)
    return entry_body(site, entry, edit=edit)


def list_terms(
    site: Site, taxonomy: Taxonomy, params: Mapping[str, str], visitor: Visitor
) -> Listing:
    """A page of terms; past the end it is empty, and no error."""
    _check_terms(taxonomy, params, visitor, "terms in this taxonomy")
    query = term_query(params, taxonomy)
    counts = site.tables.published_counts(taxonomy.rest_base)
    found = [
        term
        for term in site.tables.terms(taxonomy.rest_base)
        if query.include is None or term.id in query.include
    ]
    page = _ordered(found, query, _term_key(query, counts))[query.rows]
    bodies = [term_body(site, term, count=counts[term.id]) for term in page]
    return Listing(bodies, len(found), query.per_page)


def one_term(
    site: Site, taxonomy: Taxonomy, term_id: int, params: Mapping[str, str], visitor: Visitor
) -> Json:
    """One category, tag or region."""
    _check_terms(taxonomy, params, visitor, "this term")
    try:
        term = site.get(taxonomy.rest_base, term_id)
    except KeyError:
        raise ApiError(404, "rest_term_invalid", "Term does not exist.") from None
    count = site.tables.published_counts(taxonomy.rest_base)[term_id]
    return term_body(site, term, count=count) if isinstance(term, Term) else {}


def _check_terms(
    taxonomy: Taxonomy, params: Mapping[str, str], visitor: Visitor, what: str
) -> None:
    if not taxonomy.public and not visitor.can("edit_posts"):
        raise cannot_view(visitor, f"view {taxonomy.rest_base}")
    if wants_edit(params) and not visitor.can(taxonomy.right):
        raise forbidden_context(visitor, what)


def _matching(
    site: Site,
    kind: PostType,
    params: Mapping[str, str],
    visitor: Visitor,
    include: tuple[int, ...] | None,
) -> list[Entry]:
    wanted = statuses(params, kind, visitor)
    bounds = date_bounds(params, site.zone)
    ids = None if include is None else frozenset(include)
    return [
        entry
        for entry in site.tables.entries(kind.rest_base)
        if (entry.status in wanted or ("any" in wanted and entry.status != "trash"))
        and (ids is None or entry.id in ids)
        and all(_within(entry, *bound) for bound in bounds)
    ]


def _within(entry: Entry, column: str, bound: str, later: bool) -> bool:  # noqa: FBT001
    """Strictly later or earlier, on the local column: equal seconds are left out."""
    value = entry.date if column == "date" else entry.modified
    return value > bound if later else value < bound


def _total(query: Query, total: int, *, nothing: bool) -> int:
    """The total that is told.

    WP_Query counts nothing when the page is empty. For a page number past the end the controller
    then counts again, to refuse it; the number is refused even when an offset found rows.
    """
    if nothing and (query.page == 1 or query.offset is not None):
        return 0
    if total and query.page > -(-total // query.per_page):
        message = "The page number requested is larger than the number of pages available."
        raise ApiError(400, "rest_post_invalid_page_number", message)
    return total


def _may_see(site: Site, kind: PostType, entry: Entry, visitor: Visitor, *, edit: bool) -> bool:
    if edit:
        return visitor.may_edit(entry, kind)
    if entry.status == "publish":
        return True
    if entry.status != "inherit" or visitor.may_edit(entry, kind):
        return visitor.may_read_private(entry, kind)
    # An attachment is as public as what it is attached to, and public when that is nothing.
    parent = site.tables.entry(entry.post or 0)
    if parent is None or parent.id == entry.id:
        return True
    return _may_see(site, site.post_types[parent.kind], parent, visitor, edit=False)


def _ordered(rows: Sequence[_Row], query: Query, key: Callable[[_Row], str | int]) -> list[_Row]:
    """Sorts by the key. Ties change places from page to page, as MySQL lets them."""
    flip = -1 if query.page % 2 else 1
    by_tie = sorted(rows, key=lambda row: flip * row.id)
    return sorted(by_tie, key=key, reverse=query.descending)


def _entry_key(query: Query) -> Callable[[Entry], str | int]:
    places = query.places
    keys: dict[str, Callable[[Entry], str | int]] = {
        "include": lambda entry: places[entry.id],
        "id": lambda entry: entry.id,
        "modified": lambda entry: entry.modified,
        "title": lambda entry: entry.title.casefold(),
        "slug": lambda entry: entry.slug,
        "author": lambda entry: entry.author,
        "parent": lambda entry: entry.parent,
        "menu_order": lambda entry: entry.menu_order,
    }
    return keys.get(query.orderby, lambda entry: entry.date)


def _term_key(query: Query, counts: Mapping[int, int]) -> Callable[[Term], str | int]:
    places = query.places
    keys: dict[str, Callable[[Term], str | int]] = {
        "include": lambda term: places.get(term.id, 0),
        "id": lambda term: term.id,
        "slug": lambda term: term.slug,
        "count": lambda term: counts[term.id],
        "description": lambda term: term.description,
    }
    return keys.get(query.orderby, lambda term: term.name.casefold())
