"""What queries cost, and what happens to those who cannot pay."""

import threading

import pytest
import requests

from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.api.cost import linear, scaled
from sync_assets.demo.shop.budget import PLANS, Bucket, Ledger
from sync_assets.demo.shop.data.numbering import gid, product_id
from sync_assets_tests.demo.shop.conftest import Ask, codes

PUBLIC_EXAMPLE = """query getVariantsInventoryItem($id: ID!) {
  product(id: $id) { variants(first: 250) { nodes { inventoryItem { id tracked } } } } }"""
MANY = " ".join(
    f"t{n}: lineItems(first:250){{nodes{{product{{id}} variant{{id}}}}}}" for n in range(6)
)
DEAR = f"{{orders(first:250){{nodes{{id {MANY}}}}}}}"


def cost(answer: dict[str, dict[str, dict[str, int]]]) -> tuple[int, int]:
    told = answer["extensions"]["cost"]
    return told["requestedQueryCost"], told["actualQueryCost"]


def test_the_public_example_costs_what_shopify_said(ask: Ask) -> None:
    missing = gid("Product", product_id(10_000))
    assert cost(ask(PUBLIC_EXAMPLE, id=missing)) == (25, 1)


@pytest.mark.parametrize(
    ("query", "requested"),
    [
        ("{shop{name currencyCode}}", 1),
        ("{products(first:10){nodes{id title} pageInfo{hasNextPage}}}", 2 + 4),
        ("{products(first:10){edges{cursor node{id title}}}}", 2 + 4),
        ("{a:shop{name} b:shop{name}}", 2),
        ("query($n:Int=50){orders(first:$n){nodes{id}}}", 2 + 7),
        ("{orders(first:50){nodes{lineItems(first:50){nodes{id}}}}}", 2 + 7 * (1 + 2 + 7)),
        ("{orders(first:1){nodes{currentTotalPriceSet{shopMoney{amount}}}}}", 2 + 2),
        ("query{...F} fragment F on QueryRoot{shop{name}}", 1),
        ("{shop{name} ...on QueryRoot{shop{email}}}", 1),
    ],
)
def test_objects_cost_one_scalars_nothing_connections_by_size(
    ask: Ask, query: str, requested: int
) -> None:
    assert cost(ask(query))[0] == requested


def test_a_mutation_costs_ten_whatever_it_returns(ask: Ask) -> None:
    answer = ask(
        'mutation{bulkOperationCancel(id:"gid://shopify/BulkOperation/1"){userErrors{message}}}'
    )
    assert cost(answer) == (10, 10)


def test_what_did_not_come_back_is_given_back(site: ShopSite, ask: Ask) -> None:
    requested, actual = cost(ask('{products(first:250, query:"id:1"){nodes{id}}}'))
    assert (requested, actual) == (2 + 11, 2)
    assert site.app.bucket.available > site.app.bucket.maximum - requested


def test_the_dearest_of_several_types_counts(ask: Ask) -> None:
    query = """query($id:ID!){node(id:$id){...on Product{variants(first:10){nodes{id}}}
      ...on Order{id}}}"""
    assert cost(ask(query, id=gid("Product", product_id(1))))[0] == 1 + 2 + 4


def test_sizes_are_scaled_by_their_logarithm_or_not() -> None:
    assert [scaled(size) for size in (0, 1, 10, 50, 250)] == [0, 1, 4, 7, 11]
    assert linear(250) == 250


def test_more_than_a_thousand_points_are_refused_without_data(site: ShopSite, ask: Ask) -> None:
    site.scale = linear
    before = site.app.bucket.available
    answer = ask("{orders(first:50){nodes{lineItems(first:50){nodes{id}}}}}")
    assert codes(answer) == ["MAX_COST_EXCEEDED"]
    assert answer["errors"][0]["extensions"]["cost"] == 2 + 50 * (1 + 2 + 50)
    assert "data" not in answer
    assert site.app.bucket.available >= before
    assert [entry.outcome for entry in site.ledger.entries] == ["too dear"]


def test_even_the_scaled_cost_may_exceed_a_thousand(ask: Ask) -> None:
    assert codes(ask(DEAR)) == ["MAX_COST_EXCEEDED"]


def test_an_empty_budget_throttles_under_status_200(site: ShopSite, ask: Ask) -> None:
    site.app.bucket.drain(left=3)
    answer = ask("{products(first:250){nodes{id}}}")
    assert codes(answer) == ["THROTTLED"]
    assert answer["errors"][0]["message"] == "Throttled"
    assert "data" not in answer
    told = answer["extensions"]["cost"]
    assert (told["requestedQueryCost"], told["actualQueryCost"]) == (13, None)
    assert told["throttleStatus"]["currentlyAvailable"] < 13
    assert len(site.ledger.throttled) == 1


def test_every_plan_restores_at_its_rate() -> None:
    for rate in PLANS.values():
        now = [0.0]
        bucket = Bucket("app", rate, Ledger(), lambda now=now: now[0])
        bucket.drain()
        now[0] += 2
        assert bucket.available == 2 * rate
        now[0] += 3600
        assert bucket.available == bucket.maximum == 20 * rate
        assert bucket.status()["restoreRate"] == rate


def test_a_reservation_holds_until_it_is_settled() -> None:
    ledger = Ledger()
    bucket = Bucket("app", 100, ledger, lambda: 0.0)
    before = bucket.reserve("one", 900)
    assert before == 2000
    assert bucket.reserve("two", 1200) is None
    bucket.settle("one", 900, 100, 2000)
    assert bucket.reserve("two", 1200) == 1900
    assert [(x.operation, x.outcome) for x in ledger.entries] == [
        ("two", "throttled"),
        ("one", "done"),
    ]
    assert (ledger.spent, ledger.most_in(60)) == (100, 100)


def test_apps_do_not_share_a_budget(site: ShopSite, ask: Ask) -> None:
    other = site.install("another")
    other.bucket.drain()
    query = "{products(first:250){nodes{variants(first:250){nodes{id}}}}}"
    assert "errors" not in ask(query)
    headers = {"X-Shopify-Access-Token": other.token}
    answer = requests.post(site.graphql, json={"query": query}, headers=headers, timeout=5)
    assert codes(answer.json()) == ["THROTTLED"]
    assert [entry.app for entry in site.ledger.throttled] == ["another"]


def test_many_at_once_never_take_more_than_there_is(site: ShopSite, ask: Ask) -> None:
    query = "{orders(first:50){nodes{lineItems(first:50){nodes{id}}}}}"
    site.app.bucket.drain(left=300)
    threads = [threading.Thread(target=ask, args=(query,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [entry for entry in site.ledger.entries if entry.outcome == "done"]
    assert len(done) + len(site.ledger.throttled) == 8
    assert site.ledger.throttled
    assert all(entry.before >= entry.requested for entry in done)


def test_the_ledger_knows_the_dearest_stretch_of_time() -> None:
    now = [0.0]
    ledger = Ledger()
    bucket = Bucket("app", 100, ledger, lambda: now[0])
    for at, actual in ((0, 10), (5, 20), (9, 30), (30, 40)):
        now[0] = at
        bucket.settle("query", actual, actual, bucket.reserve("query", actual) or 0)
    assert [ledger.most_in(seconds) for seconds in (0, 5, 9, 60)] == [40, 50, 60, 100]
