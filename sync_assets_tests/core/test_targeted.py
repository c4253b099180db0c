"""A sync of what was hinted at does those records, all of them and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.deletion import SMALL
from sync_assets.core.errors import RetryLater, Stopped
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.targeted import sync_hinted
from sync_assets_tests.core.fake_source import BEGINNING, FakeCollection, FakeConnection, FakeSite
from sync_assets_tests.core.fake_source import site_of as site_with
from sync_assets_tests.core.memory_store import MemoryStore, nothing
from sync_assets_tests.core.running import sync

OPTIONS = SyncOptions(hinted=True, batch_size=2)


def targeted(
    site: FakeSite,
    store: MemoryStore,
    *,
    authenticated: bool = True,
    hook: Callable[[str], None] = nothing,
    options: SyncOptions = OPTIONS,
    stop: StopSignal | None = None,
) -> Counts:
    connection = FakeConnection([FakeCollection(site, hook)], authenticated, hook)
    store.hook = hook
    try:
        counts = sync_hinted("things", lambda: connection, store, options, stop or StopSignal())
    finally:
        store.hook = nothing
    assert counts.adds_up()
    return counts


@pytest.fixture
def site() -> FakeSite:
    return site_with(range(1, 8))


@pytest.fixture
def store(site: FakeSite) -> MemoryStore:
    """In step with the site."""
    store = MemoryStore()
    sync(site, store)
    site.pass_time(3600)
    store.writes.clear()
    return store


def test_what_was_hinted_at_is_written_and_nothing_else(site: FakeSite, store: MemoryStore):
    for key in (2, 3, 9):
        site.put(key, "new")
    store.hint(2, 9)
    counts = targeted(site, store)
    assert sorted(store.writes) == [2, 9]
    assert (counts.total, counts.seen, counts.created, counts.updated) == (2, 2, 1, 1)
    assert store.hinted == {}


def test_nothing_is_listed_and_no_checkpoint_moves(site: FakeSite, store: MemoryStore):
    calls: list[str] = []
    before = dict(store.checkpoints)
    site.put(2, "new")
    store.hint(2)
    targeted(site, store, hook=calls.append)
    assert "listing" not in calls
    assert store.checkpoints == before


def test_the_next_ordinary_sync_finds_all_that_no_hint_told(site: FakeSite, store: MemoryStore):
    site.put(2, "hinted")
    site.put(3, "not hinted")
    site.delete(4)
    store.hint(2)
    targeted(site, store)
    site.pass_time(60)
    sync(site, store)
    assert store.live() == site.records()


def test_a_change_that_moves_no_time_is_found(site: FakeSite, store: MemoryStore):
    site.put(5, "custom field", touch=False)
    sync(site, store)
    assert store.live()[5] != site.records()[5]  # as an ordinary sync cannot see it
    store.hint(5)
    targeted(site, store)
    assert store.live() == site.records()


def test_what_was_hinted_at_in_vain_is_unchanged(site: FakeSite, store: MemoryStore):
    store.hint(1, 2, 3)
    counts = targeted(site, store)
    assert (counts.seen, counts.unchanged, store.writes) == (3, 3, [])
    assert store.hinted == {}


def test_without_hints_not_even_a_connection_is_opened(store: MemoryStore):
    def connect() -> FakeConnection:
        raise AssertionError("nobody needs it")

    counts = sync_hinted("things", connect, store, OPTIONS, StopSignal())
    assert counts == Counts(total=0)


# Gone


def test_what_is_proven_gone_gets_its_tombstone(site: FakeSite, store: MemoryStore):
    calls: list[str] = []
    site.delete(4)
    store.hint(4, 5)
    counts = targeted(site, store, hook=calls.append)
    assert store.buried() == {4}
    assert (counts.total, counts.seen, counts.vanished, counts.deleted) == (2, 1, 1, 1)
    assert calls.index("verify") < calls.index("bury")
    assert store.hinted == {}


def test_what_is_only_not_served_gets_none(site: FakeSite, store: MemoryStore):
    site.unserved = {4}
    store.hint(4)
    counts = targeted(site, store)
    assert store.buried() == set()
    assert (counts.failed, counts.deleted) == (1, 0)
    assert store.dead_letters[4, "things"] == "the source has this record but does not serve it"


def test_what_we_never_had_and_are_not_shown_is_not_for_us(site: FakeSite, store: MemoryStore):
    site.put(9, "a draft whose id was only reserved")
    site.unserved = {9}
    store.hint(9, 404)
    counts = targeted(site, store)
    assert (counts.seen, counts.hidden, counts.vanished, counts.failed) == (0, 1, 1, 0)
    assert (store.dead_letters, store.hinted) == ({}, {})


def test_an_anonymous_reader_buries_nothing(site: FakeSite, store: MemoryStore):
    site.delete(4)
    store.hint(4)
    counts = targeted(site, store, authenticated=False)
    assert (store.buried(), counts.hidden, counts.deleted) == (set(), 1, 0)
    assert store.hinted == {}


def test_a_newer_local_edit_wins_over_a_hint(site: FakeSite, store: MemoryStore):
    for key in (2, 4):
        store.edit_locally(key, site.now + timedelta(hours=1))
    site.put(2, "the source's")
    site.delete(4)
    store.hint(2, 4)
    counts = targeted(site, store)
    assert (store.writes, store.buried()) == ([], set())
    assert (counts.skipped, counts.kept) == (1, 1)


def test_so_many_never_go_at_once_without_a_word():
    site = site_with(range(1, 31))
    store = MemoryStore()
    sync(site, store)
    doomed = range(1, SMALL + 8)
    for key in doomed:
        site.delete(key)
    store.hint(*doomed)
    counts = targeted(site, store)
    assert counts.refused > 0
    assert counts.deleted <= SMALL
    assert counts.deleted + counts.refused == len(doomed)
    assert "--approve-deletions" in store.notes[-1]


def test_a_row_that_came_back_has_no_tombstone_any_more(site: FakeSite, store: MemoryStore):
    site.delete(4)
    store.hint(4)
    targeted(site, store)
    site.put(4, "untrashed")
    store.hint(4)
    counts = targeted(site, store)
    assert (store.buried(), counts.updated) == (set(), 1)


# Hints


@pytest.mark.parametrize("moment", ["fetch", "write", "absent", "bury"])
def test_a_hint_that_comes_while_its_record_is_read_stays(
    site: FakeSite, store: MemoryStore, moment: str
):
    site.delete(4)
    site.put(5, "new")
    store.hint(4, 5)

    def again(call: str) -> None:
        if call == moment:
            store.hint(4, 5)

    targeted(site, store, hook=again)
    assert set(store.hinted) == {("things", 4), ("things", 5)}
    targeted(site, store)
    assert store.hinted == {}


def test_what_a_crash_cut_off_stays_hinted(site: FakeSite, store: MemoryStore):
    store.hint(1, 2, 3, 4)
    fetches: list[str] = []

    def fail(call: str) -> None:
        fetches.append(call)
        if call == "write" and fetches.count("write") == 2:
            raise RetryLater("The database is away.")

    with pytest.raises(RetryLater):
        targeted(site, store, hook=fail)
    assert set(store.hinted) == {("things", 3), ("things", 4)}


def test_hints_at_what_is_not_synced_are_dropped_and_counted(site: FakeSite, store: MemoryStore):
    store.hint(1, 2, 3, collection="widgets")
    store.hint(1)
    counts = targeted(site, store)
    assert (counts.total, counts.seen, counts.vanished) == (4, 1, 3)
    assert "Dropped 3 hints at 'widgets'" in store.notes[0]
    assert store.hinted == {}


def test_hints_wait_for_the_first_load_to_end(site: FakeSite):
    store = MemoryStore()
    store.hint(1)
    assert targeted(site, store).total == 0
    assert (store.live(), set(store.hinted)) == ({}, {("things", 1)})


def test_a_record_that_cannot_be_mapped_is_a_dead_letter_and_its_hint_is_done(
    site: FakeSite, store: MemoryStore
):
    site.unmappable = {2}
    store.hint(2, 3)
    counts = targeted(site, store)
    assert (counts.seen, counts.failed, counts.unchanged) == (2, 1, 1)
    assert store.hinted == {}


def test_a_stop_ends_it_between_two_batches(site: FakeSite, store: MemoryStore):
    store.hint(*range(1, 8))
    stop = StopSignal()

    def halt(call: str) -> None:
        if call == "written":
            stop.set()

    with pytest.raises(Stopped):
        targeted(site, store, hook=halt, stop=stop)
    assert len(store.hinted) == 5


def test_times_are_those_of_the_source(site: FakeSite, store: MemoryStore):
    site.put(2, "new")
    store.hint(2)
    targeted(site, store)
    assert store.live()[2].modified_at == BEGINNING + timedelta(hours=1)
