"""A record on its way from a source to a row."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Payload = Mapping[str, Any]
"""A record as the source sent it."""

Scalar = str | int | bool | datetime | None
"""What a column holds. JSON columns hold their canonical text."""

HASH_BYTES = 16

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to a record of another stream, such as a post's category."""

    kind: str
    key: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the CMS keeps it.

    Attributes:
        key: the record's id at the source.
        modified_at: when the source last changed it, None where the source does not say.
        values: a value for each column of the stream's table, in the table's order.
        links: references to other records, sorted, without repetition.
        repaired: values that had to be mended on the way in.
    """

    key: int
    modified_at: datetime | None
    values: tuple[Scalar, ...]
    links: tuple[Link, ...] = ()
    repaired: int = 0

    def content_hash(self) -> bytes:
        """Sixteen bytes that differ whenever anything that is stored differs."""
        parts = [_hashed(self.modified_at)]
        parts += map(_hashed, self.values)
        parts += [_hashed(f"{link.kind}:{link.key}") for link in self.links]
        return hashlib.blake2b(b"".join(parts), digest_size=HASH_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be kept, on its way to the dead letters.

    Attributes:
        key: the record's id at the source, None where it has none that can be read.
        payload: what the source sent, as far as it is known.
        cause: one sentence that says why.
    """

    key: int | None
    payload: Payload
    cause: str


def _hashed(value: Scalar) -> bytes:
    """A value with its length, so that no two lists of values read alike."""
    if isinstance(value, str):
        data = value.encode()
        return b"s%d:%b" % (len(data), data)
    if isinstance(value, datetime):
        return b"t%b;" % value.isoformat().encode()
    return b"%b;" % repr(value).encode()


def canonical_json(value: object) -> str:
    """JSON text that is the same for equal values, whatever order their keys came in."""
    return _CANONICAL.encode(value)
