"""JSON out of what sites really send: with a BOM, a PHP notice before it or a comment after it."""

import json
import re
from typing import Any, cast

import orjson

Kind = type[list[Any]] | type[dict[str, Any]]
"""What the caller expects the JSON to be."""

_BEGINNINGS = {list: re.compile(r"\[(?=\s*[\[{\]\"\d])"), dict: re.compile(r'\{(?=\s*["}])')}
_MOST_BEGINNINGS = 200  # a notice may show a few brackets; a page of HTML shows thousands
_AFTERWARDS = re.compile(r"\s*(?:$|<|//|/\*|-->)")


class NotJson(ValueError):
    """There is no JSON of the expected kind in this text."""


def parse_json(body: bytes, kind: Kind) -> Any:  # noqa: ANN401 - JSON
    """The JSON array or object in a body.

    Raises:
        NotJson: there is none.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _salvage(body, kind)
    return _of_kind(value, kind)


def looks_like_html(body: bytes) -> bool:
    """Is it a page for people?"""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _of_kind(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and kind is list:
        return _list_with_gaps(cast(dict[str, Any], value))
    if kind is dict and value == []:  # PHP shows an empty object as an empty list
        return {}
    if isinstance(value, kind):
        return cast(Any, value)
    raise NotJson(f"expected a JSON {kind.__name__}, found something else")


def _list_with_gaps(value: dict[str, Any]) -> list[Any]:
    """PHP shows a list that a filter took members out of as an object with numbers for names."""
    if not value or not all(map(str.isdecimal, value)):
        raise NotJson("expected a JSON list, found an object")
    return list(value.values())


def _salvage(body: bytes, kind: Kind) -> Any:  # noqa: ANN401 - JSON
    # Bytes that are no UTF-8 become lone surrogates, which are mended and counted with the record.
    text = body.decode("utf-8", "surrogateescape").lstrip("\ufeff")
    decoder = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity
    best, best_length, after = None, 0, 0
    for tried, found in enumerate(_BEGINNINGS[kind].finditer(text)):
        if tried == _MOST_BEGINNINGS:
            break
        if found.start() < after or _is_inside(text, found.start()):
            continue
        try:
            value, end = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        after = end
        if end - found.start() > best_length and _AFTERWARDS.match(text, end):
            best, best_length = value, end - found.start()
    if best is None:
        raise NotJson("there is no JSON in it")
    return best


def _is_inside(text: str, start: int) -> bool:
    """Is this a member of JSON that began before it, and which has lost its end?"""
    before = start - 1
    while before >= 0 and text[before].isspace():
        before -= 1
    return before >= 0 and text[before] in ':,[{"'
