"""Shopify's search syntax, as far as a sync needs it, with the traps that it has.

- A time that is not in quotes loses its time of day: the colons end the value.
- A comparator with nothing behind it is an error.
- A field that cannot be searched is a warning beside the answer, and does not filter.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sync_assets.demo.shop.data.table import Head

Load = Callable[[], Any]
Match = Callable[[Head, Load], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\() | (?P<close>\)) | (?P<minus>-)(?=\S)
    | (?P<field>[A-Za-z_][\w.]*):(?P<sign>>=|<=|>|<|)
      (?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s()]*))
    | (?P<word>"[^"]*"|'[^']*'|[^\s()]+))""",
    re.VERBOSE,
)


class SearchError(Exception):
    """The query cannot be understood."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be searched: how its value is read, and what of a record it means.

    A "time" or "number" is compared; a "list" matches any of `a,b`; "text" must be equal; case
    never matters.
    """

    kind: str
    of: Callable[[Head, Load], Any]


@dataclass(slots=True)
class Search:
    """A query that was understood: what matches, and what the answer should warn of.

    `updated_from`: nothing older matches, in seconds since 1970.
    """

    match: Match = lambda _head, _load: True
    updated_from: float = float("-inf")
    unknown: list[str] = field(default_factory=list[str])


BASIC: dict[str, Field] = {
    "created_at": Field("time", lambda head, _: head.created),
    "updated_at": Field("time", lambda head, _: head.updated),
    "id": Field("number", lambda head, _: head.id),
}


def understand(
    query: str | None, fields: Mapping[str, Field], now: datetime, zone: ZoneInfo
) -> Search:
    """The filter that a `query:` argument means.

    Raises:
        SearchError: it is no query.
    """
    if not query or not query.strip():
        return Search()
    return _Reader(query, fields, now, zone).read()


class _Reader:
    """Reads one query from left to right."""

    def __init__(
        self, query: str, fields: Mapping[str, Field], now: datetime, zone: ZoneInfo
    ) -> None:
        self._tokens = _tokens(query)
        self._at = 0
        self._depth = 0
        self._fields, self._now, self._zone = fields, now, zone
        self._search = Search()
        self._either = False

    def read(self) -> Search:
        self._search.match = self._any()
        if self._at < len(self._tokens):
            raise SearchError("Unbalanced parentheses in the search query")
        if self._either:
            self._search.updated_from = float("-inf")
        return self._search

    def _any(self) -> Match:
        parts = [self._all()]
        while self._word("OR"):
            self._either = True
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda head, load: any(p(head, load) for p in parts)

    def _all(self) -> Match:
        parts = [self._one()]
        while self._at < len(self._tokens) and not self._ahead("OR"):
            if self._tokens[self._at]["close"]:
                break
            self._word("AND")
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda head, load: all(p(head, load) for p in parts)

    def _one(self) -> Match:
        if self._at >= len(self._tokens):
            raise SearchError("The search query ends too early")
        token = self._tokens[self._at]
        self._at += 1
        if token["minus"] or token["word"] == "NOT":
            self._either = True  # what is excluded sets no lower bound
            inner = self._one()
            return lambda head, load: not inner(head, load)
        if token["open"]:
            return self._group()
        return self._text(token["word"]) if token["word"] else self._term(token)

    def _group(self) -> Match:
        inner = self._any()
        if self._at >= len(self._tokens) or not self._tokens[self._at]["close"]:
            raise SearchError("Unbalanced parentheses in the search query")
        self._at += 1
        return inner

    def _term(self, token: re.Match[str]) -> Match:
        name, sign = token["field"], token["sign"]
        quoted = token["single"] if token["single"] is not None else token["double"]
        value = token["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        known = self._fields.get(name)
        if known is None:
            self._search.unknown.append(name)
            return lambda _head, _load: True
        if not value:
            raise SearchError(f"Invalid search query: '{name}:{sign}' has no value")
        if known.kind == "time":
            return self._time(name, known, sign, value if quoted is not None else value[:10])
        if known.kind == "number":
            return _compared(known, sign, _number(value))
        return _listed(known, value)

    def _time(self, name: str, known: Field, sign: str, text: str) -> Match:
        moment = _moment(text, self._now, self._zone).timestamp()
        if name == "updated_at" and sign in {">", ">="}:
            self._search.updated_from = max(self._search.updated_from, moment)
        return _compared(known, sign, moment)

    def _text(self, word: str) -> Match:
        wanted = word.strip("'\"").lower()
        return lambda _head, load: wanted in _words_of(load()).lower()

    def _ahead(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at]["word"] == word

    def _word(self, word: str) -> bool:
        found = self._ahead(word)
        self._at += found
        return found


def _tokens(query: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    position, text = 0, query.rstrip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise SearchError(f"Invalid search query at '{text[position:]}'")
        found.append(token)
        position = token.end()
    return found


def _moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """`now`, a year, a month, a day or a moment; without an offset in the shop's zone."""
    if text == "now":
        return now
    padded = text + "-01-01"[len(text) - 4 :] if len(text) in {4, 7} else text
    try:
        moment = datetime.fromisoformat(padded)
    except ValueError as error:
        raise SearchError(f"Invalid search query: '{text}' is no date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _number(text: str) -> float:
    try:
        return int(text.rsplit("/", 1)[-1])
    except ValueError as error:
        raise SearchError(f"Invalid search query: '{text}' is no number") from error


def _compared(known: Field, sign: str, value: float) -> Match:
    of = known.of
    match sign:
        case ">":
            return lambda head, load: of(head, load) > value
        case ">=":
            return lambda head, load: of(head, load) >= value
        case "<":
            return lambda head, load: of(head, load) < value
        case "<=":
            return lambda head, load: of(head, load) <= value
        case _:
            return lambda head, load: of(head, load) == value


def _listed(known: Field, value: str) -> Match:
    of = known.of
    parts = value.split(",") if known.kind == "list" else [value]
    wanted = {part.strip().lower() for part in parts}

    def matches(head: Head, load: Load) -> bool:
        found: Any = of(head, load)
        many = cast("tuple[Any, ...]", found) if isinstance(found, tuple) else (found,)
        return any(str(one).lower() in wanted for one in many)

    return matches


def _words_of(record: Any) -> str:  # noqa: ANN401 - any of the model's records
    return str(getattr(record, "title", None) or getattr(record, "name", ""))
