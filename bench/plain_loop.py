"""The plain loop: four threads of requests, one binary COPY, INSERT … ON CONFLICT DO UPDATE."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import psycopg
import requests
from psycopg.types.json import Jsonb, set_json_dumps

from bench import contender

THREADS = 4
# The names and types of the product's table, with the terms as arrays beside them.
COLUMNS = {
    "tenant_id": "text",
    "wp_id": "bigint",
    "type": "text",
    "status": "text",
    "title": "text",
    "slug": "text",
    "link": "text",
    "content": "text",
    "excerpt": "text",
    "author_wp_id": "bigint",
    "featured_media_wp_id": "bigint",
    "template": "text",
    "sticky": "bool",
    "password_protected": "bool",
    "is_raw": "bool",
    "categories": "bigint[]",
    "tags": "bigint[]",
    "acf": "jsonb",
    "published_at": "timestamptz",
    "source_modified_at": "timestamptz",
    "synced_at": "timestamptz",
}
NAMES = ", ".join(COLUMNS)
TYPES = [kind.replace("bigint", "int8") for kind in COLUMNS.values()]
KEY = "tenant_id, wp_id"
REST = [name for name in COLUMNS if name not in KEY.split(", ")]
CREATE = (
    f"CREATE TABLE IF NOT EXISTS wordpress_posts "
    f"({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}, PRIMARY KEY ({KEY}))"
)
STAGE = "CREATE TEMPORARY TABLE page (LIKE wordpress_posts) ON COMMIT DROP"
COPY = f"COPY page ({NAMES}) FROM STDIN (FORMAT binary)"
UPSERT = (
    f"INSERT INTO wordpress_posts ({NAMES}) SELECT {NAMES} FROM page "  # noqa: S608 - constants
    f"ON CONFLICT ({KEY}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in REST)}"
)


class Pages:
    """The site's pages, fetched by a few threads, a few ahead of their reader."""

    def __init__(self, site: str) -> None:
        self.url = contender.posts_url(site)
        self.local = threading.local()

    def read(self) -> Iterator[list[dict[str, Any]]]:
        """Each page in order."""
        first, total = self._fetch(1)
        yield orjson.loads(first)
        with ThreadPoolExecutor(THREADS) as pool:
            for start in count(2, THREADS):
                batch = range(start, min(start + THREADS, total + 1))
                if not batch:
                    return
                for body, _ in pool.map(self._fetch, batch):
                    yield orjson.loads(body)

    def _fetch(self, number: int) -> tuple[bytes, int]:
        response = self._session().get(
            self.url, params={**contender.LISTING, "page": str(number)}, timeout=60
        )
        response.raise_for_status()
        return response.content, int(response.headers["X-WP-TotalPages"])

    def _session(self) -> requests.Session:
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
            self.local.session.auth = (contender.USER, contender.PASSWORD)
        return self.local.session


def to_row(post: dict[str, Any], now: datetime) -> tuple[Any, ...]:
    """The post as COLUMNS has it."""
    return (
        "bench",
        post["id"],
        post["type"],
        post["status"],
        post["title"]["raw"],
        post["slug"],
        post["link"],
        post["content"]["raw"],
        post["excerpt"]["raw"],
        post["author"],
        post["featured_media"],
        post["template"],
        post["sticky"],
        post["content"]["protected"],
        True,
        post["categories"],
        post["tags"],
        Jsonb(post["acf"]),
        datetime.fromisoformat(post["date_gmt"]).replace(tzinfo=UTC),
        datetime.fromisoformat(post["modified_gmt"]).replace(tzinfo=UTC),
        now,
    )


def load(site: str, database_url: str) -> None:
    """Rewrites every post, in one transaction."""
    set_json_dumps(orjson.dumps)
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(CREATE)
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            copy.set_types(TYPES)
            for page in Pages(site).read():
                for post in page:
                    copy.write_row(to_row(post, now))
        cursor.execute(UPSERT)


def main() -> None:
    """One run."""
    chosen = contender.options("The plain loop.")
    load(chosen.site, chosen.database_url)
    contender.report(chosen)


if __name__ == "__main__":
    main()
