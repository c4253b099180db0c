"""A webhook of Shopify's, from its bytes to what it says."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, cast

import orjson

from sync_assets.core.hints import Message
from sync_assets.core.records import Payload

SIGNATURE = "X-Shopify-Hmac-SHA256"
IDENTITY = "X-Shopify-Webhook-Id"
TOPIC = "X-Shopify-Topic"
SHOP = "X-Shopify-Shop-Domain"
"""The host of the shop; like all headers it is not signed."""

_KEYS = ("id", "order_id", "inventory_item_id")


def door(secret: str, headers: Mapping[str, str], body: bytes) -> Message | None:
    """What a webhook says that was signed with the app's secret; None for any other."""
    signature = headers.get(SIGNATURE, "")
    if not _is_signed(secret, body, signature):
        return None
    identity = headers.get(IDENTITY, "") or signature
    return Message(identity, _said(headers.get(TOPIC, ""), body), headers.get(SHOP, "").strip())


def _is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Was this body signed with the secret? Compared in a time that says nothing."""
    wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, signature.encode())


def _said(topic: str, body: bytes) -> Payload | None:
    """The ids in a webhook, with its topic, for `to_hint`; None where it is no JSON object."""
    try:
        told: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    fields = cast("dict[str, Any]", told)
    return {**{name: fields[name] for name in _KEYS if name in fields}, "topic": topic}
