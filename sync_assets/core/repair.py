"""Mends values that PostgreSQL cannot hold, and counts each one."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from sync_assets.core.errors import Unmappable
from sync_assets.core.records import canonical_json

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates
_SUSPECTS = ("\\u0000", "NaN", "Infinity")  # in JSON text: what PostgreSQL's jsonb refuses
_BIGINT = 2**63
_EXACT = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")


class Repairs:
    """Reads the values of one record; `count` says how many had to be mended."""

    def __init__(self) -> None:
        self.count = 0

    def text(self, value: object, name: str) -> str:
        """A text: None and False are "empty", numbers are written out, NULs are dropped."""
        if isinstance(value, str):
            plain = value.isascii() and "\x00" not in value  # as a rule; spares the closer look
            return value if plain else self._storable(value)
        if value is None or value is False:
            return ""
        if isinstance(value, int | float):
            self.count += 1
            return str(value)
        raise Unmappable(f"{name} is a {type(value).__name__}, not a text")

    def integer(self, value: object, name: str) -> int | None:
        """A whole number that fits 64 bits, or None for null, False and an empty text."""
        if value is None or value is False or value == "":
            return None
        if isinstance(value, str):
            self.count += 1
            value = int(value) if re.fullmatch(r"-?\d{1,19}", value) else value
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _BIGINT:
            raise Unmappable(f"{name} is {value!r:.40}, not a whole number of 64 bits")
        return value

    def reference(self, value: object, name: str) -> int | None:
        """The id of another record; 0 means that there is none."""
        if type(value) is int and 0 < value < _BIGINT:  # as a rule
            return value
        return self.integer(value, name) or None

    def decimal(self, value: object, name: str) -> Decimal | None:
        """An exact number from its text, or None for null; a binary fraction is no exact number."""
        if value is None:
            return None
        if isinstance(value, str) and _EXACT.fullmatch(value):
            return Decimal(value)
        raise Unmappable(f"{name} is {value!r:.40}, not an exact number")

    def moment(self, value: object, name: str) -> datetime | None:
        """A time in UTC from ISO 8601; impossible ones, such as year -1, become None."""
        if value is None or value is False or value == "":
            return None
        if not isinstance(value, str):
            raise Unmappable(f"{name} is a {type(value).__name__}, not a time")
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
            return datetime.combine(
                moment, moment.time(), UTC
            )  # `replace` takes four times as long
        except (ValueError, OverflowError):  # overflow: year 1 or 9999, shifted to UTC
            self.count += 1
            return None

    def json(self, value: object) -> str | None:
        """Canonical JSON text, or None for null."""
        if value is None:
            return None
        try:
            text = canonical_json(value)
            if not _is_storable(text) or any(mark in text for mark in _SUSPECTS):
                return canonical_json(self._storable_tree(value))
        except RecursionError as error:  # Python's limit is near a depth of 1,000
            raise Unmappable("a JSON value is nested too deep") from error
        return text

    def _storable(self, value: str) -> str:
        if _is_storable(value):
            return value
        self.count += 1
        return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", value)

    def _storable_tree(self, value: object) -> object:
        if isinstance(value, str):
            return self._storable(value)
        if isinstance(value, list):
            return [self._storable_tree(item) for item in cast("list[object]", value)]
        if isinstance(value, Mapping):
            pairs = cast("Mapping[str, Any]", value).items()
            return {self._storable(key): self._storable_tree(item) for key, item in pairs}
        if isinstance(value, float) and not math.isfinite(value):
            self.count += 1
            return None
        return value


def _is_storable(text: str) -> bool:
    """No NUL and no lone surrogate; many times as quick as the regular expression."""
    if "\x00" in text:
        return False
    try:
        text.encode("latin-1")  # a mere copy for most European texts
    except UnicodeEncodeError:
        return _is_unicode(text)
    return True


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
