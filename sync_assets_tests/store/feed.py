"""Reads a tenant's change feed, and follows it onto a copy."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sync_assets.bootstrap import Platform
from sync_assets.core.changes import Change, Cursor, Kind
from sync_assets_tests.store.looking import Owner

Seen = tuple[str, str, int]
"""What happened, in which stream, to which key."""


@dataclass(slots=True)
class Reader:
    """Somebody who reads a feed to its end, some changes at a time."""

    platform: Platform
    tenant: str = "acme"
    cursor: Cursor | None = None
    limit: int = 1000
    streams: Sequence[str] | None = None

    def changes(self) -> list[Change]:
        """All that is new."""
        found: list[Change] = []
        more = True
        while more:
            batch = self.platform.changes.read(self.tenant, self.cursor, self.limit, self.streams)
            assert len(batch.changes) <= self.limit
            found += batch.changes
            self.cursor, more = batch.next, batch.has_more
        return found

    def seen(self) -> list[Seen]:
        """The same, in short."""
        return [(change.kind.value, change.stream, change.key) for change in self.changes()]


@dataclass(slots=True)
class Copy:
    """A front end's copy of the posts, kept up by nothing but the feed and looks at single rows."""

    reader: Reader
    owner: Owner
    posts: dict[int, str] = field(default_factory=dict[int, str])

    def follow(self) -> None:
        for change in self.reader.changes():
            if change.stream != "posts":
                continue
            if change.kind is Kind.DELETED:
                self.posts.pop(change.key, None)
            else:
                self._fetch(change.key)

    def _fetch(self, key: int) -> None:
        found = live_posts(self.owner, self.reader.tenant, [key])
        if key in found:
            self.posts[key] = found[key]


def live_posts(owner: Owner, tenant: str, keys: Sequence[int] | None = None) -> dict[int, str]:
    """All that can be seen of each post that is not buried, its terms included."""
    query = """
        SELECT wp_id, concat_ws('/', title, status, source_modified_at, (
          SELECT string_agg(term_wp_id::text, ',' ORDER BY term_wp_id)
          FROM cms.wordpress_content_terms t
          WHERE t.tenant_id = p.tenant_id AND content_wp_id = wp_id))
        FROM cms.wordpress_posts p
        WHERE tenant_id = %s AND deleted_at IS NULL AND (%s::bigint[] IS NULL OR wp_id = ANY(%s))
    """
    wanted = None if keys is None else list(keys)
    return dict(owner.execute(query, [tenant, wanted, wanted]).fetchall())
