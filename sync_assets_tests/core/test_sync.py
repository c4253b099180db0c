"""The sync loop, claim by claim."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sync_assets.core.errors import OutOfTime, RetryLater, Stopped, TenantMustAct
from sync_assets.core.ports import Fetched, Page, SyncOptions, Written
from sync_assets.core.records import Payload
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import OVERLAP
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite, site_of
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.running import sync, sync_collections

FULL = SyncOptions(full=True, batch_size=2)


@pytest.fixture
def site() -> FakeSite:
    return site_of(range(1, 8))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(params=[False, True], ids=["by key", "inline"])
def inline(request: pytest.FixtureRequest) -> bool:
    return request.param


def in_step(site: FakeSite, store: MemoryStore) -> bool:
    return store.live() == site.records()


def sync_one_before(store: MemoryStore) -> None:
    """The CMS has the first record of a site: what is missing is listed, and then read by key."""
    sync(site_of(range(1, 2)), store)


def test_a_first_sync_creates_every_record(site: FakeSite, store: MemoryStore, inline: bool):
    counts = sync(site, store, inline=inline)
    assert in_step(site, store)
    assert (counts.seen, counts.created, counts.total) == (7, 7, 7)


def test_a_page_tells_whether_the_cms_had_any_of_its_records():
    class Listening(MemoryStore):
        def write(self, page: Page) -> Written:
            if page.records:
                told.append((sorted(record.key for record, _ in page.records), page.all_new))
            return super().write(page)

    told: list[tuple[list[int], bool]] = []
    store, site = Listening(), site_of(range(1, 4))
    sync(site, store)
    site.put(4, "new")
    site.put(2, "edited")
    sync(site, store)
    site.put(4, "edited")
    sync(site, store)
    assert told == [([1, 2, 3], True), ([2, 4], False), ([4], False)]


def calls_of_a_first_sync(site: FakeSite, store: MemoryStore, cut_at: int = 0) -> list[str]:
    """What a first sync asks the source for, until it is cut off."""
    calls: list[str] = []

    def note(call: str) -> None:
        calls.append(call)
        if len(calls) == cut_at:
            raise RetryLater("cut off")

    with contextlib.suppress(RetryLater):
        sync(site, store, hook=note)
    return calls


def test_a_first_sync_reads_the_contents_with_the_listing(site: FakeSite, store: MemoryStore):
    assert "fetch" not in calls_of_a_first_sync(site, store)
    assert in_step(site, store)


def test_a_first_sync_that_was_cut_off_goes_on_by_key(site: FakeSite, store: MemoryStore):
    calls_of_a_first_sync(site, store, cut_at=12)
    written = len(store.rows)
    part = FakeCollection(site)
    sync_collections(FakeConnection([part]), store, SyncOptions())
    assert 0 < written < 7
    assert sorted(part.mapped) == sorted(site.bodies)[written:]
    assert in_step(site, store)


def test_a_second_sync_writes_nothing(site: FakeSite, store: MemoryStore, inline: bool):
    sync(site, store, inline=inline)
    store.writes.clear()
    counts = sync(site, store, inline=inline)
    assert (counts.unchanged, counts.written, store.writes) == (7, 0, [])


def test_a_second_sync_reads_no_content(site: FakeSite, store: MemoryStore):
    sync(site, store)
    calls: list[str] = []
    sync(site, store, hook=calls.append)
    assert "fetch" not in calls


def test_only_what_changed_is_read_and_written(site: FakeSite, store: MemoryStore):
    sync(site, store)
    store.writes.clear()
    site.put(3, "edited")
    part = FakeCollection(site)
    counts = sync_collections(FakeConnection([part]), store, SyncOptions())
    assert (part.fetched, store.writes) == ([(3,)], [3])
    assert (counts.updated, counts.unchanged) == (1, 6)


def test_a_changed_record_is_updated_inline(site: FakeSite, store: MemoryStore):
    sync(site, store, inline=True)
    site.put(3, "edited", touch=False)
    counts = sync(site, store, inline=True)
    assert (counts.updated, counts.unchanged) == (1, 6)
    assert in_step(site, store)


def test_what_was_modified_shortly_before_the_last_sync_is_read_again(store: MemoryStore):
    site = site_of(range(1, 4))
    site.now -= OVERLAP
    site.put(2, "first")
    site.now += OVERLAP
    sync(site, store)
    site.put(2, "second, in the same second", touch=False)
    site.put(3, "not in the overlap", touch=False)
    assert sync(site, store).updated == 1
    assert store.rows[2].record.values == ("second, in the same second",)


def test_only_a_full_refresh_finds_a_change_that_moved_no_time(site: FakeSite, store: MemoryStore):
    sync(site, store)
    site.put(5, "new terms", touch=False)
    assert sync(site, store).updated == 0
    assert sync(site, store, FULL).updated == 1
    assert in_step(site, store)


def test_a_deleted_record_gets_a_tombstone(site: FakeSite, store: MemoryStore, inline: bool):
    sync(site, store, inline=inline)
    site.delete(4)
    counts = sync(site, store, inline=inline)
    assert (counts.deleted, counts.seen) == (1, 6)
    assert store.buried() == {4}


def test_a_record_that_comes_back_loses_its_tombstone(site: FakeSite, store: MemoryStore):
    sync(site, store)
    moment, text = site.bodies.pop(4)
    sync(site, store)
    site.bodies[4] = moment, text
    assert sync(site, store).updated == 1
    assert in_step(site, store)


def test_a_buried_row_is_not_buried_again(site: FakeSite, store: MemoryStore):
    sync(site, store)
    site.delete(4)
    sync(site, store)
    again = sync(site, store)
    assert (again.deleted, again.kept, again.refused) == (0, 0, 0)


def test_a_newer_local_edit_survives_edits_and_deletion_at_the_source(store: MemoryStore):
    site = site_of(range(1, 4))
    sync(site, store)
    store.edit_locally(1, site.now + timedelta(hours=2))
    store.edit_locally(2, site.now + timedelta(hours=2))
    site.pass_time(3600)
    site.put(1, "edited at the source")
    site.delete(2)
    counts = sync(site, store)
    assert (counts.skipped, counts.kept, counts.deleted) == (1, 1, 0)
    assert store.rows[1].record.values == ("text 1",)
    assert not store.buried()


def test_an_older_local_edit_gives_way(site: FakeSite, store: MemoryStore):
    sync(site, store)
    store.edit_locally(1, site.now)
    site.pass_time(3600)
    site.put(1, "edited at the source")
    assert sync(site, store).updated == 1
    assert in_step(site, store)


def test_a_record_that_vanishes_before_it_is_read_is_neither_seen_nor_failed(site: FakeSite):
    store = MemoryStore()
    sync_one_before(store)
    site.vanishing = {2, 5}
    counts = sync(site, store)
    assert (counts.seen, counts.vanished, counts.failed) == (5, 2, 0)
    assert not store.dead_letters


def test_a_known_record_that_vanishes_before_it_is_read_is_buried(store: MemoryStore):
    site = site_of(range(1, 4))
    sync(site, store)
    site.put(2, "edited")
    site.vanishing = {2}
    assert sync(site, store).deleted == 1
    assert store.buried() == {2}


def test_a_record_that_is_not_served_goes_to_the_dead_letters(
    site: FakeSite, store: MemoryStore, inline: bool
):
    site.unserved = {2}
    counts = sync(site, store, inline=inline)
    assert (counts.seen, counts.failed, counts.created) == (7, 1, 6)
    assert [*store.dead_letters] == [(2, "things")]


def test_a_bad_record_does_not_stop_the_others(site: FakeSite, store: MemoryStore, inline: bool):
    site.unmappable = {2}
    counts = sync(site, store, inline=inline)
    assert (counts.failed, counts.created) == (1, 6)
    assert store.dead_letters == {(2, "things"): "text is a list, not a text"}


def test_a_row_that_the_database_refuses_counts_as_failed(site: FakeSite, store: MemoryStore):
    store.poison = {3}
    counts = sync(site, store)
    assert (counts.failed, counts.created) == (1, 6)
    assert counts.adds_up()


def test_entries_without_an_id_go_to_the_dead_letters(
    site: FakeSite, store: MemoryStore, inline: bool
):
    site.unkeyed = 2
    counts = sync(site, store, inline=inline)
    assert (counts.seen, counts.failed, counts.created) == (9, 2, 7)
    assert [*store.dead_letters] == [(None, "things")]


def test_a_record_that_the_listing_left_out_is_kept_in_step(site: FakeSite, store: MemoryStore):
    sync(site, store)
    site.put(4, "edited")
    site.unlisted, site.announces = {4}, lambda _truth: None
    counts = sync(site, store)
    assert (counts.deleted, counts.updated, counts.seen) == (0, 1, 7)
    assert in_step(site, store)


def test_an_anonymous_reader_hides_and_buries_nothing(site: FakeSite, store: MemoryStore):
    sync(site, store)
    site.delete(1)
    site.unlisted = {2}
    counts = sync(site, store, authenticated=False)
    assert (counts.hidden, counts.deleted, counts.refused) == (2, 0, 0)
    assert not store.buried()


def test_a_refused_deletion_says_how_to_let_it_through(store: MemoryStore):
    site = site_of(range(1, 41))
    sync(site, store)
    for key in range(1, 20):
        site.delete(key)
    assert sync(site, store).refused == 19
    assert not store.buried()
    assert "--approve-deletions" in store.notes[0]
    approved = SyncOptions(approve_deletions=True)
    assert sync(site, store, approved).deleted == 19


def test_rows_that_are_kept_do_not_make_a_deletion_look_large(store: MemoryStore):
    site = site_of(range(1, 41))
    sync(site, store)
    for key in range(1, 20):
        site.delete(key)
        if key > 1:
            store.edit_locally(key, site.now)
    counts = sync(site, store)
    assert (counts.deleted, counts.kept, counts.refused) == (1, 18, 0)


def test_a_local_edit_in_the_last_moment_keeps_the_row(site: FakeSite, store: MemoryStore):
    sync(site, store)
    site.delete(1)

    def edit(call: str) -> None:
        if call == "bury":
            store.edit_locally(1, site.now)

    counts = sync(site, store, hook=edit)
    assert (counts.deleted, counts.kept) == (0, 1)
    assert not store.buried()


def test_the_total_is_what_the_source_announces_where_that_is_more(store: MemoryStore):
    site = site_of(range(1, 4))
    site.announces = lambda truth: truth + 5
    assert sync(site, store).total == 8


def test_repaired_values_are_counted(store: MemoryStore):
    site = site_of(range(1, 4))
    site.repairs = 2
    assert sync(site, store).repaired == 6


class Talkative(FakeCollection):
    """Answers twice, and with what nobody asked for."""

    def fetch(self, keys: Sequence[int]) -> Fetched:
        payloads = super().fetch(keys).payloads
        strange: list[Payload] = [{"id": ["7"]}, {"id": None}, {}, {"id": True}]
        return Fetched([*payloads, *payloads, self.site.payload(7), *strange])


def test_answers_nobody_asked_for_are_dropped(store: MemoryStore):
    connection = FakeConnection([Talkative(site_of(range(1, 8)))])
    counts = sync_collections(connection, store, SyncOptions(batch_size=2))
    assert (counts.seen, counts.created, counts.failed) == (7, 7, 0)


def test_a_lost_connection_keeps_what_was_written(site: FakeSite, store: MemoryStore):
    def drop(call: str) -> None:
        if call == "absent":
            raise RetryLater("the connection was lost")

    sync(site, store)
    site.put(8, "added")
    site.delete(1)
    with pytest.raises(RetryLater):
        sync(site, store, hook=drop)
    assert 8 in store.rows


def test_revoked_credentials_bury_nothing_and_move_no_checkpoint(store: MemoryStore):
    def revoke(call: str) -> None:
        if call == "verify":
            raise TenantMustAct("acme's password was revoked")

    site = site_of(range(1, 8))
    sync(site, store)
    before = dict(store.checkpoints)
    site.delete(1)
    site.pass_time(3600)
    with pytest.raises(TenantMustAct):
        sync(site, store, hook=revoke)
    assert not store.buried()
    assert store.checkpoints == before


def test_revoked_credentials_move_no_checkpoint_although_there_is_something_to_read(
    store: MemoryStore,
):
    def revoke(call: str) -> None:
        if call == "verify":
            raise TenantMustAct("acme's password was revoked")

    with pytest.raises(TenantMustAct):
        sync(site_of(range(1, 8)), store, hook=revoke)
    assert not store.checkpoints


def test_the_overlap_is_read_before_the_cursor_moves_and_the_rest_after_it(store: MemoryStore):
    site = site_of(range(1, 4))
    site.put(3, "inside the next overlap")
    sync(site, store)
    site.pass_time(3600)
    site.put(1, "edited")
    part = FakeCollection(site)
    sync_collections(FakeConnection([part]), store, SyncOptions())
    assert part.fetched == [(3,), (1,)]


def test_a_stop_ends_the_sync_between_pages(site: FakeSite, store: MemoryStore):
    sync_one_before(store)
    stop = StopSignal()
    part = FakeCollection(site, lambda call: stop.set() if call == "fetch" else None)
    with pytest.raises(Stopped):
        sync_collections(FakeConnection([part]), store, SyncOptions(batch_size=1), stop)
    assert len(store.rows) < 7


def test_a_turn_that_is_over_ends_the_sync_behind_the_page_it_wrote(store: MemoryStore):
    clock = iter(range(100))
    stop = StopSignal(turn=5, monotonic=lambda: next(clock))
    sync_one_before(store)
    connection = FakeConnection([FakeCollection(site_of(range(1, 20)), page_size=100)])
    with pytest.raises(OutOfTime):
        sync_collections(connection, store, SyncOptions(batch_size=2), stop)
    assert sorted(store.rows) == [*range(1, 10)]  # one from before, four pages of two


def test_collections_of_one_stream_share_one_account(store: MemoryStore):
    site, other = site_of(range(1, 4)), site_of(range(11, 13))
    other.unkeyed = 1
    parts = [FakeCollection(site, scope="a", name="a"), FakeCollection(other, scope="b", name="b")]
    counts = sync_collections(FakeConnection(parts), store, SyncOptions())
    assert (counts.seen, counts.total, counts.created, counts.failed) == (6, 6, 5, 1)
    assert {row.scope for row in store.rows.values()} == {"a", "b"}
    assert set(store.checkpoints) == {"a", "b"}


def test_a_collection_buries_no_row_of_another(store: MemoryStore):
    site, other = site_of(range(1, 4)), site_of(range(11, 13))
    parts = [FakeCollection(site, scope="a", name="a"), FakeCollection(other, scope="b", name="b")]
    sync_collections(FakeConnection(parts), store, SyncOptions())
    other.delete(11)
    assert sync_collections(FakeConnection(parts), store, SyncOptions()).deleted == 1
    assert store.buried() == {11}


def test_the_progress_never_shows_more_fates_than_records(site: FakeSite, store: MemoryStore):
    site.unkeyed, site.unserved, site.vanishing = 1, {2}, {3}
    sync(site, store)
    assert all(counts.accounted <= counts.seen for counts in store.shown)
    assert store.shown[-1].adds_up()


def test_a_new_full_sync_reads_also_what_a_cut_off_one_had_read(store: MemoryStore):
    site = site_of(range(1, 8))
    sync(site, store)
    half = store.checkpoints["things"]._replace(reread_from=4)
    store.checkpoints["things"] = half
    store.own = False
    part = FakeCollection(site)
    sync_collections(FakeConnection([part]), store, FULL)
    assert sorted(key for keys in part.fetched for key in keys) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("options", [FULL, replace(FULL, full=False)], ids=["full", "incremental"])
def test_a_full_refresh_that_was_cut_off_goes_on_where_it_stopped(options: SyncOptions):
    site, store = site_of(range(1, 8)), MemoryStore()
    sync(site, store)
    half = store.checkpoints["things"]._replace(reread_from=4)
    store.checkpoints["things"] = half
    part = FakeCollection(site)
    sync_collections(FakeConnection([part]), store, options)
    assert sorted(key for keys in part.fetched for key in keys) == [5, 6, 7]
    assert store.checkpoints["things"].reread_from is None


def test_a_full_refresh_that_finds_nothing_new_still_moves_on(site: FakeSite, store: MemoryStore):
    sync(site, store)
    store.writes.clear()

    def drop(call: str) -> None:
        if call == "absent" or (call == "verify" and len(calls) > 20):
            raise RetryLater("the connection was lost")
        calls.append(call)

    calls: list[str] = []
    with pytest.raises(RetryLater):
        sync(site, store, FULL, hook=drop)
    assert store.checkpoints["things"].reread_from == 7
    assert store.writes == []


def test_a_full_refresh_reads_every_key_that_a_source_may_have(store: MemoryStore):
    site = site_of(range(-2, 3))
    sync(site, store)
    part = FakeCollection(site)
    sync_collections(FakeConnection([part]), store, FULL)
    assert sorted(part.mapped) == [-2, -1, 0, 1, 2]
