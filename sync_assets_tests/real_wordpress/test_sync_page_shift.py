"""Rows deleted for good while the pages of a listing are read: those behind move up."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from sync_assets.core.counts import Counts
from sync_assets_tests.real_wordpress.gate import Gate
from sync_assets_tests.real_wordpress.happenings import delete_rows, published
from sync_assets_tests.real_wordpress.mirror import Mirror, total
from sync_assets_tests.real_wordpress.site import WordPressSite

LISTING = r"/wp/v2/posts\?.*offset="


@pytest.fixture(scope="module")
def site_with_many_pages(
    new_site: Callable[..., WordPressSite], mirror_of: Callable[..., Mirror]
) -> Mirror:
    return mirror_of(new_site(), posts=300, pages=1, media=1, categories=2, tags=2, eventos=1)


def test_rows_that_move_up_between_two_pages_are_not_lost(mirror: Mirror) -> None:
    early, tombstones = published(mirror)[:5], mirror.held.tombstones()
    with Gate(mirror.site.url) as gate:
        gate.before(f"{LISTING}990&", lambda: delete_rows(mirror.site, early))
        outcomes = mirror.attempt(gate.url)
        assert not gate.waiting
    assert [outcome.error for outcome in outcomes] == [None] * 4
    # The deleted ones were listed before; the next sync finds out.
    assert {difference.wp_id for difference in mirror.differences()} <= set(early)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - tombstones == {("posts", wp_id) for wp_id in early}


@pytest.mark.parametrize("rows", [1, 9, 10, 35])
def test_a_first_sync_loses_no_row_however_far_the_rows_move(
    site_with_many_pages: Mirror, rows: int
) -> None:
    mirror = site_with_many_pages.twin(f"shift-{rows}")
    early = published(mirror)[:rows]
    with Gate(mirror.site.url) as gate:
        gate.before(f"{LISTING}90&", lambda: delete_rows(mirror.site, early))
        outcomes = mirror.attempt(gate.url, batch_size=10)
        assert not gate.waiting
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert all(isinstance(o.counts, Counts) and o.counts.adds_up() for o in outcomes)
    assert_only_the_next_sync_finds_out(mirror, early)


def test_rows_that_move_up_with_every_page_are_not_lost(site_with_many_pages: Mirror) -> None:
    mirror = site_with_many_pages.twin("shift-again-and-again")
    early = published(mirror)[:12]
    with Gate(mirror.site.url) as gate:
        for page, wp_id in enumerate(early, start=10):
            delete = partial(delete_rows, mirror.site, [wp_id])
            gate.before(f"{LISTING}{9 * page}&", delete)
        outcomes = mirror.attempt(gate.url, batch_size=10)
        assert not gate.waiting
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert_only_the_next_sync_finds_out(mirror, early)
    assert total(mirror.sync(), "written") == 0


def assert_only_the_next_sync_finds_out(mirror: Mirror, deleted: Sequence[int]) -> None:
    """A first sync has read what was deleted behind it; nothing else is missing or too much."""
    assert {difference.wp_id for difference in mirror.differences()} <= set(deleted)
    mirror.sync(approve_deletions=True)
    assert mirror.differences() == []
