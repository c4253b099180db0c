"""Permalinks: the address of an entry or a term, which follows from its ancestors' slugs."""

from collections.abc import Callable
from typing import TypeVar

from sync_assets.demo.rows import Entry, Term
from sync_assets.demo.site import Site

_Row = TypeVar("_Row", Entry, Term)
_WITHOUT_PERMALINK = frozenset({"draft", "pending", "future", "auto-draft", "trash"})


def entry_link(site: Site, entry: Entry) -> str:
    """The public URL; drafts and the like have `?p=7`, or `?page_id=7`."""
    if entry.status in _WITHOUT_PERMALINK or not site.pretty_permalinks:
        key = {"pages": "page_id", "media": "attachment_id"}.get(entry.kind, "p")
        return f"{site.url}/?{key}={entry.id}"
    path = _path(entry, site.tables.entry)
    return f"{site.url}/{site.post_types[entry.kind].path}{path}/"


def term_link(site: Site, term: Term) -> str:
    """The URL of a term's archive."""
    taxonomy = site.taxonomies[term.kind]
    if not site.pretty_permalinks:
        return f"{site.url}/?{taxonomy.name}={term.slug}"
    return f"{site.url}/{taxonomy.path}{_path(term, site.tables.term)}/"


def rest_url(site: Site, route: str) -> str:
    """The URL of a REST route, in the form that the site's permalinks allow."""
    if site.pretty_permalinks:
        return f"{site.url}/wp-json{route}"
    return f"{site.url}/index.php?rest_route={route}"


def _path(row: _Row, find: Callable[[int], _Row | None]) -> str:
    """`grandparent/parent/slug`; a cycle of parents ends where it closes."""
    slugs: list[str] = []
    seen: set[int] = set()
    step: _Row | None = row
    while step is not None and step.id not in seen:
        seen.add(step.id)
        slugs.append(step.slug)
        step = find(step.parent)
    return "/".join(reversed(slugs))
