"""Values are mended or refused, never passed on to PostgreSQL as they are."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.errors import Unmappable
from sync_assets.core.repair import Repairs
from sync_assets_tests.core.properties import modestly


def mended(read: Callable[[Repairs], object]) -> tuple[object, int]:
    """A value and how many repairs it took."""
    repairs = Repairs()
    return read(repairs), repairs.count


@pytest.mark.parametrize(
    ("value", "text", "repairs"),
    [
        ("Olá", "Olá", 0),
        ("", "", 0),
        (None, "", 0),
        (False, "", 0),
        (5, "5", 1),
        (2.5, "2.5", 1),
        ("a\x00b", "ab", 1),
        ("a\x00b\x00", "ab", 1),
        ("\ud83d", "\ufffd", 1),
        ("😀", "😀", 0),
    ],
)
def test_texts(value: object, text: str, repairs: int):
    assert mended(lambda r: r.text(value, "title")) == (text, repairs)


@pytest.mark.parametrize("value", [[], {}, ["a"], {"raw": "a"}])
def test_what_is_not_a_text_is_refused_by_name(value: object):
    with pytest.raises(Unmappable, match=r"title is a .*, not a text"):
        Repairs().text(value, "title")


@pytest.mark.parametrize(
    ("value", "number", "repairs"),
    [
        (7, 7, 0),
        (0, 0, 0),
        (-1, -1, 0),
        (2**63 - 1, 2**63 - 1, 0),
        (None, None, 0),
        (False, None, 0),
        ("", None, 0),
        ("12", 12, 1),
        ("-12", -12, 1),
    ],
)
def test_integers(value: object, number: int | None, repairs: int):
    assert mended(lambda r: r.integer(value, "parent")) == (number, repairs)


@pytest.mark.parametrize(
    "value", [True, 1.5, "1.5", "x", [], {}, 2**63, -(2**63) - 1, "9" * 19, "9" * 5000, 10**300]
)
def test_what_is_not_an_integer_of_64_bits_is_refused_in_few_words(value: object):
    with pytest.raises(Unmappable, match="parent is ") as caught:
        Repairs().integer(value, "parent")
    assert len(str(caught.value)) < 100


def test_nought_refers_to_nothing():
    assert Repairs().reference(0, "parent") is None
    assert Repairs().reference(3, "parent") == 3


@pytest.mark.parametrize(
    ("value", "moment", "repairs"),
    [
        ("2026-05-04T10:11:12", datetime(2026, 5, 4, 10, 11, 12, tzinfo=UTC), 0),
        ("2026-05-04T10:11:12-03:00", datetime(2026, 5, 4, 13, 11, 12, tzinfo=UTC), 0),
        ("2026-05-04T10:11:12Z", datetime(2026, 5, 4, 10, 11, 12, tzinfo=UTC), 0),
        (None, None, 0),
        (False, None, 0),
        ("", None, 0),
        ("-0001-11-30T00:00:00", None, 1),
        ("0000-00-00T00:00:00", None, 1),
        ("2026-02-30T00:00:00", None, 1),
        ("yesterday", None, 1),
        ("0001-01-01T00:00:00+14:00", None, 1),
        ("9999-12-31T23:59:59-14:00", None, 1),
    ],
)
def test_times(value: object, moment: datetime | None, repairs: int):
    assert mended(lambda r: r.moment(value, "date")) == (moment, repairs)


def test_what_is_not_a_time_is_refused_by_name():
    with pytest.raises(Unmappable, match="date is a int, not a time"):
        Repairs().moment(20260504, "date")


@pytest.mark.parametrize(
    ("value", "text", "repairs"),
    [
        (None, None, 0),
        ({}, "{}", 0),
        ([], "[]", 0),
        ({"b": 1, "a": "é"}, '{"a":"é","b":1}', 0),
        ({"a": "x\x00y"}, '{"a":"xy"}', 1),
        ({"a\x00": [{"b": "\ud800"}]}, '{"a":[{"b":"\ufffd"}]}', 2),
        ("written as \\u0000", '"written as \\\\u0000"', 0),
        ({"a": float("nan"), "b": [float("-inf")]}, '{"a":null,"b":[null]}', 2),
    ],
)
def test_json(value: object, text: str | None, repairs: int):
    assert mended(lambda r: r.json(value)) == (text, repairs)


def test_json_of_endless_depth_is_refused():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Unmappable, match="too deep"):
        Repairs().json(deep)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
anything = json_values | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)


@modestly
@given(anything)
def test_whatever_comes_out_can_be_stored(value: object):
    repairs = Repairs()
    readers = (repairs.text, repairs.integer, repairs.reference, repairs.moment)
    for read in readers:
        with contextlib.suppress(Unmappable):
            _assert_storable(read(value, "field"))
    _assert_storable(repairs.json(value))


@modestly
@given(json_values)
def test_mended_json_needs_no_further_repair(value: object):
    once = Repairs().json(value)
    again, repairs = mended(lambda r: r.json(None if once is None else json.loads(once)))
    assert (again, repairs) == (once, 0)


def _assert_storable(value: object) -> None:
    if isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, datetime):
        assert value.utcoffset() is not None
    elif value is not None:
        assert isinstance(value, int)
        assert abs(value) < 2**63
