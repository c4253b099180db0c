"""A sync that is cut off at any call, and done again, ends as if nothing had happened."""

import contextlib
from collections.abc import Iterator

import pytest

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import SyncOptions
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite, site_of
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.running import sync, sync_collections

BATCH = 2
INCREMENTAL = SyncOptions(batch_size=BATCH)
FULL = SyncOptions(batch_size=BATCH, full=True)


class Cut:
    """Cuts a sync off at its n-th call to the source or the store, or at its n-th of one kind."""

    def __init__(self, at: int, kind: str = "") -> None:
        self.left, self.kind = at, kind

    def __call__(self, call: str) -> None:
        self.left -= call.startswith(self.kind)
        if self.left == 0 and call.startswith(self.kind):
            raise RetryLater(f"cut off at {call}")


def before() -> tuple[FakeSite, MemoryStore]:
    """A CMS in step with its site; then the site changes in every way."""
    site, store = site_of(range(1, 8)), MemoryStore()
    sync(site, store)
    site.pass_time(3600)
    site.put(2, "edited")
    site.put(3, "edited without moving the time", touch=False)
    site.put(9, "added")
    site.put(10, "added")
    site.delete(5)
    site.unmappable = {10}
    store.edit_locally(6, site.now)
    site.pass_time(60)
    return site, store


def nothing_before() -> tuple[FakeSite, MemoryStore]:
    return before()[0], MemoryStore()


def state(store: MemoryStore) -> tuple[object, ...]:
    return dict(sorted(store.rows.items())), store.dead_letters, store.checkpoints


def cuts() -> Iterator[int]:
    """Every call of a sync has its turn."""
    yield from range(1, 200)
    pytest.fail("a sync makes more calls than expected")


@pytest.mark.parametrize("inline", [False, True], ids=["by key", "inline"])
@pytest.mark.parametrize("options", [INCREMENTAL, FULL], ids=["incremental", "full"])
@pytest.mark.parametrize("start", [nothing_before, before], ids=["first", "later"])
def test_cut_off_anywhere_it_ends_in_the_same_state(start, options: SyncOptions, inline: bool):  # pyright: ignore[reportUnknownParameterType]
    site, undisturbed = start()
    sync(site, undisturbed, options, inline=inline)
    for at in cuts():
        site, store = start()
        try:
            sync(site, store, options, inline=inline, hook=Cut(at))
        except RetryLater:
            sync(site, store, options, inline=inline)
            assert state(store) == state(undisturbed), f"cut off at call {at}"
        else:
            assert at > 10
            return


def full_refresh(site: FakeSite, store: MemoryStore, cut: Cut | None = None) -> FakeCollection:
    part = FakeCollection(site, page_size=100)
    store.hook = cut or Cut(0)
    try:
        sync_collections(FakeConnection([part], hook=store.hook), store, FULL)
    except RetryLater:
        assert cut is not None
    return part


def test_a_full_refresh_that_was_cut_off_repeats_one_page_at_most():
    for at in cuts():
        site, store = before()
        first = full_refresh(site, store, Cut(at))
        if store.checkpoints["things"].reread_from is None and first.mapped:
            assert at > 10
            return
        site.pass_time(3600)
        second = full_refresh(site, store)
        assert {*first.mapped, *second.mapped} == set(site.bodies) - {6}
        assert len(first.mapped) + len(second.mapped) <= len(site.bodies) - 1 + BATCH


def test_an_incremental_sync_that_was_cut_off_repeats_one_page_at_most():
    for at in cuts():
        site, store = before()
        for key in range(20, 30):
            site.put(key, "added")
        site.pass_time(60)
        first = FakeCollection(site, cut := Cut(at))
        with contextlib.suppress(RetryLater):
            sync_collections(FakeConnection([first]), store, INCREMENTAL)
        second = FakeCollection(site)
        sync_collections(FakeConnection([second]), store, INCREMENTAL)
        if cut.left > 0:
            return
        assert len(first.mapped) + len(second.mapped) <= 13 + BATCH, f"cut off at call {at}"


def test_a_full_refresh_that_keeps_being_cut_off_still_comes_to_its_end():
    site, store = before()
    site.behave()
    for _ in range(20):
        site.pass_time(3600)
        cut = Cut(2, "written")  # behind the first page
        full_refresh(site, store, cut)
        if cut.left > 0:
            break
    assert store.checkpoints["things"].reread_from is None
    assert store.rows[3].record.values == ("edited without moving the time",)
