"""A record on its way from a source to a row."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

Payload = Mapping[str, Any]
"""A record as the source sent it."""

Scalar = str | int | bool | datetime | Decimal | None
"""What a column holds. JSON columns hold their canonical text."""

HASH_BYTES = 16

_HASHED_AT_ONCE = 2047
"""Bytes. For more, hashlib lets go of the interpreter and takes it again: with each record it would
wake up the threads that fetch, in vain, which costs a tenth of a first load."""

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Link(NamedTuple):
    """A reference to a record of another stream, such as a post's category."""

    kind: str
    key: int


class Child(NamedTuple):
    """A part of a record that has a row of its own, such as an order's line.

    Attributes:
        key: its id, unique within the record.
        values: a value for each column of the child table, in its order.
    """

    key: int
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the CMS keeps it.

    Attributes:
        key: the record's id at the source.
        modified_at: when the source last changed it, None where the source does not say.
        values: a value for each column of the stream's table, in the table's order.
        links: references to other records, sorted, without repetition.
        repaired: values that had to be mended on the way in.
        children: for each of the table's child tables the rows, sorted by key, each key once.
    """

    key: int
    modified_at: datetime | None
    values: tuple[Scalar, ...]
    links: tuple[Link, ...] = ()
    repaired: int = 0
    children: tuple[tuple[Child, ...], ...] = ()

    def content_hash(self) -> bytes:
        """Sixteen bytes that differ whenever anything that is stored differs.

        Texts hold no NUL (see `core.repair`), so it separates the values; a word of `t`s and
        `o`s in front says which of them are texts.
        """
        values = [self.modified_at, *self.values]
        values += [f"{link.kind}:{link.key}" for link in self.links]
        for place, rows in enumerate(self.children):
            for child in rows:
                values += [place, child.key, *child.values]
        kinds = "".join(["t" if isinstance(value, str) else "o" for value in values])
        text = "\x00".join([kinds, *map(_shown, values)])
        return _digest(text.encode())


class Rejected(NamedTuple):
    """A record that could not be kept, on its way to the dead letters.

    Attributes:
        key: the record's id at the source, None where it has none that can be read.
        payload: what the source sent, as far as it is known.
        cause: one sentence that says why.
    """

    key: int | None
    payload: Payload
    cause: str


def _digest(data: bytes) -> bytes:
    view, hashing = memoryview(data), hashlib.sha256()
    for start in range(0, len(data), _HASHED_AT_ONCE):
        hashing.update(view[start : start + _HASHED_AT_ONCE])
    return hashing.digest()[:HASH_BYTES]


def _shown(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def canonical_json(value: object) -> str:
    """JSON text that is the same for equal values, whatever order their keys came in."""
    return _CANONICAL.encode(value)
