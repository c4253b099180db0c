"""The site's tables in memory: entries and terms, by id."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sync_assets.demo.rows import Entry, Term


class Tables:
    """Rows are frozen, so a reader's list stays as it was. Hold `lock` to read and then write."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._entries: dict[int, Entry] = {}
        self._terms: dict[int, Term] = {}
        self._slugs: dict[str, set[str]] = {}
        self._last_entry = self._last_term = 0

    def next_entry_id(self) -> int:
        """An id that no entry ever had."""
        return self._last_entry + 1

    def next_term_id(self) -> int:
        """An id that no term ever had."""
        return self._last_term + 1

    def taken_slugs(self, kind: str) -> set[str]:
        """The slugs that a new row of this kind must not get."""
        return self._slugs.setdefault(kind, set())

    def put(self, row: Entry | Term) -> None:
        """Inserts or replaces a row."""
        with self.lock:
            self.taken_slugs(row.kind).add(row.slug)
            if isinstance(row, Term):
                self._terms[row.id] = row
                self._last_term = max(self._last_term, row.id)
            else:
                self._entries[row.id] = row
                self._last_entry = max(self._last_entry, row.id)

    def entry(self, row_id: int) -> Entry | None:
        """The entry of any kind with this id."""
        return self._entries.get(row_id)

    def term(self, row_id: int) -> Term | None:
        """The term of any taxonomy with this id."""
        return self._terms.get(row_id)

    def entries(self, kind: str | None = None) -> list[Entry]:
        """All entries of one kind, or of all, in any status."""
        with self.lock:
            return [row for row in self._entries.values() if kind in {None, row.kind}]

    def terms(self, kind: str) -> list[Term]:
        """All terms of one taxonomy."""
        with self.lock:
            return [row for row in self._terms.values() if row.kind == kind]

    def published_counts(self, taxonomy: str) -> Mapping[int, int]:
        """How many published entries each term has; 0 for those that have none."""
        published = [row for row in self.entries() if row.status == "publish"]
        return Counter(term for row in published for term in row.terms.get(taxonomy, ()))

    def remove(self, row: Entry | Term) -> None:
        """Deletes a row. What pointed at it is changed without moving its `modified`."""
        with self.lock:
            self.taken_slugs(row.kind).discard(row.slug)
            if isinstance(row, Term):
                del self._terms[row.id]
                self._detach_term(row)
            else:
                del self._entries[row.id]
                self._detach_entry(row)

    def _detach_entry(self, gone: Entry) -> None:
        for row in self.entries():
            if gone.id in {row.featured_media, row.parent, row.post}:
                featured = 0 if row.featured_media == gone.id else row.featured_media
                parent = gone.parent if row.parent == gone.id else row.parent
                post = None if row.post == gone.id else row.post
                self.put(replace(row, featured_media=featured, parent=parent, post=post))

    def _detach_term(self, gone: Term) -> None:
        for term in self.terms(gone.kind):
            if term.parent == gone.id:
                self.put(replace(term, parent=gone.parent))
        for row in self.entries():
            held = row.terms.get(gone.kind, ())
            if gone.id in held:
                left = tuple(term for term in held if term != gone.id)
                self.put(replace(row, terms={**row.terms, gone.kind: left}))
