"""Hashes differ exactly when what is stored differs."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.records import HASH_BYTES, Link, Record, canonical_json
from sync_assets_tests.core.properties import modestly

RECORD = Record(7, datetime(2026, 5, 4, tzinfo=UTC), ("Olá", 3, True, None), (Link("tag", 1),))


@pytest.mark.parametrize(
    "changed",
    [
        replace(RECORD, modified_at=None),
        replace(RECORD, modified_at=datetime(2026, 5, 4, 0, 0, 1, tzinfo=UTC)),
        replace(RECORD, values=("Ola", 3, True, None)),
        replace(RECORD, values=("Olá", 3, 1, None)),
        replace(RECORD, values=("Olá", "3", True, None)),
        replace(RECORD, values=("Olá", 3, True, "")),
        replace(RECORD, values=("Olá", 3, True)),
        replace(RECORD, values=(3, "Olá", True, None)),
        replace(RECORD, links=()),
        replace(RECORD, links=(Link("tag", 2),)),
        replace(RECORD, links=(Link("category", 1),)),
    ],
)
def test_whatever_is_stored_shows_in_the_hash(changed: Record):
    assert changed.content_hash() != RECORD.content_hash()


def test_what_is_not_stored_does_not_show_in_the_hash():
    assert replace(RECORD, repaired=5).content_hash() == RECORD.content_hash()


def test_a_time_among_the_values_can_be_hashed():
    record = replace(RECORD, values=(datetime(2026, 5, 4, tzinfo=UTC),))
    assert len(record.content_hash()) == HASH_BYTES


def test_a_hash_stays_the_same_from_release_to_release():
    assert RECORD.content_hash().hex() == "5c6a7d54ef26fb8b5c05f551a549d7a1"


@pytest.mark.parametrize("length", [1, 2000, 2047, 2048, 2049, 4100, 100_000])
def test_a_long_text_counts_from_its_first_to_its_last_letter(length: int):
    text = "é" + "a" * length
    changed = [f"{text[:at]}b{text[at + 1 :]}" for at in {0, length // 2, length - 1, length}]
    every = [text, *changed, f"{text}a"]
    hashes = {replace(RECORD, values=(text,)).content_hash() for text in every}
    assert len(hashes) == len(set(every)) == len(every)


def test_a_long_text_has_the_hash_that_it_always_had():
    record = Record(1, None, ("é" * 10_000,))
    plain = hashlib.sha256(f"ot\x00None\x00{'é' * 10_000}".encode())
    assert record.content_hash() == plain.digest()[:HASH_BYTES]


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = st.lists(scalars | texts, max_size=4).map(tuple)


@modestly
@given(values, values)
def test_two_rows_have_one_hash_exactly_when_they_are_alike(
    first: tuple[object, ...], second: tuple[object, ...]
):
    alike = repr(first) == repr(second)  # repr: True and 1 are different columns' values
    hashes = [replace(RECORD, values=pair).content_hash() for pair in (first, second)]
    assert (hashes[0] == hashes[1]) == alike


def test_a_text_cannot_pass_for_two():
    joined = replace(RECORD, values=('a", "b',))
    assert joined.content_hash() != replace(RECORD, values=("a", "b")).content_hash()


def test_canonical_json_ignores_the_order_of_keys():
    assert canonical_json({"b": [1, {"d": 1, "c": 2}], "a": "é"}) == canonical_json(
        {"a": "é", "b": [1, {"c": 2, "d": 1}]}
    )


def test_canonical_json_keeps_the_order_of_lists():
    assert canonical_json([1, 2]) != canonical_json([2, 1])


def test_canonical_json_writes_text_as_it_is():
    assert canonical_json({"a": "é"}) == '{"a":"é"}'
