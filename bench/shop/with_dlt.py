"""dlt, as its documentation has it for such an API (`default`), and by bulk operation (`best`)."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import orjson
from dlt.destinations import postgres
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from bench import contender
from bench.shop import questions
from bench.with_dlt import credentials

DATASET = "shopify"
_API = "/admin/api/2026-10/graphql.json"
_BATCH = 1000  # records that are handed over at a time
_AT_ONCE = 50  # orders whose refunds are asked for in one question

Json = dict[str, Any]


def default_resource(site: str, token: str) -> Any:  # noqa: ANN401 - dlt's own types
    """Pages of whole orders; dlt puts the lists inside of them into tables of their own."""
    client = RESTClient(
        site,
        headers={"X-Shopify-Access-Token": token},
        paginator=JSONResponseCursorPaginator(
            cursor_path="data.orders.pageInfo.endCursor",
            cursor_body_path="variables.after",
            has_more_path="data.orders.pageInfo.hasNextPage",
        ),
        data_selector="data.orders.nodes",
    )

    @dlt.resource(name="orders", primary_key="id", write_disposition="merge")
    def orders() -> Iterator[list[Json]]:
        body = {"query": questions.PAGES, "variables": {"after": None}}
        for page in client.paginate(_API, method="POST", json=body):
            yield [_flat(order) for order in page]

    return orders()


def _flat(order: Json) -> Json:
    """An order with lists where it has connections, so that tables get sensible names."""
    for refund in order["refunds"]:
        refund["refund_lines"] = refund.pop("refundLineItems")["nodes"]
    return {**order, "lines": order.pop("lineItems")["nodes"]}


class Shop:
    """The API, over one session."""

    def __init__(self, site: str, token: str) -> None:
        self.url = site + _API
        self.session = requests.Session()
        self.session.headers["X-Shopify-Access-Token"] = token

    def ask(self, query: str, /, **variables: object) -> Json:
        """The data of an answer."""
        body = orjson.dumps({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json"}
        response = self.session.post(self.url, data=body, headers=headers)
        response.raise_for_status()
        return orjson.loads(response.content)["data"]

    def saved(self, path: Path) -> None:
        """All orders with their lines, by one bulk operation, in a file."""
        begun = self.ask(questions.RUN, query=questions.BULK)["bulkOperationRunQuery"]
        operation = begun["bulkOperation"]["id"]
        state: Json = {"status": "CREATED"}
        while state["status"] in {"CREATED", "RUNNING"}:
            time.sleep(1)
            state = self.ask(questions.POLL, id=operation)["bulkOperation"]
        with self.session.get(state["url"], stream=True) as response, path.open("wb") as file:
            for chunk in response.iter_content(1 << 20):
                file.write(chunk)


@dlt.source(name=DATASET, max_table_nesting=0)
def best_source(shop: Shop, path: Path) -> Any:  # noqa: ANN401 - dlt's own types
    """Each table from the file's lines; refunds, which no bulk operation has, in parallel."""
    merged = {"primary_key": "id", "write_disposition": "merge"}

    @dlt.resource(name="orders", **merged)
    def orders() -> Iterator[list[Json]]:
        yield from _batches(path, parts=False)

    @dlt.resource(name="lines", **merged)
    def lines() -> Iterator[list[Json]]:
        yield from _batches(path, parts=True)

    @dlt.resource(name="refunded", selected=False)
    def refunded() -> Iterator[list[str]]:
        ids = [order["id"] for batch in _batches(path, parts=False) for order in batch
               if order["refunds"]]  # fmt: skip
        for start in range(0, len(ids), _AT_ONCE):
            yield ids[start : start + _AT_ONCE]

    @dlt.transformer(name="refunds", parallelized=True, **merged)
    def refunds(ids: list[str]) -> Iterator[Any]:
        found = [refund for order in shop.ask(questions.REFUNDS, ids=ids)["nodes"]
                 for refund in order["refunds"]]  # fmt: skip
        inner = [{**line, "refund_id": refund["id"]} for refund in found
                 for line in refund.pop("refundLineItems")["nodes"]]  # fmt: skip
        hints = dlt.mark.make_hints(table_name="refund_lines", **merged)
        yield found
        yield dlt.mark.with_hints(inner, hints, create_table_variant=True)

    return orders, lines, refunded | refunds


def _batches(path: Path, *, parts: bool) -> Iterator[list[Json]]:
    """The file's records, or their parts."""
    batch: list[Json] = []
    with path.open("rb") as file:
        for line in file:
            if (b'"__parentId":' in line) is parts:
                batch.append(orjson.loads(line))
                if len(batch) >= _BATCH:
                    yield batch
                    batch = []
    yield batch


def load(variant: str, chosen: argparse.Namespace) -> None:
    """Runs the pipeline; its state lives in the contender's home."""
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(chosen.home),
        destination=postgres(credentials(chosen.database_url)),
        dataset_name=DATASET,
    )
    if variant == "default":
        pipeline.run(default_resource(chosen.site, chosen.token))
        return
    # Half of dlt's CPU is gzip on files that it reads again at once.
    dlt.config["data_writer.disable_compression"] = True
    with tempfile.TemporaryDirectory(dir=chosen.home) as folder:
        path = Path(folder) / "orders.jsonl"
        shop = Shop(chosen.site, chosen.token)
        shop.saved(path)
        pipeline.run(best_source(shop, path), loader_file_format="parquet")


def main() -> None:
    """One run of the variant that comes first among the arguments."""
    variant = sys.argv.pop(1)
    chosen = contender.options("dlt, default or best.")
    load(variant, chosen)
    contender.report(chosen)


if __name__ == "__main__":
    main()
