"""The compact sets behave like dictionaries."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.known import (
    NO_HASH,
    NO_VERSION,
    Columns,
    Known,
    KnownRow,
    Sighting,
    Survey,
)
from sync_assets_tests.core.properties import modestly

keys = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 12)
versions = st.just(NO_VERSION) | st.integers(-(2**40), 2**40)
rows = st.builds(
    KnownRow,
    key=keys,
    version=versions,
    local=versions,
    locally_newer=st.booleans(),
    deleted=st.booleans(),
    hash=st.binary(min_size=16, max_size=16),
)
sightings = st.builds(Sighting, key=keys, version=versions)
pages = st.lists(st.lists(sightings, max_size=6), max_size=6)


def row(key: int, version: int, *, locally_newer: bool = False, deleted: bool = False) -> KnownRow:
    """What the CMS has of a record."""
    return KnownRow(key, version, NO_VERSION, locally_newer, deleted, NO_HASH)


@modestly
@given(st.lists(rows, unique_by=lambda row: row.key), st.lists(keys, max_size=6))
def test_known_rows_are_found_like_in_a_dictionary(given_rows: list[KnownRow], others: list[int]):
    model = {row.key: row for row in sorted(given_rows)}
    known = Known(model.values())
    assert len(known) == len(model)
    assert list(known) == list(model.values())
    for key in [*model, *others]:
        assert known.get(key) == model.get(key)


def test_nothing_known_is_empty():
    assert list(Known()) == []
    assert Known().get(0) is None


def test_the_flags_of_a_row_do_not_touch_its_neighbours():
    first = KnownRow(1, 5, NO_VERSION, locally_newer=True, deleted=False, hash=b"a" * 16)
    second = KnownRow(2, 5, 9, locally_newer=False, deleted=True, hash=NO_HASH)
    assert list(Known([first, second])) == [first, second]


@modestly
@given(pages, st.lists(keys, max_size=6))
def test_a_survey_holds_what_a_dictionary_would(listing: list[list[Sighting]], gone: list[int]):
    survey, model = Survey(), dict[int, int]()
    for page in listing:
        fresh = [*{sighting.key: None for sighting in page if sighting.key not in model}]
        assert [sighting.key for sighting in survey.add(page)] == fresh
        model.update(page)
    for key in gone:
        survey.discard(key)
        model.pop(key, None)
    assert list(survey) == sorted(model.items())
    assert len(survey) == len(model)
    assert all((key in survey) == (key in model) for key in [*model, *gone])


def test_a_repeated_sighting_updates_the_version_and_is_not_new():
    survey = Survey([Sighting(3, 100)])
    assert survey.add([Sighting(3, 200)]) == []
    assert list(survey) == [Sighting(3, 200)]


def test_a_forgotten_record_may_come_back():
    survey = Survey([Sighting(3, 100)])
    survey.discard(3)
    assert survey.add([Sighting(3, 100)]) == [Sighting(3, 100)]


def test_a_sighting_weighs_sixteen_bytes():
    survey = Survey(Sighting(key, key) for key in range(1000))
    assert sum(len(part) * part.itemsize for part in vars(survey).values()) == 16_000


@pytest.mark.parametrize(
    ("rows", "is_just"),
    [
        ([row(1, 10), row(2, 20)], True),
        ([row(1, 10)], False),
        ([row(1, 10), row(2, 21)], False),
        ([row(1, 10), row(2, 20, deleted=True)], False),
        ([row(1, 10), row(2, 20, locally_newer=True)], False),
    ],
    ids=["the same", "one more is listed", "another version", "buried", "edited here"],
)
def test_whether_the_rows_are_just_what_is_listed(rows: list[KnownRow], is_just: bool):
    survey = Survey([Sighting(1, 10), Sighting(2, 20)])
    assert Known(rows).is_just(survey, before=21) is is_just
    assert not Known(rows).is_just(survey, before=20)


def test_records_without_a_version_are_never_just_what_is_listed():
    survey = Survey([Sighting(1, NO_VERSION)])
    assert not Known([row(1, NO_VERSION)]).is_just(survey, before=21)


@modestly
@given(st.lists(rows, unique_by=lambda row: row.key))
def test_columns_are_the_same_rows(given_rows: list[KnownRow]):
    ordered = sorted(given_rows)
    columns = Columns(
        keys=b"".join(pack(">q", row.key) for row in ordered),
        versions=b"".join(pack(">q", row.version) for row in ordered),
        local=b"".join(pack(">q", row.local) for row in ordered),
        flags=bytes(row.locally_newer + 2 * row.deleted for row in ordered),
        hashes=b"".join(row.hash for row in ordered),
    )
    assert list(Known.of(columns)) == ordered
