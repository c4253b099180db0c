"""A WordPress site without its web server: settings, accounts, content, and the editors' verbs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any, cast
from zoneinfo import ZoneInfo

from sync_assets.demo.access import Users
from sync_assets.demo.kinds import default_post_types, default_taxonomies
from sync_assets.demo.rows import Entry, Term
from sync_assets.demo.slugs import unique_slug
from sync_assets.demo.tables import Tables
from sync_assets.demo.times import stamps, utc_now

USERNAME = "sync"
PASSWORD = "demo demo demo demo demo demo"  # noqa: S105 - a site of invented content

_UNNAMED = frozenset({"draft", "pending", "auto-draft"})  # these get a slug when published


class Site:
    """The site's content and settings. Every method may be called from any thread.

    Kinds are REST bases: posts, pages, media, eventos, categories, tags, regiao. Entries share one
    sequence of ids and terms another, as in WordPress. `requests` counts answers by route, such as
    `/wp/v2/posts` and `/wp/v2/posts/<id>`. A row that does not exist is a KeyError, a field that
    does not exist a TypeError.
    """

    def __init__(
        self,
        *,
        url: str = "http://demo.invalid",
        timezone: str = "America/Sao_Paulo",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = "Revista Maré"
        self.description = "Cidades, cultura e negócios do litoral brasileiro"
        self.url = url
        self.timezone = timezone
        self.clock = clock
        self.pretty_permalinks = True
        self.acf_v3 = True
        self.rejects_bad_credentials = False  # some hosts answer 401 everywhere, most do not
        self.post_types = default_post_types()
        self.taxonomies = default_taxonomies()
        self.users = Users()
        self.users.add(USERNAME, PASSWORD, "administrator")
        self.tables = Tables()
        self.requests: Counter[str] = Counter()

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)

    def add(self, kind: str, **fields: object) -> int:
        """Creates an entry or a term and returns its id.

        Taxonomies are fields too: `add("posts", title="Olá", categories=[3])`. Dates are aware
        datetimes or strings in the site's time. Without `modified`, `date` is the time of both, as
        in `wp_insert_post`; a date to come makes a published entry `future`.
        """
        values = cast("dict[str, Any]", dict(fields))
        with self.tables.lock:
            row = self._term(kind, values) if kind in self.taxonomies else self._entry(kind, values)
            self.tables.put(row)
            return row.id

    def edit(self, kind: str, id: int, *, touch: bool = True, **fields: object) -> None:
        """Changes an entry or a term.

        With `touch=False` the entry's `modified` stays, as `update_post_meta`, a new featured
        image, terms and sticky leave it in WordPress.
        """
        values = cast("dict[str, Any]", dict(fields))
        with self.tables.lock:
            row = self.get(kind, id)
            if isinstance(row, Term):
                self.tables.put(replace(row, **_escaped(values)))
                return
            if touch:
                values.setdefault("modified", self.clock())
            self.tables.put(self._published(replace(row, **self._columns(values, row.terms))))

    def trash(self, kind: str, id: int) -> None:
        """Puts an entry into the bin: `modified` moves and the slug gets `__trashed`."""
        slug = self.entry(kind, id).slug
        self.edit(kind, id, status="trash", slug=slug and f"{slug}__trashed")

    def untrash(self, kind: str, id: int) -> None:
        """Takes an entry out of the bin, as a draft."""
        slug = self.entry(kind, id).slug
        self.edit(kind, id, status="draft", slug=slug.removesuffix("__trashed"))

    def delete(self, kind: str, id: int) -> None:
        """Deletes a row for good; nothing of it stays behind."""
        with self.tables.lock:
            self.tables.remove(self.get(kind, id))

    def revoke(self, name: str = USERNAME) -> None:
        """Takes a user's application password away."""
        self.users.revoke(name)

    def get(self, kind: str, id: int) -> Entry | Term:
        """One row of any kind."""
        row = self.tables.term(id) if kind in self.taxonomies else self.tables.entry(id)
        if row is None or row.kind != kind:
            raise KeyError((kind, id))
        return row

    def entry(self, kind: str, id: int) -> Entry:
        """One post, page, attachment or event."""
        return cast("Entry", self.get(kind, id))

    def ids(self, kind: str) -> list[int]:
        """The ids of one kind, whatever their status."""
        tables = self.tables
        rows = tables.terms(kind) if kind in self.taxonomies else tables.entries(kind)
        return sorted(row.id for row in rows)

    def count_request(self, route: str) -> None:
        """Counts an answer under its route."""
        with self.tables.lock:
            self.requests[route] += 1

    def _term(self, kind: str, values: dict[str, Any]) -> Term:
        values.setdefault("id", self.tables.next_term_id())
        taken = self.tables.taken_slugs(kind)
        values.setdefault("slug", unique_slug(values.get("name", ""), taken))
        return Term(kind=kind, **_escaped(values))

    def _entry(self, kind: str, values: dict[str, Any]) -> Entry:
        if kind not in self.post_types:
            raise KeyError(kind)
        values.setdefault("id", self.tables.next_entry_id())
        values.setdefault("date", self.clock())
        values.setdefault("modified", values["date"])
        if kind == "media":
            values.setdefault("status", "inherit")
        return self._published(Entry(kind=kind, **self._columns(values, {})))

    def _columns(self, values: dict[str, Any], terms: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
        """Fields as `Entry` has them: both clocks of a date, the terms of all taxonomies in one."""
        for name in ("date", "modified"):
            if name in values:
                values[name], gmt = stamps(values[name], self.zone)
                values.setdefault(f"{name}_gmt", gmt)
        given = {base: tuple(values.pop(base)) for base in self.taxonomies if base in values}
        return values | ({"terms": {**terms, **given}} if given else {})

    def _published(self, entry: Entry) -> Entry:
        """Makes a published entry with a date to come `future`, and gives it a slug."""
        if entry.status == "publish" and entry.date_gmt > stamps(self.clock(), self.zone)[1]:
            entry = replace(entry, status="future")
        if entry.slug or entry.status in _UNNAMED:
            return entry
        taken = self.tables.taken_slugs(entry.kind)
        return replace(entry, slug=unique_slug(entry.title, taken))


def _escaped(values: dict[str, Any]) -> dict[str, Any]:
    """WordPress stores a term's name with `&amp;`, and REST shows it so."""
    name = {"name": escape(values["name"], quote=False)} if "name" in values else {}
    return values | name
