"""Webhooks of a shop: signed with the app's secret, heard once, and for no one else's tenant."""

import base64
import hashlib
import hmac

import httpx
import orjson
import pytest
from fastapi import FastAPI

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.gateway.limits import BURST, GUESS_BURST
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.test_hooks import broken, hints, requests

pytestmark = pytest.mark.postgres

SECRET = "shpss_of_the_app"  # noqa: S105


class Shop:
    """What Shopify does."""

    def __init__(self, client: httpx.Client, tenant: str) -> None:
        self._client = client
        self.tenant = tenant
        self.path = f"shopify/{tenant}"

    def says(
        self,
        topic: str,
        body: object,
        *,
        identity: str = "1",
        secret: str = SECRET,
        shop: str | None = None,
    ) -> httpx.Response:
        sent = orjson.dumps(body)
        digest = hmac.new(secret.encode(), sent, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Webhook-Id": identity,
            "X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode(),
            **({} if shop is None else {"X-Shopify-Shop-Domain": shop}),
        }
        return self._client.post(f"/v1/hooks/{self.path}", content=sent, headers=headers)


@pytest.fixture
def shop(platform: Platform, client: Client) -> Shop:
    account = Credentials("token", "shpat_x")
    platform.tenants.add(Tenant("loja", "shopify", "agency", "https://a.myshopify.com", account))
    platform.hooks.keep("loja", SECRET)
    return Shop(client(""), "loja")


@pytest.mark.parametrize(
    ("topic", "body", "where"),
    [
        ("products/update", {"id": 7, "title": "x"}, ("products", "products", 7)),
        ("products/delete", {"id": 7}, ("products", "products", 7)),
        ("orders/create", {"id": 8}, ("orders", "orders", 8)),
        ("refunds/create", {"id": 9, "order_id": 8}, ("orders", "orders", 8)),
        (
            "inventory_levels/update",
            {"inventory_item_id": 5, "location_id": 3, "available": 1},
            ("inventory", "inventory", 5),
        ),
    ],
)
def test_a_webhook_hints_at_the_record_it_tells_of(
    platform: Platform, shop: Shop, topic: str, body: object, where: tuple[str, str, int]
):
    answer = shop.says(topic, body)
    assert (answer.status_code, answer.json()) == (202, {"hints": 1, "dropped": 0})
    assert hints(platform, "loja") == {where}
    [request] = requests(platform)
    assert request.options["hinted"] is True


def test_a_webhook_that_comes_again_does_nothing(platform: Platform, shop: Shop):
    shop.says("orders/updated", {"id": 8}, identity="a")
    assert shop.says("orders/updated", {"id": 9}, identity="a").json()["hints"] == 0
    assert hints(platform, "loja") == {("orders", "orders", 8)}


@pytest.mark.parametrize("table", ["hints", "requests"])
def test_a_webhook_that_could_not_be_kept_is_kept_when_it_comes_again(
    platform: Platform, shop: Shop, table: str
):
    with broken(platform, table):
        assert shop.says("orders/updated", {"id": 8}, identity="a").status_code == 500
    assert (hints(platform, "loja"), requests(platform)) == (set(), [])
    again = shop.says("orders/updated", {"id": 8}, identity="a")
    assert (again.status_code, again.json()["hints"]) == (202, 1)
    assert hints(platform, "loja") == {("orders", "orders", 8)}
    assert len(requests(platform)) == 1


def test_what_is_not_synced_is_dropped(platform: Platform, shop: Shop):
    for number, (topic, body) in enumerate(
        [("themes/publish", {"id": 7}), ("products/update", {"id": "7"}), ("", {"id": 7})]
    ):
        answer = shop.says(topic, body, identity=str(number))
        assert answer.json() == {"hints": 0, "dropped": 1}
    assert hints(platform, "loja") == set()


def test_another_signature_or_tenant_is_not_there(
    platform: Platform, shop: Shop, ours: Organization
):
    assert shop.says("orders/create", {"id": 8}, secret="other").status_code == 404  # noqa: S106
    platform.hooks.keep(ours.tenant, SECRET)
    for path in ("shopify/nobody", f"shopify/{ours.tenant}", f"other/{shop.tenant}"):
        shop.path = path
        assert shop.says("orders/create", {"id": 8}).status_code == 404


def test_a_body_that_is_no_object_is_refused(shop: Shop):
    assert shop.says("orders/create", [8]).status_code == 422


def test_a_shop_of_the_same_app_is_not_taken_for_the_tenant(platform: Platform, shop: Shop):
    wrong = shop.says("orders/create", {"id": 8}, secret="other")  # noqa: S106
    another = shop.says("orders/create", {"id": 8}, shop="b.myshopify.com")
    assert (another.status_code, another.text) == (404, wrong.text)
    assert hints(platform, "loja") == set()
    assert shop.says("orders/create", {"id": 8}, shop="A.myshopify.com").status_code == 202


def test_a_shop_that_sends_a_burst_is_heard(platform: Platform, shop: Shop):
    numbers = range(1, 2 * BURST)
    answers = [shop.says("orders/updated", {"id": n}, identity=str(n)) for n in numbers]
    assert {answer.status_code for answer in answers} == {202}
    assert len(hints(platform, "loja")) == len(numbers)


def test_a_shop_that_sends_without_end_waits_and_others_do_not(
    app: FastAPI, platform: Platform, shop: Shop
):
    app.state.knocks._proven._burst, app.state.knocks._proven._rate = 3.0, 0.01
    platform.tenants.add(Tenant("outra", "shopify", "agency", "https://b.myshopify.com"))
    platform.hooks.keep("outra", SECRET)
    answers = [shop.says("orders/updated", {"id": 8}, identity=str(n)) for n in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    shop.path = "shopify/outra"
    assert shop.says("orders/updated", {"id": 8}, identity="x").status_code == 202


def test_a_large_order_is_heard_and_a_larger_body_is_not(shop: Shop):
    assert shop.says("orders/updated", {"id": 8, "note": "x" * 4_000_000}).status_code == 202
    answer = shop.says("orders/updated", {"id": 8, "note": "x" * 4_194_304})
    assert answer.status_code == 413
    shop.path = "wordpress/loja"
    assert shop.says("orders/updated", {"id": 8, "note": "x" * 1_100_000}).status_code == 413


@pytest.mark.parametrize("path", ["shopify/loja", "shopify/nobody", "shopify/ours-site"])
@pytest.mark.usefixtures("ours", "still")
def test_who_guesses_is_held_up_whatever_there_is(shop: Shop, path: str):
    shop.path = path
    answers = [guess(shop) for _ in range(GUESS_BURST + 3)]
    assert [answer.status_code for answer in answers] == [404] * GUESS_BURST + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("still")
def test_who_guesses_is_held_up_before_anything_is_looked_at(
    platform: Platform, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    looked = list[str]()
    monkeypatch.setattr(type(platform.hooks), "get", lambda _, tenant: looked.append(tenant))
    for _ in range(GUESS_BURST + 30):
        guess(shop)
    assert len(looked) == GUESS_BURST


@pytest.mark.usefixtures("still")
def test_who_guesses_for_one_tenant_holds_no_other_up(platform: Platform, shop: Shop):
    for _ in range(GUESS_BURST + 3):
        guess(shop)
    platform.tenants.add(Tenant("outra", "shopify", "agency", "https://b.myshopify.com"))
    platform.hooks.keep("outra", SECRET)
    shop.path = "shopify/outra"
    assert shop.says("orders/updated", {"id": 8}).status_code == 202


@pytest.mark.usefixtures("still")
def test_good_signatures_are_no_guesses(shop: Shop):
    for number in range(GUESS_BURST + 3):
        shop.says("orders/updated", {"id": 8}, identity=str(number))
    assert {guess(shop).status_code for _ in range(GUESS_BURST)} == {404}


def guess(shop: Shop) -> httpx.Response:
    return shop.says("orders/updated", {"id": 8}, secret="wrong")  # noqa: S106
