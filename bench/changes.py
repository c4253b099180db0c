"""What the change feed costs: `python -m bench.changes`, a minute.

The pages of a first load, and then the same posts changed, go into the tables with the feed's
triggers and without them, in turn. What is measured is the CPU time of the one PostgreSQL process
that writes, to the microsecond, where the whole benchmark sees hundredths of seconds.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg

from bench.postgres import own_server
from bench.posts import make_posts
from sync_assets.core.records import Record
from sync_assets.sources.wordpress.records import to_post
from sync_assets.sources.wordpress.tables import POSTS
from sync_assets.store.database import Database
from sync_assets.store.migrate import migrate
from sync_assets.store.rows import Rows, WriteRows

PAGE = 100
TENANT = "bench"
NAMED = "bench_changes"
TAXONOMIES = {"categories": "category", "tags": "post_tag"}
_EMPTY = "TRUNCATE cms.wordpress_posts, cms.wordpress_content_terms, cms.changes"
_FOLLOWED = ("wordpress_posts", "wordpress_content_terms")

Pages = Sequence[Sequence[tuple[Record, bytes]]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU for a first load, and for an update of each record."""

    created: float
    updated: float


def pages_of(count: int) -> tuple[Pages, Pages]:
    """The pages of a first load, and of the same posts a day later, with another content."""
    posts = [to_post(payload, "post", TAXONOMIES) for payload in _payloads(count)]
    later = [_changed(post) for post in posts]
    return _paged(posts), _paged(later)


def _payloads(count: int) -> Iterator[dict[str, object]]:
    for post in make_posts(count, "http://bench.invalid"):
        yield orjson.loads(
            post.head
            + b',"title":{"raw":' + post.title
            + b'},"content":{"raw":' + post.content
            + b'},"excerpt":{"raw":' + post.excerpt + b"}" + post.tail
        )  # fmt: skip


def _changed(post: Record) -> Record:
    values = tuple(
        f"{value} Novo." if column.name == "content" else value
        for column, value in zip(POSTS.columns, post.values, strict=True)
    )
    modified = (post.modified_at or datetime.now(UTC)) + timedelta(days=1)
    return replace(post, modified_at=modified, values=values)


def _paged(posts: Sequence[Record]) -> Pages:
    hashed = [(post, post.content_hash()) for post in posts]
    return [hashed[start : start + PAGE] for start in range(0, len(hashed), PAGE)]


def measured(database: Database, owner: psycopg.Connection, pages: tuple[Pages, Pages]) -> Cost:
    """One first load and one update of everything, into empty tables."""
    owner.execute(_EMPTY)
    owner.execute("CHECKPOINT")
    rows, (new, changed) = Rows(POSTS), pages
    return Cost(_written(database, new, rows.insert), _written(database, changed, rows.upsert))


def _written(database: Database, pages: Pages, write: WriteRows) -> float:
    """Milliseconds of CPU of the process that writes."""
    with database.keep() as kept:
        spent = Path(f"/proc/{kept.living().info.backend_pid}/schedstat")
        before = _nanoseconds(spent)
        for page in pages:
            with database.tenant_on(kept, TENANT) as connection:
                write(connection, page, uuid4(), datetime.now(UTC))
        return (_nanoseconds(spent) - before) / 1e6


def _nanoseconds(spent: Path) -> int:
    return int(spent.read_text(encoding="ascii").split()[0])


@contextmanager
def without_feed(owner: psycopg.Connection) -> Iterator[None]:
    """No trigger of the feed fires, nor is anything kept for one."""
    _switch(owner, "DISABLE")
    yield
    _switch(owner, "ENABLE")


def _switch(owner: psycopg.Connection, how: str) -> None:
    query = """
        SELECT format('ALTER TABLE %%s %%s TRIGGER %%I', tgrelid::regclass, %s::text, tgname)
        FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[]) AND tgfoid::regproc::text LIKE
          'cms.note%%changes'
    """
    tables = [f"cms.{name}" for name in _FOLLOWED]
    for (statement,) in owner.execute(query, [how, tables]).fetchall():
        owner.execute(statement)


def main() -> int:
    """Print both, and what the feed adds."""
    parser = argparse.ArgumentParser(prog="python -m bench.changes", description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pages = pages_of(options.posts)
    with_feed: list[Cost] = []
    without: list[Cost] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with own_server(folder, None) as server:
            database = Database(server.fresh(NAMED))
            migrate(database)
            with psycopg.connect(server.url_of(NAMED), autocommit=True) as owner:
                for _ in range(options.rounds):
                    with_feed.append(measured(database, owner, pages))
                    with without_feed(owner):
                        without.append(measured(database, owner, pages))
            database.close()
    for what in ("created", "updated"):
        one, other = ([getattr(cost, what) for cost in costs] for costs in (with_feed, without))
        sys.stdout.write(
            f"{options.posts:,} {what}: {statistics.median(one):.0f} ms with the feed, "
            f"{statistics.median(other):.0f} ms without; at best {min(one):.0f} and "
            f"{min(other):.0f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
