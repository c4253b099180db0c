"""Bulk operations, from their submission to the last line of their result."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from sync_assets.demo import faults
from sync_assets.demo.faults import Fault
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.apps import READ_ALL
from sync_assets.demo.shop.data.numbering import gid, product_id
from sync_assets_tests.demo.shop.conftest import Ask, Clock

Json = dict[str, Any]
Submit = Callable[..., Json]
Poll = Callable[[], Json]

RUN = """mutation($query:String!,$grouped:Boolean!){bulkOperationRunQuery(query:$query,
  groupObjects:$grouped){bulkOperation{id status} userErrors{field message code}}}"""
STATE = """id status errorCode objectCount rootObjectCount fileSize url partialDataUrl
  createdAt completedAt"""
ORDERS = "{orders{edges{node{id name lineItems{edges{node{id quantity}}}}}}}"
FIVE = " ".join(f"v{n}:variants{{edges{{node{{id}}}}}}" for n in range(5))
PRODUCTS = "{products{edges{node{id title variants{edges{node{id price}}}}}}}"


@pytest.fixture
def submit(data: Ask) -> Submit:
    def submit(query: str, *, grouped: bool = False) -> Json:
        return data(RUN, query=query, grouped=grouped)["bulkOperationRunQuery"]

    return submit


@pytest.fixture
def poll(site: ShopSite, data: Ask) -> Poll:
    """The newest operation, once it is over."""

    def poll() -> Json:
        site.bulk.join()
        return data(f"{{currentBulkOperation{{{STATE}}}}}")["currentBulkOperation"]

    return poll


def lines(url: str) -> list[Json]:
    with requests.get(url, stream=True, timeout=10) as answer:
        assert answer.status_code == 200
        return [json.loads(line) for line in answer.iter_lines()]


def refusal(payload: Json) -> tuple[str, str]:
    assert payload["bulkOperation"] is None
    [error] = payload["userErrors"]
    return error["code"], error["message"]


def test_the_result_is_every_record_and_every_child(
    site: ShopSite, submit: Submit, poll: Poll
) -> None:
    started = submit(ORDERS)
    assert (started["bulkOperation"]["status"], started["userErrors"]) == ("CREATED", [])
    done = poll()
    assert (done["status"], done["errorCode"]) == ("COMPLETED", None)
    found = lines(done["url"])
    orders = {gid("Order", order.id): order for order in site.shop.orders}
    roots = [line for line in found if "__parentId" not in line]
    assert {line["id"]: line["name"] for line in roots} == {
        identity: order.name for identity, order in orders.items()
    }
    assert all(line.keys() == {"id", "name"} for line in roots)
    children = {line["id"]: line["__parentId"] for line in found if "__parentId" in line}
    assert children == {
        gid("LineItem", line.id): identity
        for identity, order in orders.items()
        for line in order.lines
    }
    assert int(done["objectCount"]) == len(found)
    assert int(done["rootObjectCount"]) == len(orders)
    assert int(done["fileSize"]) == len(requests.get(done["url"], timeout=10).content)


def test_children_are_not_beside_their_parents_unless_grouped(submit: Submit, poll: Poll) -> None:
    submit(PRODUCTS)
    apart = lines(poll()["url"])
    submit(PRODUCTS, grouped=True)
    together = lines(poll()["url"])
    key = json.dumps
    assert sorted(map(key, apart)) == sorted(map(key, together))
    assert "__parentId" not in apart[1]
    parent = ""
    for line in together:
        assert line.get("__parentId", parent) == parent
        parent = parent if "__parentId" in line else line["id"]


def test_two_levels_of_nesting_name_their_own_parents(
    site: ShopSite, submit: Submit, poll: Poll
) -> None:
    submit(
        """{products{edges{node{id variants{edges{node{id inventoryItem{
        inventoryLevels{edges{node{id}}}}}}}}}}}"""
    )
    done = poll()
    kinds = {"ProductVariant": "Product", "InventoryLevel": "ProductVariant"}
    found = [line for line in lines(done["url"]) if "__parentId" in line]
    for line in found:
        assert kinds[line["id"].split("/")[3]] == line["__parentId"].split("/")[3]
    assert len(found) == site.shop.count_items() + len(list(site.shop.levels()))


def test_only_the_outermost_connection_is_read_in_parts(
    site: ShopSite, submit: Submit, poll: Poll
) -> None:
    for _ in range(120):
        site.desk.add_product()
    submit("{locations{edges{node{id inventoryLevels{edges{node{id}}}}}}}")
    found = [line["id"] for line in lines(poll()["url"]) if "__parentId" in line]
    assert len(found) == len(set(found)) == len(list(site.shop.levels()))
    where = site.shop.stock.locations[0].id
    submit(f'{{location(id:"{gid("Location", where)}"){{inventoryLevels{{edges{{node{{id}}}}}}}}}}')
    found = [line["id"] for line in lines(poll()["url"])]
    assert len(found) == len(set(found))
    assert len(found) == len([x for x in site.shop.levels() if x.location_id == where]) > 200


def test_a_nested_connection_in_an_object_belongs_to_the_node(submit: Submit, poll: Poll) -> None:
    submit(
        """{productVariants{edges{node{id inventoryItem{id inventoryLevels{edges{node{id
        quantities(names:["available"]){name quantity}}}}}}}}}"""
    )
    found = lines(poll()["url"])
    variant = next(line for line in found if "__parentId" not in line)
    assert variant["inventoryItem"].keys() == {"id"}
    level = next(line for line in found if "__parentId" in line)
    assert level["__parentId"].startswith("gid://shopify/ProductVariant/")
    assert level["quantities"][0]["name"] == "available"


def test_filters_order_and_first_of_the_query(site: ShopSite, submit: Submit, poll: Poll) -> None:
    wanted = product_id(7)
    submit(f'{{products(first:3, query:"id:>{wanted}", sortKey:ID){{edges{{node{{id}}}}}}}}')
    found = [line["id"] for line in lines(poll()["url"])]
    assert found == [gid("Product", x.id) for x in site.shop.products if x.id > wanted]
    assert len(found) > 3  # `first` has no meaning in bulk


def test_one_object_more_than_a_page_is_not_lost(
    submit: Submit, poll: Poll, site: ShopSite
) -> None:
    for _ in range(185):
        site.desk.add_product()
    submit("{products(sortKey:UPDATED_AT){edges{node{id}}}}")
    found = {line["id"] for line in lines(poll()["url"])}
    assert found == {gid("Product", product.id) for product in site.shop.products}
    assert len(found) == 205


def test_a_result_without_objects_has_no_url(submit: Submit, poll: Poll) -> None:
    submit('{products(query:"id:1"){edges{node{id}}}}')
    done = poll()
    assert (done["status"], done["objectCount"], done["url"]) == ("COMPLETED", "0", None)


def test_only_one_runs_at_a_time(site: ShopSite, submit: Submit, poll: Poll) -> None:
    site.bulk.knobs.waits = 30
    first = submit(ORDERS)["bulkOperation"]["id"]
    code, message = refusal(submit(ORDERS))
    assert code == "OPERATION_IN_PROGRESS"
    assert first in message
    site.bulk.all[0].stop.set()
    poll()
    site.bulk.knobs.waits = 0
    assert submit(ORDERS)["userErrors"] == []


def test_since_2026_five_may_run_where_the_shop_lets_them(site: ShopSite, submit: Submit) -> None:
    site.bulk.knobs.waits, site.bulk.knobs.at_once = 30, 5
    for _ in range(5):
        assert submit(ORDERS)["userErrors"] == []
    assert refusal(submit(ORDERS))[0] == "LIMIT_REACHED"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("{shop{name}}", "at least one connection"),
        ("{products{edges{node{title variants{edges{node{id}}}}}}}", "must select the 'id' field"),
        ("{orders{edges{node{id refunds{refundLineItems{edges{node{id}}}}}}}}", "within a list"),
        ('{node(id:"gid://shopify/Order/1"){id}}', "top level `node`"),
        ("{orders{edges{node{id nope}}}}", "nope"),
        ("{orders{edges{node{id}}}", "Syntax Error"),
        ("{products{edges{node{id}}} orders{edges{node{id}}}}", "more than one top level"),
        ("mutation{bulkOperationCancel(id:1){userErrors{field}}}", "exactly one query"),
        (f"{{products{{edges{{node{{id {FIVE}}}}}}}}}", "more than 5 connections"),
        ("""{products{edges{node{id variants{edges{node{id product{variants{edges{node{id
         product{variants{edges{node{id}}}}}}}}}}}}}}}""", "nesting depth greater than 2"),
    ],
)  # fmt: skip
def test_what_bulk_cannot_do_is_a_user_error(submit: Submit, query: str, told: str) -> None:
    code, message = refusal(submit(query))
    assert code == "INVALID"
    assert told in message


def test_it_fails_half_way_with_what_it_has(site: ShopSite, submit: Submit, poll: Poll) -> None:
    site.bulk.knobs.fails_after = 30
    submit(ORDERS)
    failed = poll()
    assert (failed["status"], failed["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")
    assert (failed["url"], failed["fileSize"], failed["completedAt"]) == (None, None, None)
    assert len(lines(failed["partialDataUrl"])) == 30 == int(failed["objectCount"])
    submit(ORDERS)
    assert poll()["status"] == "COMPLETED"


def test_a_timeout_may_leave_nothing(site: ShopSite, submit: Submit, poll: Poll) -> None:
    site.bulk.knobs.fails_after, site.bulk.knobs.error_code = 10, "TIMEOUT"
    site.bulk.knobs.leaves_partial_data = False
    submit(ORDERS)
    failed = poll()
    assert (failed["errorCode"], failed["partialDataUrl"]) == ("TIMEOUT", None)


def test_a_missing_scope_fails_the_operation(site: ShopSite) -> None:
    token = site.install("restricted", READ_ALL - {"read_orders"}).token
    headers = {"X-Shopify-Access-Token": token}
    body = {"query": RUN, "variables": {"query": ORDERS, "grouped": False}}
    requests.post(site.graphql, json=body, headers=headers, timeout=5)
    site.bulk.join()
    [operation] = site.bulk.all
    assert (operation.status, operation.error_code) == ("FAILED", "ACCESS_DENIED")


def test_an_operation_can_be_cancelled(
    site: ShopSite, submit: Submit, poll: Poll, data: Ask
) -> None:
    site.bulk.knobs.pace = 30
    for _ in range(90):
        site.desk.add_product()
    started = submit("{products{edges{node{id}}}}")["bulkOperation"]["id"]
    cancel = (
        "mutation($id:ID!){bulkOperationCancel(id:$id){bulkOperation{status} userErrors{field}}}"
    )
    cancelled = data(cancel, id=started)["bulkOperationCancel"]
    assert cancelled["bulkOperation"]["status"] == "CANCELING"
    assert poll()["status"] == "CANCELED"
    again = data(cancel, id=started)["bulkOperationCancel"]
    assert again["userErrors"]


def test_a_slow_operation_shows_its_progress(site: ShopSite, submit: Submit, data: Ask) -> None:
    site.bulk.knobs.pace = 30
    for _ in range(90):
        site.desk.add_product()
    started = submit("{products{edges{node{id}}}}")["bulkOperation"]["id"]
    query = f"query($id:ID!){{bulkOperation(id:$id){{{STATE}}}}}"
    deadline = time.monotonic() + 10
    seen = data(query, id=started)["bulkOperation"]
    while seen["objectCount"] == "0" and time.monotonic() < deadline:
        time.sleep(0.01)
        seen = data(query, id=started)["bulkOperation"]
    assert (seen["status"], seen["objectCount"], seen["url"]) == ("RUNNING", "100", None)


def test_operations_are_found_by_id_and_as_a_list(submit: Submit, poll: Poll, data: Ask) -> None:
    first = submit(ORDERS)["bulkOperation"]["id"]
    poll()
    second = submit(PRODUCTS)["bulkOperation"]["id"]
    poll()
    node = "query($id:ID!){node(id:$id){id ...on BulkOperation{status query}}}"
    assert data(node, id=first)["node"] == {"id": first, "status": "COMPLETED", "query": ORDERS}
    page = data("{bulkOperations(first:5){nodes{id}}}")["bulkOperations"]["nodes"]
    assert [operation["id"] for operation in page] == [second, first]


def test_a_url_expires_by_the_shops_clock(
    site: ShopSite, clock: Clock, submit: Submit, poll: Poll
) -> None:
    site.bulk.knobs.url_lasts = timedelta(hours=1)
    submit(ORDERS)
    url = poll()["url"]
    clock.forward(minutes=59)
    assert requests.get(url, timeout=5).ok
    clock.forward(minutes=1)
    expired = requests.get(url, timeout=5)
    assert (expired.status_code, "ExpiredToken" in expired.text) == (400, True)
    seen = poll()
    assert (seen["status"], seen["url"]) == ("EXPIRED", None)


def test_a_url_needs_its_signature(submit: Submit, poll: Poll) -> None:
    submit(ORDERS)
    url = poll()["url"]
    assert requests.get(url.partition("?")[0], timeout=5).status_code == 400


def test_a_download_may_be_cut_off(site: ShopSite, submit: Submit, poll: Poll) -> None:
    submit(ORDERS)
    url = poll()["url"]
    site.faults.add(Fault(faults.truncated(), path="/bulk/"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        lines(url)
    assert lines(url)


def test_an_operation_shows_the_shop_as_it_is_read(
    site: ShopSite, clock: Clock, submit: Submit, poll: Poll
) -> None:
    clock.forward(hours=1)
    site.desk.edit_product(product_id(3), title="Depois")
    submit(PRODUCTS)
    titles = {line["id"]: line.get("title") for line in lines(poll()["url"])}
    assert titles[gid("Product", product_id(3))] == "Depois"
