"""What a listing alone decides."""

from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.compare import Fate, fate, local_edit_wins, same
from sync_assets.core.known import NO_HASH, NO_VERSION, KnownRow, Sighting
from sync_assets_tests.core.properties import modestly

HASH = b"h" * 16
NEVER = 2**62


def row(version: int = 100, *, local: int = NO_VERSION, deleted: bool = False) -> KnownRow:
    return KnownRow(7, version, local, local > version, deleted, HASH)


def decide(known: KnownRow | None, version: int, overlap: int = NEVER, *, reread: bool = False):
    return fate(known, Sighting(7, version), overlap_from=overlap, reread=reread)


def test_a_record_the_cms_does_not_have_is_read():
    assert decide(None, 100) is Fate.FETCH


def test_a_record_of_the_same_second_is_left_alone():
    assert decide(row(100), 100) is Fate.UNCHANGED


def test_a_newer_record_is_read():
    assert decide(row(100), 101) is Fate.FETCH


def test_an_older_record_is_read_because_a_backup_may_have_been_restored():
    assert decide(row(100), 99) is Fate.FETCH


def test_a_record_that_is_back_from_its_tombstone_is_read():
    assert decide(row(100, deleted=True), 100) is Fate.FETCH


def test_the_overlap_includes_its_first_second():
    assert decide(row(100), 100, overlap=100) is Fate.REREAD
    assert decide(row(100), 100, overlap=101) is Fate.UNCHANGED


def test_a_record_without_a_time_is_always_read_again():
    assert decide(row(NO_VERSION), NO_VERSION) is Fate.REREAD


def test_a_full_refresh_reads_what_looks_the_same():
    assert decide(row(100), 100, reread=True) is Fate.FETCH


def test_a_newer_local_edit_is_not_even_read():
    assert decide(row(100, local=105), 104) is Fate.SKIPPED


def test_a_local_edit_of_the_same_second_is_read_and_left_to_the_database():
    assert decide(row(100, local=105), 105) is Fate.FETCH


def test_a_record_without_a_time_never_overrides_a_local_edit():
    assert local_edit_wins(row(NO_VERSION, local=-50), NO_VERSION)


def test_without_a_local_edit_nothing_local_wins():
    assert not local_edit_wins(row(100), NO_VERSION)


versions = st.integers(-3, 12) | st.just(NO_VERSION)
rows = st.builds(row, versions, local=versions, deleted=st.booleans())


@modestly
@given(rows, versions, versions, st.booleans())
def test_nothing_that_differs_from_the_cms_is_taken_as_unchanged(
    known: KnownRow, version: int, overlap: int, reread: bool
):
    if decide(known, version, overlap, reread=reread) is Fate.UNCHANGED:
        assert known.version == version
        assert not known.deleted
        assert not reread
        assert version < overlap or version == NO_VERSION


@modestly
@given(rows, versions, versions, st.booleans())
def test_a_local_edit_is_skipped_exactly_when_it_is_newer(
    known: KnownRow, version: int, overlap: int, reread: bool
):
    skipped = decide(known, version, overlap, reread=reread) is Fate.SKIPPED
    assert skipped == (known.local != NO_VERSION and known.local > version)


def test_the_same_content_is_the_same_only_in_a_living_row():
    assert same(row(), HASH)
    assert not same(row(deleted=True), HASH)
    assert not same(row(), NO_HASH)
    assert not same(None, NO_HASH)
