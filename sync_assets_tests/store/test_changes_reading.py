"""Nobody who reads on misses a change: not of late commits, nor of a clean-up, nor of a restore."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.changes import Cursor, CursorExpired
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import WrongWish
from sync_assets.store import changes as feeds
from sync_assets_tests.store.feed import Reader
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import held, page, post, request

pytestmark = pytest.mark.postgres


@pytest.fixture
def reader(platform: Platform) -> Reader:
    """Has seen the posts 1 to 5 come."""
    with held(platform) as stream:
        stream.write(page(*(post(key) for key in range(1, 6))))
    reader = Reader(platform)
    assert len(reader.changes()) == 5
    return reader


@contextmanager
def editing(url: str, key: int) -> Generator[psycopg.Connection]:
    """A transaction that has edited a post and is not committed yet."""
    with psycopg.connect(url) as editor:
        editor.execute("UPDATE cms.wordpress_posts SET title = 'New' WHERE wp_id = %s", [key])
        yield editor


def edit(owner: Owner, key: int) -> None:
    owner.execute("UPDATE cms.wordpress_posts SET title = title || '!' WHERE wp_id = %s", [key])


def keys(reader: Reader) -> list[int]:
    return [change.key for change in reader.changes()]


def age(owner: Owner, days: int) -> None:
    """Let so much time pass for what is in the feed."""
    owner.execute("UPDATE cms.changes SET at = at - make_interval(days => %s)", [days])
    owner.execute("UPDATE sync.feeds SET at = at - make_interval(days => %s)", [days])


def forget(platform: Platform, days: int = 7) -> int:
    return sum(platform.changes.forget(utc_now() - timedelta(days=days)))


# Writers at the same time


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_open_transactions_the_late_one_comes_late_and_is_not_skipped(
    reader: Reader, database_url: str, first: int
):
    with editing(database_url, 1) as one_, editing(database_url, 2) as other:
        pair = [(one_, 1), (other, 2)]
        (early, early_key), (late, late_key) = pair[first], pair[1 - first]
        assert keys(reader) == []
        early.commit()
        assert keys(reader) == [early_key]
        assert keys(reader) == []
        late.commit()
        assert keys(reader) == [late_key]


def test_a_forgotten_open_transaction_holds_back_nobody_elses_changes(
    reader: Reader, owner: Owner, database_url: str
):
    with editing(database_url, 1) as open_one:
        open_one.execute("SELECT pg_current_xact_id()")
        for key in (2, 3):
            edit(owner, key)
            assert keys(reader) == [key]


def test_changes_of_one_record_keep_their_order(reader: Reader, owner: Owner):
    edit(owner, 1)
    owner.execute("DELETE FROM cms.wordpress_posts WHERE wp_id = 1")
    assert [kind for kind, _, _ in reader.seen()] == ["updated", "deleted"]


def test_all_readers_see_one_order_while_many_write(reader: Reader, database_url: str):
    rounds = 60

    def write(key: int) -> None:
        with psycopg.connect(database_url) as writer:
            for number in range(rounds):
                writer.execute(
                    "UPDATE cms.wordpress_posts SET title = %s WHERE wp_id = %s",
                    [str(number), key],
                )
                writer.execute("SELECT pg_sleep(random() * 0.004)")
                writer.commit()

    writers = [threading.Thread(target=write, args=[key]) for key in (1, 2, 3)]
    readers = [Reader(reader.platform, cursor=reader.cursor, limit=7) for _ in range(2)]
    seen: list[list[str]] = [[], []]
    done = threading.Event()

    def read(number: int) -> None:
        last = False
        while not last:
            last = done.is_set()
            seen[number] += [change.id for change in readers[number].changes()]

    reading = [threading.Thread(target=read, args=[number]) for number in (0, 1)]
    for thread in (*writers, *reading):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in reading:
        thread.join()
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == len(seen[0]) == 3 * rounds
    assert [change.id for change in reader.changes()] == seen[0]


# Pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_of_any_size_hold_each_change_once(reader: Reader, owner: Owner, limit: int):
    edit(owner, 2)
    owner.execute("UPDATE cms.wordpress_posts SET status = 'draft' WHERE wp_id > 2")
    everything = Reader(reader.platform).changes()
    assert Reader(reader.platform, limit=limit).changes() == everything
    positions = [tuple(map(int, change.id.split("."))) for change in everything]
    assert all(one < other for one, other in pairwise(positions))
    assert len(everything) == 9


def test_of_some_streams_the_others_are_passed_over(reader: Reader, owner: Owner):
    edit(owner, 1)
    terms = Reader(reader.platform, streams=["terms"])
    assert terms.changes() == []
    assert terms.cursor == Reader(reader.platform, cursor=reader.cursor).platform.changes.now(
        "acme"
    )
    some = Reader(reader.platform, limit=2, streams=["posts", "terms"])
    assert len(some.changes()) == 6


def test_another_tenants_changes_are_not_in_it(reader: Reader, platform: Platform):
    with held(platform, request("globex")) as stream:
        stream.write(page(post(1)))
    assert reader.changes() == []
    assert Reader(platform, "globex").seen() == [("created", "posts", 1)]


def test_from_now_on_means_behind_all_that_is_committed(
    reader: Reader, owner: Owner, database_url: str
):
    with editing(database_url, 1) as open_one:
        edit(owner, 2)
        now = Reader(reader.platform, cursor=reader.platform.changes.now("acme"))
        assert keys(now) == []
        open_one.commit()
        edit(owner, 3)
        assert keys(now) == [1, 3]


# What is forgotten


def test_what_is_older_than_its_retention_is_forgotten(
    reader: Reader, owner: Owner, platform: Platform
):
    edit(owner, 1)
    reader.changes()
    age(owner, 8)
    edit(owner, 2)
    assert forget(platform) == 2
    assert one(owner, "SELECT count(*) FROM cms.changes") == 1
    assert forget(platform) == 0


def test_who_has_read_all_that_was_forgotten_goes_on(
    reader: Reader, owner: Owner, platform: Platform
):
    age(owner, 8)
    reader.cursor = platform.changes.now("acme")
    forget(platform)
    assert keys(reader) == []
    edit(owner, 2)
    assert keys(reader) == [2]


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("read", [0, 2])
def test_who_has_not_is_told_to_begin_anew(owner: Owner, platform: Platform, read: int):
    age(owner, 8)
    behind = platform.changes.read("acme", None, read).next if read else Cursor()
    edit(owner, 1)
    forget(platform)
    with pytest.raises(CursorExpired, match="cursor=now"):
        platform.changes.read("acme", behind)
    assert [change.key for change in platform.changes.read("acme").changes] == [1]


def test_nothing_that_nobody_has_numbered_yet_is_forgotten_unnoticed(
    reader: Reader, owner: Owner, platform: Platform
):
    edit(owner, 1)
    owner.execute("UPDATE cms.changes SET at = at - interval '8 days' WHERE position IS NULL")
    owner.execute("UPDATE cms.changes SET at = at - interval '8 days' WHERE position IS NOT NULL")
    forget(platform)
    with pytest.raises(CursorExpired):
        reader.changes()


@pytest.mark.usefixtures("reader")
def test_forgetting_goes_on_batch_after_batch(
    owner: Owner, platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    for key in (1, 2, 3, 4, 5):
        edit(owner, key)
    age(owner, 8)
    monkeypatch.setattr(feeds, "FORGOTTEN", 2)
    monkeypatch.setattr(feeds, "NUMBERED", 2)
    assert list(platform.changes.forget(utc_now() - timedelta(days=7))) == [2, 2, 2, 0]


def test_a_restored_backup_is_noticed_also_when_it_has_grown_again(
    reader: Reader, owner: Owner, platform: Platform
):
    owner.execute("CREATE TABLE backup AS SELECT * FROM sync.feeds")
    owner.execute("CREATE TABLE rows AS SELECT * FROM cms.changes")
    edit(owner, 1)
    reader.changes()
    owner.execute("DELETE FROM sync.feeds; INSERT INTO sync.feeds SELECT * FROM backup")
    owner.execute("DELETE FROM cms.changes")
    owner.execute("INSERT INTO cms.changes OVERRIDING SYSTEM VALUE SELECT * FROM rows")
    with pytest.raises(CursorExpired):
        platform.changes.read("acme", reader.cursor)
    for key in (2, 3):
        edit(owner, key)
    platform.changes.now("acme")
    with pytest.raises(CursorExpired):
        platform.changes.read("acme", reader.cursor)


@pytest.mark.usefixtures("reader")
def test_a_purge_takes_the_feed_with_it(platform: Platform, owner: Owner):
    tables = ["wordpress_content_terms", "wordpress_posts"]
    platform.tenants.purge("acme", tables)
    assert one(owner, "SELECT count(*) FROM cms.changes") == 0
    assert one(owner, "SELECT count(*) FROM sync.feeds") == 0


# Cursors


@pytest.mark.parametrize("text", ["", "now", "é", "====", "MS4w", "LTEuMC4w", "9" * 200])
def test_what_is_no_cursor_is_refused(text: str):
    with pytest.raises(WrongWish, match="no cursor"):
        Cursor.parse(text)


def test_a_cursor_comes_back_from_its_text():
    cursor = Cursor(812, 3, 1_732_000_000_000_001)
    assert Cursor.parse(str(cursor)) == cursor
    assert str(cursor).isascii()
    assert "=" not in str(cursor)
