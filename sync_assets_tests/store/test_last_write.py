"""Last write wins between the site and the CMS, also when both write at the same moment."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.messages import Request, Response
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, MARCH, held, page, post, sync

pytestmark = pytest.mark.postgres

LATER = timedelta(minutes=5)


def edit_locally(owner: Owner, key: int, at: datetime | None = None) -> None:
    """An editor's change in the CMS; `at` moves it in time, past the trigger."""
    owner.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = %s", [key])
    if at is not None:
        with owner.transaction():
            owner.execute("SET LOCAL session_replication_role = replica")  # no triggers
            owner.execute(
                "UPDATE cms.wordpress_posts SET local_modified_at = %s WHERE wp_id = %s", [at, key]
            )


def title(owner: Owner, key: int) -> str:
    return one(owner, "SELECT title FROM cms.wordpress_posts WHERE wp_id = %s", key)


def deleted(owner: Owner, key: int) -> bool:
    query = "SELECT deleted_at IS NOT NULL FROM cms.wordpress_posts WHERE wp_id = %s"
    return one(owner, query, key)


class Meanwhile:
    """Does something once, the moment the site is asked for what this is about."""

    def __init__(self, asked: Callable[[Request], bool], act: Callable[[], object]) -> None:
        self._asked, self._act = asked, act
        self._lock = threading.Lock()
        self.acted = False

    def __call__(self, request: Request) -> Response | None:
        with self._lock:
            if not self.acted and self._asked(request):
                self.acted = True
                self._act()


def reads(route: str) -> Callable[[Request], bool]:
    """Requests for contents by id, which come after the comparison with what the CMS has."""
    return lambda request: request.route == route and "include" in request.params


@contextmanager
def uncommitted_edit(url: str, key: int) -> Generator[psycopg.Connection]:
    """An editor's transaction that holds the row's lock."""
    with psycopg.connect(url) as editor:
        editor.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = %s", [key])
        yield editor


def wait_for_a_blocked_writer(owner: Owner) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
    deadline = time.monotonic() + 10
    while not one(owner, query):
        assert time.monotonic() < deadline, "nobody waits for the row"
        time.sleep(0.01)


# Who wrote


def test_an_edit_by_anyone_but_the_sync_is_noted_with_its_time(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(1), post(2)))
    before = utc_now()
    owner.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = 1")
    rows = dict(owner.execute("SELECT wp_id, local_modified_at FROM cms.wordpress_posts"))
    assert before - LATER < rows[1] < utc_now() + LATER
    assert rows[2] is None


def test_the_sync_itself_is_never_taken_for_an_editor(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(1)))
        stream.write(page(post(1, "Mais novo", APRIL)))
        stream.bury("post", [1])
    query = "SELECT local_modified_at IS NULL AND deleted_at IS NOT NULL FROM cms.wordpress_posts"
    assert one(owner, query)


# Who wins


def test_a_newer_local_edit_is_skipped_and_counted(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    kept, changed = demo_site.site.ids("posts")[20:22]
    for key in (kept, changed):
        demo_site.site.edit("posts", key, title="Do site")
    edit_locally(owner, kept, at=utc_now() + LATER)
    counts = sync(platform, acme.id)
    assert (counts.skipped, counts.updated) == (1, 1)
    assert (title(owner, kept), title(owner, changed)) == ("Local", "Do site")


def test_an_older_local_edit_is_overwritten(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("posts")[20]
    edit_locally(owner, key, at=utc_now() - LATER)
    demo_site.site.edit("posts", key, title="Do site")
    counts = sync(platform, acme.id)
    assert (counts.skipped, counts.updated) == (0, 1)
    assert title(owner, key) == "Do site"


def test_a_local_edit_stays_while_the_site_does_not_change(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("posts")[20]
    edit_locally(owner, key)
    assert sync(platform, acme.id).skipped == 1
    assert sync(platform, acme.id, SyncOptions(full=True)).skipped == 1
    assert title(owner, key) == "Local"


def test_a_locally_edited_term_stays_since_terms_have_no_modified_time(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("tags")[0]
    owner.execute("UPDATE cms.wordpress_terms SET name = 'Local' WHERE wp_id = %s", [key])
    demo_site.site.edit("tags", key, name="Do site")
    assert sync(platform, acme.id).skipped == 1
    assert one(owner, "SELECT name FROM cms.wordpress_terms WHERE wp_id = %s", key) == "Local"


def test_of_two_writes_in_the_same_instant_the_sites_wins(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(1)))
        edit_locally(owner, 1, at=APRIL)
        stream.write(page(post(1, "Um pouco antes", APRIL - timedelta(microseconds=1))))
        assert title(owner, 1) == "Local"
        stream.write(page(post(1, "No mesmo instante", APRIL)))
        assert title(owner, 1) == "No mesmo instante"


# Races


def test_a_local_edit_between_comparison_and_write_is_not_lost(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("posts")[20]
    demo_site.site.edit("posts", key, title="Do site")
    edit = Meanwhile(reads("/wp/v2/posts"), lambda: edit_locally(owner, key, at=utc_now() + LATER))
    demo_site.faults.add(edit)
    counts = sync(platform, acme.id)
    assert edit.acted
    assert (counts.skipped, counts.updated) == (1, 0)
    assert title(owner, key) == "Local"


def test_a_local_edit_that_commits_while_the_upsert_waits_is_not_lost(
    platform: Platform, owner: Owner, database_url: str
):
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(1), post(2, terms=[5])))
        with uncommitted_edit(database_url, 2) as editor:
            newer = page(post(1, "Novo", APRIL), post(2, "Novo", APRIL, terms=[6]))
            writing = pool.submit(stream.write, newer)
            wait_for_a_blocked_writer(owner)
            editor.commit()
        written = writing.result()
    assert (written.updated, written.skipped) == (1, 1)
    assert (title(owner, 1), title(owner, 2)) == ("Novo", "Local")
    assert one(owner, "SELECT term_wp_id FROM cms.wordpress_content_terms") == 5


def test_a_local_edit_that_rolls_back_while_the_upsert_waits_leaves_the_sites_version(
    platform: Platform, owner: Owner, database_url: str
):
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(2)))
        with uncommitted_edit(database_url, 2) as editor:
            writing = pool.submit(stream.write, page(post(2, "Novo", APRIL)))
            wait_for_a_blocked_writer(owner)
            editor.rollback()
        assert writing.result().updated == 1
    assert title(owner, 2) == "Novo"


def test_a_deadlock_with_an_editor_is_tried_again(
    platform: Platform, owner: Owner, database_url: str
):
    owner.execute(SQL("ALTER DATABASE {} SET deadlock_timeout = '20ms'").format(
        Identifier(owner.info.dbname)
    ))  # fmt: skip
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(1), post(2)))
        with uncommitted_edit(database_url, 2) as editor:
            editor.execute("SET deadlock_timeout = '1min'")  # it is not the one to give way
            writing = pool.submit(
                stream.write, page(post(1, "Novo", APRIL), post(2, "Novo", APRIL))
            )
            wait_for_a_blocked_writer(owner)
            editor.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = 1")
            editor.commit()
        assert writing.result().skipped == 2


# Tombstones


def test_a_tombstone_never_overrides_a_newer_local_edit(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    kept, gone = demo_site.site.ids("posts")[20:22]
    edit_locally(owner, kept)
    edit_locally(owner, gone, at=MARCH - timedelta(days=9999))
    for key in (kept, gone):
        demo_site.site.delete("posts", key)
    counts = sync(platform, acme.id)
    assert (counts.kept, counts.deleted) == (1, 1)
    assert (deleted(owner, kept), deleted(owner, gone)) == (False, True)


def test_nor_does_one_whose_proof_was_found_before_the_edit(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("posts")[20]
    demo_site.site.delete("posts", key)
    edit = Meanwhile(
        lambda request: request.route == f"/wp/v2/posts/{key}", lambda: edit_locally(owner, key)
    )
    demo_site.faults.add(edit)
    counts = sync(platform, acme.id)
    assert edit.acted
    assert (counts.kept, counts.deleted) == (1, 0)
    assert not deleted(owner, key)


def test_nor_does_one_that_waits_for_an_edit_to_commit(
    platform: Platform, owner: Owner, database_url: str
):
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(1), post(2)))
        with uncommitted_edit(database_url, 2) as editor:
            burying = pool.submit(stream.bury, "post", [1, 2])
            wait_for_a_blocked_writer(owner)
            editor.commit()
        assert burying.result() == 1
    assert (deleted(owner, 1), deleted(owner, 2)) == (True, False)


def test_a_record_that_comes_back_loses_its_tombstone(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    key = demo_site.site.ids("posts")[20]
    gone = demo_site.site.entry("posts", key)
    demo_site.site.delete("posts", key)
    assert sync(platform, acme.id).deleted == 1
    demo_site.site.tables.put(gone)
    assert sync(platform, acme.id).updated == 1
    assert not deleted(owner, key)
