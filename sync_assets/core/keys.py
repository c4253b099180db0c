"""API keys: what they may do, how they look, and what is kept of them."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_TEXT = re.compile(r"sa_([a-z2-7]{16})_([A-Za-z0-9_-]{43})")
_ID_BYTES, _SECRET_BYTES = 10, 32


class Scope(StrEnum):
    """What a key may do; each one includes those before it."""

    READ = "read"
    SYNC = "sync"
    ADMIN = "admin"


_ORDER = list(Scope)


def granted(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """The scopes with all that they include."""
    highest = max(map(_ORDER.index, scopes), default=-1)
    return frozenset(_ORDER[: highest + 1])


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An organization's key, without its secret, which nobody keeps.

    Attributes:
        id: the part of its text that is no secret.
        name: what it is for, as people call it.
        scopes: what it may do, what they include among it.
        expires_at: not usable from then on; None for never.
        last_used_at: to within a minute.
    """

    id: str
    organization: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """May it be used?"""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def as_dict(self) -> dict[str, object]:
        """The key for people and programs."""
        return {
            "id": self.id,
            "organization": self.organization,
            "name": self.name,
            "scopes": [scope.value for scope in _ORDER if scope in self.scopes],
            "createdAt": self.created_at.isoformat(),
            "expiresAt": self.expires_at and self.expires_at.isoformat(),
            "lastUsedAt": self.last_used_at and self.last_used_at.isoformat(),
            "revokedAt": self.revoked_at and self.revoked_at.isoformat(),
        }


def make() -> tuple[str, str]:
    """A new key's id and secret."""
    key_id = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()
    return key_id, secrets.token_urlsafe(_SECRET_BYTES)


def text_of(key_id: str, secret: str) -> str:
    """The key as it is shown once and sent with each call."""
    return f"sa_{key_id}_{secret}"


def parse(text: str) -> tuple[str, str] | None:
    """The id and secret of a key's text; None for what is no key."""
    found = _TEXT.fullmatch(text)
    return (found[1], found[2]) if found else None


def digest(secret: str) -> bytes:
    """What is kept of a secret: it has 256 random bits, so that a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
