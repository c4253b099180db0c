"""A column of a page as one parameter: a binary array, which PostgreSQL reads as it stands.

A page of arrays costs the server a quarter less than COPY into a temporary table and on from there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

HEAD = Struct("!iiIii").pack  # dimensions, are there nulls, type, members, the first one's index
_SIZE = Struct("!i").pack
_NULL = _SIZE(-1)
_LONG = Struct("!q").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ENCODERS: Mapping[str, Callable[[Any], bytes]] = {
    "bigint": _LONG,
    "boolean": Struct("!?").pack,
    "bytea": bytes,
    "text": str.encode,
    "timestamptz": lambda moment: _LONG((moment - _EPOCH) // _MICROSECOND),
}


@dataclass(frozen=True, slots=True)
class Array:
    """An array as it goes over the wire; the statement casts it to its type."""

    data: bytes


def array(kind: str, values: Iterable[object]) -> Array:
    """An array of a type that columns have; None is null."""
    encode, members = _ENCODERS[kind], list(values)
    parts = [HEAD(1, 1, psycopg.adapters.types[kind].oid, len(members), 1)]
    for member in members:
        if member is None:
            parts.append(_NULL)
        else:
            data = encode(member)
            parts += (_SIZE(len(data)), data)
    return Array(b"".join(parts))


def teach(connection: psycopg.Connection[Any], _: object = None) -> None:
    """Let a new connection take arrays as parameters; SQLAlchemy hands over its record, too."""
    connection.adapters.register_dumper(Array, _ArrayDumper)


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data
