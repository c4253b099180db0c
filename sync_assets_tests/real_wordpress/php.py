"""Reads PHP's serialized values, as WordPress keeps some of its meta: `a:1:{s:5:"width";i:1;}`."""

from typing import Any


def unserialized(text: str) -> Any:
    """The value; arrays become dicts. Objects are not known here."""
    value, rest = _value(text.encode())
    if rest:
        raise ValueError(f"{rest[:20]!r} follows the value.")
    return value


def _value(data: bytes) -> tuple[Any, bytes]:
    """The first value, and what follows it."""
    kind, rest = data[:1], data[2:]
    if kind == b"N":
        return None, rest
    if kind == b"s":
        length, _, rest = rest.partition(b":")
        size = int(length)  # of bytes, between quotes
        return rest[1 : 1 + size].decode(), rest[size + 3 :]
    if kind == b"a":
        return _array(rest)
    number, _, rest = rest.partition(b";")
    return {b"i": int, b"d": float, b"b": lambda digit: digit == b"1"}[kind](number), rest


def _array(data: bytes) -> tuple[dict[Any, Any], bytes]:
    length, _, rest = data.partition(b":{")
    found: dict[Any, Any] = {}
    for _ in range(int(length)):
        key, rest = _value(rest)
        found[key], rest = _value(rest)
    return found, rest[1:]
