"""A tenant's webhook: where its changes are sent, signed so that nobody else can send them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from sync_assets.core.errors import WrongWish
from sync_assets.core.retry import Backoff

SIGNATURE = "Sync-Assets-Signature"
"""The header with the time and the signature: `t=1700000000,v1=<hex>`."""

DELIVERY = "Sync-Assets-Delivery"
"""The header with the delivery's id, the same whenever the same changes are sent again."""

GIVE_UP = timedelta(days=3)
"""A webhook that has heard nothing for so long is left alone until somebody resumes it."""

BACKOFF = Backoff(attempts=1_000_000, base=15, ceiling=3600)
"""Between two tries: from 15 seconds up to an hour."""

_DELIVERIES = UUID("5d0c1a86-6cc1-4c8e-9c0e-6f7a3b1f9f10")
_LONGEST = 2_000  # characters of an address


@dataclass(frozen=True, slots=True)
class Webhook:
    """How a tenant's webhook stands.

    Attributes:
        failures: tries since the last one that was heard.
        failing_since: the first of them.
        last_error: what the last of them came to.
        given_up: it is left alone until somebody resumes it.
        waiting: whether changes wait to be sent.
        next_at: not tried before.
        delivered: changes that were heard, in all.
    """

    tenant_id: str
    url: str
    given_up: bool
    waiting: bool
    failures: int
    failing_since: datetime | None
    last_error: str | None
    next_at: datetime
    delivered: int
    delivered_at: datetime | None
    created_at: datetime

    @property
    def state(self) -> str:
        """In two words at most."""
        if self.given_up:
            return "given up"
        if self.failures:
            return "failing"
        return "behind" if self.waiting else "up to date"

    @property
    def shown_url(self) -> str:
        """Its address without what is behind the '?', which may be a token."""
        return self.url.partition("?")[0]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "tenant": self.tenant_id,
            "url": self.shown_url,
            "state": self.state,
            "failures": self.failures,
            "failingSince": self.failing_since,
            "lastError": self.last_error,
            "nextAt": self.next_at if self.failures else None,
            "delivered": self.delivered,
            "deliveredAt": self.delivered_at,
            "createdAt": self.created_at,
        }


def new_secret() -> str:
    """A secret to sign with, of 256 bits."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def signature(secret: str, body: bytes, at: int) -> str:
    """The header's value: HMAC-SHA256 with the secret over `time.body`, `at` in Unix seconds."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def delivery_id(tenant_id: str, begin: str, end: str) -> UUID:
    """The same for the same changes, and for no others; the cursors before and behind them."""
    return uuid5(_DELIVERIES, f"{tenant_id}/{begin}/{end}")


def checked_url(text: str) -> str:
    """An address to send changes to; raises `WrongWish` for what cannot be one."""
    wrong = WrongWish(
        "This is no address for a webhook. It looks like https://site.com/hooks/changes, without "
        "credentials in front of the host."
    )
    try:
        parts = urlsplit(text)
        usable = parts.port != 0 and parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError as error:
        raise wrong from error
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _LONGEST
    if not usable or not plain or "@" in parts.netloc or parts.fragment:
        raise wrong
    return text
