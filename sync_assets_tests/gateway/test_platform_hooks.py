"""Webhooks of a shop: signed with the app's secret, heard once, and for no one else's tenant."""

import base64
import hashlib
import hmac

import httpx
import orjson
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.test_hooks import hints, requests

pytestmark = pytest.mark.postgres

SECRET = "shpss_of_the_app"  # noqa: S105


class Shop:
    """What Shopify does."""

    def __init__(self, client: httpx.Client, tenant: str) -> None:
        self._client = client
        self.tenant = tenant
        self.path = f"shopify/{tenant}"

    def says(
        self, topic: str, body: object, *, identity: str = "1", secret: str = SECRET
    ) -> httpx.Response:
        sent = orjson.dumps(body)
        digest = hmac.new(secret.encode(), sent, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Webhook-Id": identity,
            "X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode(),
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
