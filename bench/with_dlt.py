"""dlt as its documentation starts one (`default`) and tuned as far as it goes (`best`)."""

import argparse
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import dlt
import orjson
from dlt.destinations import postgres
from dlt.sources.helpers import requests
from psycopg2.extensions import parse_dsn

from bench import contender

DATASET = "wordpress"


class Posts:
    """The listing, a page at a time, over one session."""

    def __init__(self, site: str) -> None:
        self.url = contender.posts_url(site)
        self.session = requests.Session()
        self.session.auth = (contender.USER, contender.PASSWORD)

    def page(self, number: int) -> tuple[list[dict[str, Any]], int]:
        """The records of a page and how many pages there are."""
        response = self.session.get(self.url, params={**contender.LISTING, "page": str(number)})
        response.raise_for_status()
        return orjson.loads(response.content), int(response.headers["X-WP-TotalPages"])


def default_resource(site: str) -> Any:  # noqa: ANN401 - dlt's own types
    """A generator of pages, merged by id."""

    @dlt.resource(name="posts", primary_key="id", write_disposition="merge")
    def posts() -> Iterator[list[dict[str, Any]]]:
        source = Posts(site)
        for number in count(1):
            records, pages = source.page(number)
            yield records
            if number >= pages:
                return

    return posts()


def best_resource(site: str) -> Any:  # noqa: ANN401 - dlt's own types
    """Pages fetched in parallel, lists kept as JSON; "upsert" instead of "merge" costs more."""
    source = Posts(site)

    @dlt.resource(name="numbers", selected=False)
    def numbers() -> Iterator[int]:
        yield from range(1, source.page(1)[1] + 1)

    @dlt.transformer(
        name="posts",
        primary_key="id",
        write_disposition="merge",
        max_table_nesting=0,
        parallelized=True,
    )
    def posts(number: int) -> list[dict[str, Any]]:
        return source.page(number)[0]

    return numbers | posts


def main() -> None:
    """One run of the variant that comes first among the arguments."""
    variant = sys.argv.pop(1)
    chosen = contender.options("dlt, default or best.")
    load(variant, chosen)
    contender.report(chosen)


def load(variant: str, chosen: argparse.Namespace) -> None:
    """Runs the pipeline; its state lives in the contender's home, so a second run continues it."""
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(chosen.home),
        destination=postgres(credentials(chosen.database_url)),
        dataset_name=DATASET,
    )
    if variant == "best":
        # Half of dlt's CPU is gzip on files that it reads again at once.
        dlt.config["data_writer.disable_compression"] = True
        pipeline.run(best_resource(chosen.site), loader_file_format="parquet")
    else:
        pipeline.run(default_resource(chosen.site))


def credentials(database_url: str) -> str:
    """The URL with a host and a password: dlt insists on both, also where neither is needed."""
    parts = {"host": "localhost", "port": "5432", "password": "-", **parse_dsn(database_url)}
    who = f"{quote(parts['user'], safe='')}:{quote(parts['password'], safe='')}"
    return f"postgresql://{who}@{quote(parts['host'], safe='')}:{parts['port']}/{parts['dbname']}"


if __name__ == "__main__":
    main()
