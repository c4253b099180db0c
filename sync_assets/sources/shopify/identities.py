"""Shopify's global ids, `gid://shopify/Product/7`, and the numbers in them."""

import re

_GID = re.compile(r"gid://shopify/([A-Za-z]+)/([1-9][0-9]{0,18})(?:\?.*)?")


def gid(kind: str, key: int) -> str:
    """The global id of a record."""
    return f"gid://shopify/{kind}/{key}"


def key_of(identity: object) -> int | None:
    """The number in a global id; None where there is none that fits 64 bits."""
    found = _GID.fullmatch(identity) if isinstance(identity, str) else None
    key = int(found[2]) if found else 0
    return key if 0 < key < 2**63 else None


def kind_of(identity: object) -> str:
    """The type in a global id; empty where there is none."""
    found = _GID.fullmatch(identity) if isinstance(identity, str) else None
    return found[1] if found else ""
