"""The site's content in memory, and what WordPress's back end does to it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import count
from typing import Any, cast
from zoneinfo import ZoneInfo

from sync_assets.demo.access import Users
from sync_assets.demo.kinds import default_post_types, default_taxonomies
from sync_assets.demo.rows import Entry, Term
from sync_assets.demo.slugs import unique_slug
from sync_assets.demo.times import stamps, utc_now

USERNAME = "sync"
PASSWORD = "demo demo demo demo demo demo"  # noqa: S105 - a site of invented content

_UNNAMED = frozenset({"draft", "pending", "auto-draft"})  # these get a slug when published


class Site:
    """A WordPress site without the web server. Every method is safe from any thread.

    Kinds are REST bases: posts, pages, media, eventos, categories, tags, regiao. Entries share one
    sequence of ids and terms another, as in WordPress. `requests` counts answers by route.
    """

    def __init__(
        self,
        *,
        url: str = "http://demo.invalid",
        timezone: str = "America/Sao_Paulo",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = "Revista Maré"
        self.description = ""
        self.url = url
        self.timezone = timezone
        self.pretty_permalinks = True
        self.acf_v3 = True
        self.rejects_bad_credentials = False  # some hosts answer 401 everywhere, most do not
        self.clock = clock
        self.post_types = default_post_types()
        self.taxonomies = default_taxonomies()
        self.users = Users()
        self.users.add(USERNAME, PASSWORD, "administrator")
        self.requests: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._entries: dict[int, Entry] = {}
        self._terms: dict[int, Term] = {}
        self._slugs: dict[str, set[str]] = {}
        self._entry_ids, self._term_ids = count(1), count(1)

    # -- what WordPress's editors do -------------------------------------------------------------

    def add(self, kind: str, **fields: object) -> int:
        """Creates an entry or a term and returns its id. A field that does not exist: TypeError.

        Taxonomies are fields too: `add("posts", title="Olá", categories=[3])`. Without `modified`,
        `date` is the time of both, as in `wp_insert_post`; a later date makes the entry `future`.
        """
        values = cast("dict[str, Any]", dict(fields))
        with self._lock:
            if kind in self.taxonomies:
                return self._add_term(kind, values)
            return self._add_entry(kind, values)

    def edit(self, kind: str, id: int, *, touch: bool = True, **fields: object) -> None:  # noqa: A002
        """Changes an entry or a term. With `touch=False` `modified` stays, as `update_post_meta`,
        a new featured image, terms and sticky leave it.
        """
        values = cast("dict[str, Any]", dict(fields))
        with self._lock:
            row = self.get(kind, id)
            if isinstance(row, Term):
                self._terms[id] = replace(row, **_escaped(values))
                return
            if touch:
                values.setdefault("modified", self.clock())
            entry = replace(row, **self._normal(values, row))
            self._entries[id] = self._named(entry)

    def trash(self, kind: str, id: int) -> None:  # noqa: A002
        """Puts an entry into the bin: `modified` moves and the slug gets `__trashed`."""
        slug = self.entry(kind, id).slug
        self.edit(kind, id, status="trash", slug=slug and f"{slug}__trashed")

    def untrash(self, kind: str, id: int) -> None:  # noqa: A002
        """Takes an entry out of the bin, as a draft."""
        slug = self.entry(kind, id).slug
        self.edit(kind, id, status="draft", slug=slug.removesuffix("__trashed"))

    def delete(self, kind: str, id: int) -> None:  # noqa: A002
        """Deletes for good. What pointed here is changed without moving its `modified`."""
        with self._lock:
            row = self.get(kind, id)
            if isinstance(row, Term):
                del self._terms[id]
                self._forget_term(row)
            else:
                del self._entries[id]
                self._forget_entry(row)

    def revoke(self, name: str = USERNAME) -> None:
        """Takes a user's application password away."""
        self.users.revoke(name)

    # -- what the web server reads ---------------------------------------------------------------

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)

    def get(self, kind: str, id: int) -> Entry | Term:  # noqa: A002
        """One row; KeyError when there is none of that kind."""
        row = self._terms.get(id) if kind in self.taxonomies else self._entries.get(id)
        if row is None or row.kind != kind:
            raise KeyError((kind, id))
        return row

    def entry(self, kind: str, id: int) -> Entry:  # noqa: A002
        """One post, page, attachment or event; KeyError when there is none."""
        row = self.get(kind, id)
        if isinstance(row, Term):
            raise KeyError((kind, id))
        return row

    def entries(self, kind: str) -> list[Entry]:
        """All entries of one kind, in any status, by id."""
        with self._lock:
            return [entry for entry in self._entries.values() if entry.kind == kind]

    def terms(self, kind: str) -> list[Term]:
        """All terms of one taxonomy, by id."""
        with self._lock:
            return [term for term in self._terms.values() if term.kind == kind]

    def ids(self, kind: str) -> list[int]:
        """The ids of one kind."""
        rows = self.terms(kind) if kind in self.taxonomies else self.entries(kind)
        return [row.id for row in rows]

    def find(self, id: int) -> Entry | None:  # noqa: A002
        """The entry of any kind with this id."""
        return self._entries.get(id)

    def find_term(self, id: int) -> Term | None:  # noqa: A002
        """The term of any taxonomy with this id."""
        return self._terms.get(id)

    def published_counts(self, taxonomy: str) -> Counter[int]:
        """How many published entries each term has."""
        with self._lock:
            published = [entry for entry in self._entries.values() if entry.status == "publish"]
        return Counter(term for entry in published for term in entry.terms.get(taxonomy, ()))

    def count_request(self, route: str) -> None:
        """Counts an answer under a route such as `/wp/v2/posts` or `/wp/v2/posts/<id>`."""
        with self._lock:
            self.requests[route] += 1

    # -- the rules -------------------------------------------------------------------------------

    def _add_term(self, kind: str, values: dict[str, Any]) -> int:
        row_id: int = values.pop("id", 0) or next(self._term_ids)
        term = Term(row_id, kind, **_escaped(values))
        if not term.slug:
            term = replace(term, slug=unique_slug(term.name, self._taken(kind)))
        self._taken(kind).add(term.slug)
        self._terms[row_id] = term
        return row_id

    def _add_entry(self, kind: str, values: dict[str, Any]) -> int:
        if kind not in self.post_types:
            raise KeyError(kind)
        row_id: int = values.pop("id", 0) or next(self._entry_ids)
        values.setdefault("date", self.clock())
        values.setdefault("modified", values["date"])
        if kind == "media":
            values.setdefault("status", "inherit")
        entry = Entry(row_id, kind, **self._normal(values, None))
        self._entries[row_id] = self._named(entry)
        return row_id

    def _normal(self, values: dict[str, Any], old: Entry | None) -> dict[str, Any]:
        """Fields as `Entry` holds them: both clocks for a date, terms gathered by taxonomy."""
        for name in ("date", "modified"):
            if name in values:
                local, gmt = stamps(values[name], self.zone)
                values[name] = local
                values.setdefault(f"{name}_gmt", gmt)
        given = {base: tuple(values.pop(base)) for base in self.taxonomies if base in values}
        if given:
            values["terms"] = dict(old.terms if old else {}) | given
        return values

    def _named(self, entry: Entry) -> Entry:
        """Gives a published entry its slug, and `future` to one whose date is to come."""
        now = stamps(self.clock(), self.zone)[1]
        if entry.status == "publish" and entry.date_gmt > now:
            entry = replace(entry, status="future")
        if not entry.slug and entry.status not in _UNNAMED:
            entry = replace(entry, slug=unique_slug(entry.title, self._taken(entry.kind)))
        self._taken(entry.kind).add(entry.slug)
        return entry

    def _taken(self, kind: str) -> set[str]:
        return self._slugs.setdefault(kind, set())

    def _forget_entry(self, gone: Entry) -> None:
        for entry in self._pointing_at(gone):
            self._entries[entry.id] = replace(
                entry,
                featured_media=0 if entry.featured_media == gone.id else entry.featured_media,
                parent=gone.parent if entry.parent == gone.id else entry.parent,
                post=None if entry.post == gone.id else entry.post,
            )

    def _pointing_at(self, gone: Entry) -> Iterable[Entry]:
        return [
            entry
            for entry in self._entries.values()
            if gone.id in (entry.featured_media, entry.parent, entry.post)
        ]

    def _forget_term(self, gone: Term) -> None:
        for term in self.terms(gone.kind):
            if term.parent == gone.id:
                self._terms[term.id] = replace(term, parent=gone.parent)
        for entry in list(self._entries.values()):
            held = entry.terms.get(gone.kind, ())
            if gone.id in held:
                left = tuple(term for term in held if term != gone.id)
                self._entries[entry.id] = replace(entry, terms={**entry.terms, gone.kind: left})


def _escaped(values: dict[str, Any]) -> dict[str, Any]:
    """WordPress stores term names and descriptions with `&amp;`, and REST shows them so."""
    texts = {name: escape(values[name], quote=False) for name in ("name",) if name in values}
    return values | texts
