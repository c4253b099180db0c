"""What goes wrong between a client and the shop."""

import pytest
import requests

from sync_assets.demo import faults
from sync_assets.demo.faults import Fault
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.troubles import during, internal_error, unauthorized, unavailable_shop
from sync_assets_tests.demo.shop.conftest import Ask, codes


def test_an_internal_error_comes_under_status_200(site: ShopSite, ask: Ask) -> None:
    site.faults.add(Fault(internal_error()))
    answer = ask("{shop{name}}")
    assert codes(answer) == ["INTERNAL_SERVER_ERROR"]
    assert "data" not in answer
    assert "errors" not in ask("{shop{name}}")


def test_a_trouble_may_wait_for_one_query(site: ShopSite, ask: Ask) -> None:
    site.faults.add(during("orders(", internal_error(), times=2, after=1))
    outcomes = ["errors" in ask("{orders(first:1){nodes{id}}}") for _ in range(4)]
    assert outcomes == [False, True, True, False]
    assert "errors" not in ask("{shop{name}}")


def test_a_token_may_stop_working_in_the_middle(site: ShopSite, session: requests.Session) -> None:
    site.faults.add(during("shop", unauthorized()))
    body = {"query": "{shop{name}}"}
    answers = [session.post(site.graphql, json=body, timeout=5) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 200]


def test_a_shop_may_be_unavailable(site: ShopSite, session: requests.Session) -> None:
    site.faults.add(Fault(unavailable_shop()))
    assert session.post(site.graphql, json={"query": "{shop{name}}"}, timeout=5).status_code == 402


@pytest.mark.parametrize(
    ("trouble", "status", "is_json"),
    [
        (faults.status(502, b"<html>Bad gateway</html>"), 502, False),
        (faults.html_page(), 200, False),
    ],
)
def test_what_any_server_may_do_is_there_too(
    site: ShopSite, session: requests.Session, trouble: faults.Trouble, status: int, is_json: bool
) -> None:
    site.faults.add(Fault(trouble))
    answer = session.post(site.graphql, json={"query": "{shop{name}}"}, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"].startswith("application/json")) == (
        status,
        is_json,
    )


def test_what_a_client_sent_is_remembered(site: ShopSite, ask: Ask) -> None:
    ask("{shop{name}}")
    [request] = site.received
    assert (request.method, b"{shop{name}}" in request.body) == ("POST", True)
