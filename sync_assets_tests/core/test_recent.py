"""Where the source tells what changed, that is read and nothing else is listed, for a day."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core import recent
from sync_assets.core.deletion import SMALL
from sync_assets.core.errors import Stopped
from sync_assets.core.ports import SyncOptions
from sync_assets.core.sync import OVERLAP
from sync_assets_tests.core.fake_source import site_of
from sync_assets_tests.core.histories import Event, happen, lives
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.telling_source import Telling

HOUR = 3600


@pytest.fixture
def telling() -> Telling:
    """In step, an hour ago."""
    telling = Telling(site_of(range(1, 21)))
    telling.sync()
    telling.site.pass_time(HOUR)
    telling.store.writes.clear()
    return telling


def test_what_changed_is_read_and_nothing_is_listed(telling: Telling):
    telling.site.put(3, "edited")
    telling.site.put(30, "new")
    counts = telling.sync()
    assert not telling.listed_everything
    assert telling.fetched == sorted(telling.store.writes) == [3, 30]
    assert (counts.total, counts.seen, counts.updated, counts.created) == (2, 2, 1, 1)
    assert telling.store.live() == telling.site.records()


def test_where_nothing_changed_nothing_is_read(telling: Telling):
    counts = telling.sync()
    assert (counts.total, counts.seen, telling.fetched) == (0, 0, [])
    assert counts.adds_up()


def test_what_was_told_and_read_before_is_not_read_again(telling: Telling):
    telling.site.put(3, "edited")
    telling.sync()
    telling.site.pass_time(OVERLAP.total_seconds() / 2)
    for _ in range(2):
        assert telling.sync().unchanged == 1  # read for the overlap, and the same
        telling.site.pass_time(HOUR)
    telling.sync()
    assert telling.fetched == []


def test_a_change_in_the_overlap_is_found(telling: Telling):
    """In the very second of the last reading, for example."""
    telling.site.put(3, "edited")
    telling.sync()
    telling.site.put(3, "edited once more", touch=False)
    telling.site.pass_time(5)
    telling.sync()
    assert telling.store.live() == telling.site.records()


def test_a_version_that_is_known_is_not_read(telling: Telling):
    """A source may tell of more than it was asked for."""
    key = max(telling.site.bodies)
    moment, text = telling.site.bodies[key]
    telling.site.bodies[key] = telling.site.now, text
    telling.sync()
    telling.site.pass_time(HOUR)
    telling.site.bodies[key] = telling.site.now + timedelta(hours=2), text
    telling.sync()
    telling.site.pass_time(2 * HOUR)
    counts = telling.sync()
    assert moment < telling.site.bodies[key][0]
    assert (counts.total, counts.seen) == (1, 1)


# Gone


def test_what_is_told_to_be_gone_and_is_gets_its_tombstone(telling: Telling):
    telling.delete(4)
    counts = telling.sync()
    assert telling.store.buried() == {4}
    assert (counts.total, counts.seen, counts.vanished, counts.deleted) == (1, 0, 1, 1)


def test_what_is_said_to_be_gone_and_is_not_stays(telling: Telling):
    telling.said_to_be_gone.add(4)
    counts = telling.sync()
    assert telling.store.buried() == set()
    assert (counts.seen, counts.unchanged) == (1, 1)


def test_a_row_with_a_tombstone_is_not_asked_for_again(telling: Telling):
    telling.delete(4)
    telling.sync()
    telling.site.pass_time(60)
    telling.sync()
    assert "absent" not in telling.calls


def test_a_deletion_that_nobody_told_is_found_within_a_day(telling: Telling):
    telling.site.delete(4)
    telling.sync()
    assert telling.store.buried() == set()
    telling.site.pass_time(recent.TRUSTED_FOR.total_seconds() - HOUR)
    telling.sync()
    assert telling.listed_everything
    assert telling.store.buried() == {4}


def test_a_change_that_nobody_told_is_found_within_a_day(telling: Telling):
    telling.untold.add(4)
    telling.site.put(4, "edited")
    telling.sync()
    telling.site.pass_time(recent.TRUSTED_FOR.total_seconds())
    telling.sync()
    assert telling.store.live() == telling.site.records()


def test_too_many_deletions_are_refused_until_somebody_approves(telling: Telling):
    telling.delete(*range(1, SMALL + 2))
    assert telling.sync().refused == SMALL + 1
    telling.said_to_be_gone.clear()  # as after a while, when its events are no longer asked for
    telling.site.pass_time(HOUR)
    assert telling.sync().refused == SMALL + 1  # is said again
    assert telling.listed_everything
    telling.sync(SyncOptions(approve_deletions=True))
    assert telling.store.live() == telling.site.records()


# When everything has to be listed


@pytest.mark.parametrize(
    "options",
    [SyncOptions(full=True), SyncOptions(approve_deletions=True)],
    ids=["full", "approve"],
)
def test_who_wants_more_gets_the_whole_listing(telling: Telling, options: SyncOptions):
    telling.sync(options)
    assert telling.listed_everything


def test_an_unfinished_full_refresh_is_finished(telling: Telling):
    def die(call: str) -> None:
        if call == "written":
            raise Stopped("stopped")

    for key in telling.site.bodies:
        telling.site.put(key, "custom field", touch=False)
    telling.store.hook = die
    with pytest.raises(Stopped):
        telling.sync(SyncOptions(full=True, batch_size=2))
    telling.store.hook = lambda _: None
    telling.sync()
    assert telling.listed_everything
    assert telling.store.live() == telling.site.records()


def test_more_changes_than_a_few_are_read_by_the_whole_listing(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "FEW", 5)
    for key in range(1, 7):
        telling.site.put(key, "edited")
    counts = telling.sync()
    assert telling.listed_everything
    assert (counts.seen, counts.updated) == (20, 6)


def test_many_deletions_are_proven_by_the_whole_listing(telling: Telling):
    telling.delete(*range(1, SMALL + 2))
    telling.sync()
    assert telling.listed_everything


def test_an_entry_without_a_key_lets_everything_be_listed(telling: Telling):
    telling.nameless = 1
    telling.sync()
    assert telling.listed_everything


def test_nothing_is_settled_before_the_whole_listing_takes_over(telling: Telling):
    """Or records would be counted twice."""
    telling.site.put(3, "edited")
    telling.site.unkeyed = telling.nameless = 1
    counts = telling.sync()
    assert counts.adds_up()
    assert counts.seen == 21


# What failed before


def test_what_failed_is_tried_again_although_it_did_not_change(telling: Telling):
    telling.site.put(5, "edited")
    telling.site.unmappable = {5}
    assert telling.sync().failed == 1
    telling.site.pass_time(HOUR)
    assert telling.sync().failed == 1
    telling.site.unmappable = set()
    telling.site.pass_time(HOUR)
    counts = telling.sync()
    assert not telling.listed_everything
    assert (counts.seen, counts.updated) == (1, 1)
    assert telling.store.dead_letters == {}


def test_what_failed_and_is_told_of_is_counted_once(telling: Telling):
    telling.site.put(5, "edited")
    telling.site.unmappable = {5}
    telling.sync()
    telling.store.edit_locally(5, telling.site.now + timedelta(hours=1))
    counts = telling.sync()
    assert (counts.total, counts.seen) == (1, 1)
    assert counts.adds_up()


# Cut off


def test_a_sync_that_is_cut_off_is_done_again_and_writes_nothing_twice(telling: Telling):
    def die(call: str) -> None:
        if call == "written" and len(telling.store.writes) == 4:
            raise Stopped("stopped")

    for key in range(1, 9):
        telling.site.put(key, "edited")
    telling.store.hook = die
    with pytest.raises(Stopped):
        telling.sync()
    telling.store.hook = lambda _: None
    telling.site.pass_time(60)
    telling.sync()
    assert sorted(telling.store.writes) == [*range(1, 9)]
    assert telling.store.live() == telling.site.records()


@modestly
@given(histories=st.lists(lives, min_size=1, max_size=4))
def test_whatever_is_told_truly_arrives(histories: list[list[Event]]):
    telling = Telling(site_of(range(1, 6)))
    telling.sync()
    for events in histories:
        telling.site.pass_time(HOUR)
        before = set(telling.site.bodies)
        happen(telling.site, telling.store, [e for e in events if e[0] in {"put", "delete"}])
        telling.said_to_be_gone |= before - set(telling.site.bodies)
        assert telling.sync().adds_up()
        assert not telling.listed_everything
        assert telling.store.live() == telling.site.records()


def test_a_source_whose_clock_was_wrong_is_not_trusted_until_then(telling: Telling):
    telling.site.pass_time(30 * 24 * HOUR)
    telling.sync()
    telling.site.pass_time(-30 * 24 * HOUR)
    telling.site.put(3, "edited")
    telling.sync()
    assert telling.listed_everything
    telling.site.put(4, "edited")
    telling.site.pass_time(HOUR)
    telling.sync()
    assert telling.store.live() == telling.site.records()
