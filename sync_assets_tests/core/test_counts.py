"""The account of a stream."""

import pytest

from sync_assets.core.counts import COUNTERS, Counts

FATES = ("created", "updated", "unchanged", "skipped", "failed")


def test_an_account_adds_up_when_every_record_has_one_fate():
    assert Counts(seen=15, created=1, updated=2, unchanged=3, skipped=4, failed=5).adds_up()


@pytest.mark.parametrize("fate", FATES)
def test_each_fate_belongs_to_the_account(fate: str):
    assert not Counts(seen=1).adds_up()
    assert Counts(seen=1, **{fate: 1}).adds_up()
    assert not Counts(**{fate: 1}).adds_up()


@pytest.mark.parametrize("other", sorted({*COUNTERS} - {*FATES, "seen", "total"}))
def test_no_other_count_changes_the_account(other: str):
    assert Counts(**{other: 9}).adds_up()


def test_what_is_written_is_what_was_created_and_updated():
    assert Counts(created=2, updated=3, unchanged=9, failed=1, deleted=4).written == 5


def test_the_counts_come_by_name_in_their_order():
    assert tuple(Counts().as_dict()) == COUNTERS


def test_an_unknown_total_stays_unknown():
    assert Counts().as_dict()["total"] is None
