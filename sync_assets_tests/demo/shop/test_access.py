"""Tokens and what they open."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.apps import READ_ALL, App
from sync_assets.demo.shop.data.numbering import gid, order_id
from sync_assets_tests.demo.shop.conftest import Clock


def post(site: ShopSite, token: str, query: str = "{shop{name}}") -> requests.Response:
    headers = {"X-Shopify-Access-Token": token}
    return requests.post(site.graphql, json={"query": query}, headers=headers, timeout=5)


def grant(site: ShopSite, app: App, **other: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    } | other
    return requests.post(f"{site.url}/admin/oauth/access_token", data=form, timeout=5)


def restricted(site: ShopSite, *without: str) -> str:
    return site.install("restricted", READ_ALL - set(without)).token


def test_a_stranger_is_told_off_in_shopifys_words(site: ShopSite) -> None:
    answer = post(site, "shpat_wrong")
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")


def test_a_granted_token_lasts_a_day(site: ShopSite, clock: Clock) -> None:
    answer = grant(site, site.app).json()
    assert answer["expires_in"] == 86_399
    assert set(answer["scope"].split(",")) == READ_ALL
    assert post(site, answer["access_token"]).ok
    clock.forward(hours=23, minutes=59)
    assert post(site, answer["access_token"]).ok
    clock.forward(minutes=1)
    assert post(site, answer["access_token"]).status_code == 401
    assert post(site, site.token).ok


def test_every_grant_is_a_token_of_its_own_and_of_the_same_app(site: ShopSite) -> None:
    one, two = (grant(site, site.app).json()["access_token"] for _ in range(2))
    assert one != two
    for token in (one, two):
        post(site, token)
    assert {entry.app for entry in site.ledger.entries} == {"sync"}


def test_credentials_may_come_as_json(site: ShopSite) -> None:
    body = {
        "grant_type": "client_credentials",
        "client_id": site.app.client_id,
        "client_secret": site.app.client_secret,
    }
    answer = requests.post(f"{site.url}/admin/oauth/access_token", json=body, timeout=5)
    assert answer.json()["access_token"].startswith("shpat_")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "x"}, "application_cannot_be_found"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_token(site: ShopSite, wrong: dict[str, str], error: str) -> None:
    answer = grant(site, site.app, **wrong)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_token_can_be_ended_in_the_middle(site: ShopSite) -> None:
    site.apps.end(site.token)
    assert post(site, site.token).status_code == 401
    assert post(site, grant(site, site.app).json()["access_token"]).ok


@pytest.mark.parametrize(
    ("without", "query", "field", "words"),
    [
        ("read_products", "{products(first:1){nodes{id}}}", "products",
         '"read_products" access scope'),
        ("read_orders", "{orders(first:1){nodes{id}}}", "orders", '"read_orders" access scope'),
        ("read_inventory", "{inventoryItems(first:1){nodes{inventoryLevels(first:1){nodes{id}}}}}",
         "inventoryLevels", '"read_inventory" access scope'),
        ("read_locations", "{locations(first:1){nodes{name}}}", "name",
         '"read_locations" access scope'),
    ],
)  # fmt: skip
def test_a_missing_scope_is_named(
    site: ShopSite, without: str, query: str, field: str, words: str
) -> None:
    answer = post(site, restricted(site, without), query)
    assert answer.status_code == 200
    [error] = answer.json()["errors"]
    assert error["message"].startswith(f"Access denied for {field} field. Required access: {words}")
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["path"][0] in query
    assert answer.json()["data"] is None


def test_a_node_needs_the_scope_of_its_type(site: ShopSite) -> None:
    query = f'{{node(id:"{gid("Order", order_id(1))}"){{id}}}}'
    answer = post(site, restricted(site, "read_orders"), query).json()
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert answer["data"] == {"node": None}


def test_a_missing_scope_takes_one_nullable_field_only(site: ShopSite) -> None:
    query = "{orders(first:1){nodes{id customer{id}}}}"
    answer = post(site, restricted(site, "read_customers"), query).json()
    assert answer["data"]["orders"]["nodes"][0]["customer"] is None
    assert answer["errors"][0]["path"] == ["orders", "nodes", 0, "customer"]


def test_old_orders_are_hidden_without_their_scope(site: ShopSite, clock: Clock) -> None:
    token = restricted(site, "read_all_orders")
    oldest = clock.now - timedelta(days=60)
    recent = {gid("Order", x.id) for x in site.shop.orders if x.created_at >= oldest}
    assert 0 < len(recent) < 40
    answer = post(site, token, "{orders(first:250){nodes{id}} ordersCount{count}}").json()["data"]
    assert {node["id"] for node in answer["orders"]["nodes"]} == recent
    assert answer["ordersCount"]["count"] == len(recent)
    old = post(site, token, f'{{order(id:"{gid("Order", order_id(0))}"){{id}}}}').json()
    assert old["data"] == {"order": None}


def test_an_app_can_ask_what_it_may(site: ShopSite) -> None:
    query = "{currentAppInstallation{accessScopes{handle}}}"
    answer: dict[str, Any] = post(site, restricted(site, "read_all_orders"), query).json()
    scopes = answer["data"]["currentAppInstallation"]["accessScopes"]
    assert {scope["handle"] for scope in scopes} == READ_ALL - {"read_all_orders"}


def test_other_versions_and_paths_are_not_found(site: ShopSite) -> None:
    headers = {"X-Shopify-Access-Token": site.token}
    url = site.graphql.replace("2026-10", "2020-01")
    assert requests.post(url, json={}, headers=headers, timeout=5).status_code == 404


def test_a_body_that_is_no_query_is_a_bad_request(site: ShopSite) -> None:
    headers = {"X-Shopify-Access-Token": site.token}
    for body in (b"{", b"[]", b"{}"):
        answer = requests.post(site.graphql, data=body, headers=headers, timeout=5)
        assert answer.status_code == 400
