"""A webhook of Shopify's, from its bytes to what it says."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

from sync_assets.core.records import Payload

SIGNATURE = "X-Shopify-Hmac-SHA256"
IDENTITY = "X-Shopify-Webhook-Id"
TOPIC = "X-Shopify-Topic"


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Was this body signed with the app's secret? Compared in a time that says nothing."""
    wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, signature.encode())


def said(headers: Mapping[str, str], body: bytes) -> Payload | None:
    """What a signed webhook says, for `to_hint`; None where it is no JSON object."""
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    names = ("id", "order_id", "inventory_item_id")
    found: dict[str, Any] = {name: told[name] for name in names if name in told}
    return {**found, "topic": headers.get(TOPIC, "")}
