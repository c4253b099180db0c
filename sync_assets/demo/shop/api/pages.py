"""Cursor pages: a connection's arguments in, its nodes and cursors out."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import orjson

MOST = 250

Key = TypeVar("Key", int, tuple[int, int])


class PageError(Exception):
    """The arguments of a connection make no page."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of records with the cursor of each."""

    typename: ClassVar[str] = "Connection"
    nodes: Sequence[Any]
    cursors: Sequence[str]
    has_next: bool = False
    has_previous: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """`first: 50, after: "…"` or `last: 50, before: "…"`; `size` None means all there is."""

    size: int | None
    cursor: str | None
    backwards: bool = False
    reverse: bool = False

    @classmethod
    def of(cls, arguments: dict[str, Any], *, unlimited: bool = False) -> "Wanted":
        """The page that a field's arguments ask for; a bulk query gets everything, `first` or not.

        Raises:
            PageError: neither `first` nor `last`, or more than 250.
        """
        backwards = arguments.get("first") is None and arguments.get("last") is not None
        size = None if unlimited else arguments.get("last" if backwards else "first")
        if size is None and not unlimited:
            raise PageError("you must provide one of first or last")
        if size is not None and not 0 <= size <= MOST:
            name = "last" if backwards else "first"
            raise PageError(f"Argument '{name}' must be between 0 and {MOST}, not {size}")
        cursor = arguments.get("before" if backwards else "after")
        return cls(size, cursor, backwards, bool(arguments.get("reverse")))


def paged(
    keys: Sequence[Key],
    wanted: Wanted,
    load: Callable[[Key], Any],
    keep: Callable[[Key], bool] = lambda _key: True,
) -> Connection:
    """The page of what these sorted keys stand for.

    Raises:
        PageError: the cursor belongs to another order.
    """
    return taken_from(_walk(keys, wanted), wanted, load, keep)


def taken_from(
    walk: Iterable[Key],
    wanted: Wanted,
    load: Callable[[Key], Any],
    keep: Callable[[Key], bool] = lambda _key: True,
) -> Connection:
    """The page of what comes first in a walk that begins behind the cursor."""
    taken: list[Key] = []
    more = False
    for key in walk:
        if not keep(key):
            continue
        if wanted.size is not None and len(taken) == wanted.size:
            more = True
            break
        taken.append(key)
    if wanted.backwards:
        taken.reverse()
    behind = wanted.cursor is not None
    return Connection(
        nodes=[load(key) for key in taken],
        cursors=[_cursor(key) for key in taken],
        has_next=behind if wanted.backwards else more,
        has_previous=more if wanted.backwards else behind,
    )


def listed(records: Sequence[Any], wanted: Wanted, keys: Sequence[int] | None = None) -> Connection:
    """The page of a parent's children, in the order of their keys (their ids, usually)."""
    keyed = {record.id: record for record in records} if keys is None else {}
    if keys is not None:
        keyed = dict(zip(keys, records, strict=True))
    return paged(sorted(keyed), wanted, keyed.__getitem__)


def _walk(keys: Sequence[Key], wanted: Wanted) -> Iterator[Key]:
    cursor = None if wanted.cursor is None or not keys else key_of(wanted.cursor, keys[0])
    if wanted.reverse != wanted.backwards:
        stop = len(keys) if cursor is None else bisect_left(keys, cursor)
        return (keys[place] for place in range(stop - 1, -1, -1))
    start = 0 if cursor is None else bisect_right(keys, cursor)
    return (keys[place] for place in range(start, len(keys)))


def _cursor(key: Key) -> str:
    last = {"last_id": key, "last_value": key} if isinstance(key, int) else {
        "last_id": key[1], "last_value": key[0]
    }  # fmt: skip
    return base64.b64encode(orjson.dumps(last)).decode()


def key_of(cursor: str, like: Key) -> Key:
    """The key in a cursor, which must be of this kind.

    Raises:
        PageError: it is not.
    """
    try:
        last = orjson.loads(base64.b64decode(cursor, validate=True))
        value, identity = int(last["last_value"]), int(last["last_id"])
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise PageError("Invalid cursor for current pagination sort.") from error
    if isinstance(like, int):
        if value != identity:
            raise PageError("Invalid cursor for current pagination sort.")
        return identity
    return value, identity
