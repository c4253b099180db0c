import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.data.numbering import gid, order_id, product_id
from sync_assets_tests.demo.shop.conftest import Ask, Clock

PAGE = "nodes{id} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}"


def ids(connection: dict[str, Any]) -> list[str]:
    return [node["id"] for node in connection["nodes"]]


def drained(read: Callable[[str | None], dict[str, Any]]) -> tuple[list[str], int]:
    """All ids, and in how many pages they came."""
    found: list[str] = []
    after, pages, more = None, 0, True
    while more:
        page = read(after)
        found += ids(page)
        after, more, pages = (
            page["pageInfo"]["endCursor"],
            page["pageInfo"]["hasNextPage"],
            pages + 1,
        )
    return found, pages


def test_pages_follow_their_cursors_without_a_gap(site: ShopSite, data: Ask) -> None:
    query = f"query($after:String){{orders(first:7, after:$after){{{PAGE}}}}}"
    found, pages = drained(lambda after: data(query, after=after)["orders"])
    assert pages == 6
    assert found == [gid("Order", x.id) for x in site.shop.orders]


def test_pages_can_be_read_from_the_end(data: Ask) -> None:
    everything = ids(data(f"{{products(first:50){{{PAGE}}}}}")["products"])
    last = data(f"{{products(last:3){{{PAGE}}}}}")["products"]
    assert ids(last) == everything[-3:]
    assert last["pageInfo"]["hasPreviousPage"]
    before = last["pageInfo"]["startCursor"]
    query = f"query($c:String){{products(last:3, before:$c){{{PAGE}}}}}"
    assert ids(data(query, c=before)["products"]) == everything[-6:-3]


def test_reverse_turns_the_order_round(data: Ask) -> None:
    query = "{%s(first:50, sortKey:UPDATED_AT, reverse:%s){nodes{id}}}"
    there = ids(data(query % ("orders", "false"))["orders"])
    back = ids(data(query % ("orders", "true"))["orders"])
    assert back == there[::-1]
    assert there != sorted(there)


def test_edges_carry_a_cursor_each(data: Ask) -> None:
    edges = data("{products(first:3){edges{cursor node{id}}}}")["products"]["edges"]
    query = f"query($c:String){{products(first:1, after:$c){{{PAGE}}}}}"
    second = data(query, c=edges[0]["cursor"])["products"]
    assert ids(second) == [edges[1]["node"]["id"]]


def test_a_cursor_of_another_order_is_refused(data: Ask, ask: Ask) -> None:
    query = f"query($c:String){{products(first:1, sortKey:UPDATED_AT, after:$c){{{PAGE}}}}}"
    by_update = data(query, c=None)["products"]["pageInfo"]["endCursor"]
    assert "errors" not in ask(query, c=by_update)
    refused = ask(query.replace("sortKey:UPDATED_AT, ", ""), c=by_update)
    assert "Invalid cursor" in refused["errors"][0]["message"]
    assert "Invalid cursor" in ask(query, c="bm9uc2Vuc2U=")["errors"][0]["message"]


def test_a_page_needs_a_size_and_takes_no_more_than_250(ask: Ask) -> None:
    assert "first or last" in ask("{products{nodes{id}}}")["errors"][0]["message"]
    assert "250" in ask("{products(first:251){nodes{id}}}")["errors"][0]["message"]
    assert "errors" not in ask("{products(first:250){nodes{id}}}")


def test_what_is_updated_while_pages_are_read_comes_again_at_the_end(
    site: ShopSite, clock: Clock, data: Ask
) -> None:
    query = f"query($c:String){{products(first:10,sortKey:UPDATED_AT,after:$c){{{PAGE}}}}}"
    first = data(query, c=None)["products"]
    clock.forward(minutes=1)
    moved = int(ids(first)[0].rsplit("/", 1)[-1])
    site.desk.edit_product(moved, title="Outro nome")
    second = data(query, c=first["pageInfo"]["endCursor"])["products"]
    third = data(query, c=second["pageInfo"]["endCursor"])["products"]
    assert (ids(second) + ids(third))[-1] == ids(first)[0]


def test_nested_pages_are_cut_without_a_word_and_can_be_drained(site: ShopSite, data: Ask) -> None:
    wide = gid("Product", product_id(5))
    query = f"query($id:ID!,$c:String){{product(id:$id){{variants(first:50,after:$c){{{PAGE}}}}}}}"
    found, pages = drained(lambda after: data(query, id=wide, c=after)["product"]["variants"])
    assert (len(found), pages) == (120, 3)
    assert found == [
        gid("ProductVariant", x.id) for x in site.shop.products[product_id(5)].variants
    ]


def test_the_lines_of_a_long_order_can_be_drained(data: Ask) -> None:
    query = f"query($id:ID!,$c:String){{order(id:$id){{lineItems(first:50,after:$c){{{PAGE}}}}}}}"
    long = gid("Order", order_id(7))
    first = data(query, id=long, c=None)["order"]["lineItems"]
    second = data(query, id=long, c=first["pageInfo"]["endCursor"])["order"]["lineItems"]
    assert (len(ids(first)), len(ids(second))) == (50, 25)


def test_a_refunds_lines_can_be_read_from_the_refund(site: ShopSite, data: Ask) -> None:
    refund = site.desk.refund(order_id(7))
    query = """query($id:ID!){refund(id:$id){id refundLineItems(first:10){nodes{id}
      pageInfo{hasNextPage}}}}"""
    seen = data(query, id=gid("Refund", refund.id))["refund"]
    assert len(ids(seen["refundLineItems"])) == 10
    assert seen["refundLineItems"]["pageInfo"]["hasNextPage"]


def test_nodes_keep_the_order_of_the_ids_and_say_null(site: ShopSite, data: Ask) -> None:
    gone = product_id(3)
    site.desk.delete_product(gone)
    level = next(site.shop.levels())
    wanted = [
        gid("Order", order_id(4)),
        gid("Product", gone),
        gid("ProductVariant", site.shop.products[product_id(2)].variants[0].id),
        f"{gid('InventoryLevel', level.location_id)}?inventory_item_id={level.item_id}",
    ]
    seen = data("query($ids:[ID!]!){nodes(ids:$ids){id __typename}}", ids=wanted)["nodes"]
    assert [node and node["id"] for node in seen] == [wanted[0], None, *wanted[2:]]
    assert [node["__typename"] for node in seen if node] == [
        "Order", "ProductVariant", "InventoryLevel",
    ]  # fmt: skip
    assert data("query($id:ID!){node(id:$id){id}}", id=wanted[0])["node"]["id"] == wanted[0]


def test_counts_are_exact_up_to_their_limit(data: Ask) -> None:
    seen = data("{a: ordersCount{count precision} b: ordersCount(limit:30){count precision}}")
    assert seen["a"] == {"count": 40, "precision": "EXACT"}
    assert seen["b"] == {"count": 30, "precision": "AT_LEAST"}


def test_levels_are_found_from_their_location_too(site: ShopSite, data: Ask) -> None:
    query = "query($id:ID!){location(id:$id){name inventoryLevels(first:250){nodes{id}}}}"
    for location in site.shop.stock.locations:
        seen = data(query, id=gid("Location", location.id))["location"]
        there = [x for x in site.shop.levels() if x.location_id == location.id]
        assert seen["name"] == location.name
        assert len(seen["inventoryLevels"]["nodes"]) == len(there)


def test_the_schema_is_the_published_one_and_nothing_else(ask: Ask) -> None:
    answer = ask("{orders(first:1){nodes{id total_price}}}")
    assert "total_price" in answer["errors"][0]["message"]
    assert "data" not in answer
    assert ask("{orders(first:1){nodes{id}")["errors"][0]["message"].startswith("Syntax Error")


def test_a_field_that_is_not_simulated_says_so(ask: Ask) -> None:
    answer = ask("{products(first:1){nodes{id seo{title}}}}")
    assert "does not serve Product.seo" in answer["errors"][0]["message"]


def test_a_page_of_fifty_orders_takes_little_time(cache: Path) -> None:
    """Some 10 ms here, and tests of a source read hundreds of pages."""
    money = "{shopMoney{amount currencyCode} presentmentMoney{amount currencyCode}}"
    query = f"""{{orders(first:50, sortKey:UPDATED_AT){{nodes{{id name createdAt updatedAt test
      currentTotalPriceSet{money} totalTaxSet{money}
      lineItems(first:20){{nodes{{id sku quantity product{{id}} variant{{id}}
        originalUnitPriceSet{money}}} pageInfo{{hasNextPage endCursor}}}}
      refunds{{id totalRefundedSet{money}}}}} pageInfo{{hasNextPage endCursor}}}}}}"""
    times: list[float] = []
    with ShopSite.start(sizes=Sizes(5_000, 20_000), cache=cache) as site:
        for _ in range(5):
            before = time.process_time()
            headers = {"X-Shopify-Access-Token": site.token}
            requests.post(site.graphql, json={"query": query}, headers=headers, timeout=30)
            times.append(time.process_time() - before)
    assert min(times) < 0.1
