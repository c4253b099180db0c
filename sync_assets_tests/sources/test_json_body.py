import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.sources.json_body import NotJson, looks_like_html, parse_json

NOTICE = (
    b"<br />\n<b>Notice</b>: Undefined index: ids[0] in <b>/srv/x.php</b> on line <b>5</b><br />\n"
)
ROWS = [{"id": 1, "tags": [2, 3], "acf": {"rows": [{"a": []}]}}, {"id": 2, "tags": []}]
BODY = orjson.dumps(ROWS)

any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
rows = st.lists(st.dictionaries(st.sampled_from(["id", "acf", "tags"]), any_json, min_size=1))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY, id="as it should be"),
        pytest.param(b"\xef\xbb\xbf" + BODY, id="BOM"),
        pytest.param(b"\n\n  " + BODY + b"\n", id="white space"),
        pytest.param(NOTICE + BODY, id="PHP notice"),
        pytest.param(b"\xef\xbb\xbf" + NOTICE * 2 + BODY, id="BOM and PHP notices"),
        pytest.param(b"Deprecated: foo() in /x.php on line 3\n" + BODY, id="notice in plain text"),
        pytest.param(BODY + b"\n<!-- Cached by WP Cache -->", id="comment after"),
        pytest.param(BODY + b"<script>var a = [1];</script>", id="script after"),
        pytest.param(NOTICE.replace(b"ids[0]", b"[]<br />") + BODY, id="empty list in the notice"),
        pytest.param(NOTICE + json.dumps(ROWS, indent=2).encode(), id="pretty-printed"),
    ],
)
def test_rows_are_found_whatever_is_around_them(body: bytes) -> None:
    assert parse_json(body, list) == ROWS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><body>Checking your browser</body></html>",
        b"null",
        b'"text"',
        b"{}",
        b'{"code":"rest_no_route"}',
        b"[" * 2000 + b"]" * 2000,
        b"[" * 100_000,
        b"\x1f\x8b\x08\x00\xff\xfe",
    ],
)
def test_what_is_no_list_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(body, list)


@given(rows.filter(len), st.data())
def test_a_list_that_breaks_off_is_never_taken_for_another(
    rows: object, data: st.DataObject
) -> None:
    body = orjson.dumps(rows)
    cut = data.draw(st.integers(0, len(body) - 1))
    for before in (b"", NOTICE):
        with pytest.raises(NotJson):
            parse_json(before + body[:cut], list)


@given(rows.filter(len))
def test_a_notice_and_a_comment_change_nothing(rows: object) -> None:
    assert parse_json(NOTICE + orjson.dumps(rows) + b"\n<!-- cached -->", list) == rows


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_not(body: bytes) -> None:
    for kind in (list, dict):
        with suppress(NotJson):
            assert isinstance(parse_json(body, kind), kind)


def test_lone_surrogates_get_through_to_be_mended_later() -> None:
    assert parse_json(b'[{"title":"a\\ud83d b"}]', list) == [{"title": "a\ud83d b"}]


def test_bytes_that_are_no_utf_8_get_through_to_be_mended_later() -> None:
    (row,) = parse_json(b'[{"title":"Caf\xe9"}]', list)
    assert row["title"] == "Caf\udce9"


def test_what_json_has_no_word_for_becomes_null() -> None:
    assert parse_json(b'[{"a":NaN,"b":-Infinity}]', list) == [{"a": None, "b": None}]


def test_an_empty_object_of_php_is_an_object() -> None:
    assert parse_json(b"[]", dict) == {}


def test_a_list_with_gaps_of_php_is_a_list() -> None:
    assert parse_json(b'{"0":{"id":1},"2":{"id":3}}', list) == [{"id": 1}, {"id": 3}]


def test_an_object_is_found_behind_a_notice() -> None:
    assert parse_json(NOTICE + b'{"code":"x","data":{"status":404}}', dict)["code"] == "x"


def test_a_page_full_of_brackets_does_not_take_long() -> None:
    with pytest.raises(NotJson):
        parse_json(b"<html>" + b"[1 " * 300_000, list)


@pytest.mark.parametrize(
    ("body", "html"), [(b"\xef\xbb\xbf\n<html>", True), (b"<br />Notice", True), (b"oops", False)]
)
def test_a_page_for_people_is_recognised(body: bytes, html: bool) -> None:
    assert looks_like_html(body) is html
