"""No local edit is lost, also when the sync and an editor write at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.store.editing import (
    LATER,
    Meanwhile,
    copy_post,
    deleted,
    edit_locally,
    reads,
    title,
    uncommitted_copy,
    uncommitted_edit,
    wait_for_a_blocked_writer,
)
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, MARCH, held, new_page, page, post, sync

pytestmark = pytest.mark.postgres


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


def test_a_record_that_an_editor_brings_while_it_is_inserted_is_not_overwritten(
    platform: Platform, owner: Owner, database_url: str
):
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(1)))
        with uncommitted_copy(database_url, 1, 2) as editor:
            writing = pool.submit(stream.write, new_page(post(2, terms=[6]), post(3)))
            wait_for_a_blocked_writer(owner)
            editor.commit()
        written = writing.result()
    assert (written.created, written.skipped) == (1, 1)
    assert title(owner, 2) == "Local"
    assert one(owner, "SELECT count(*) FROM cms.wordpress_content_terms") == 0


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


def test_so_is_one_while_new_records_are_inserted(
    platform: Platform, owner: Owner, database_url: str
):
    impatient = SQL("ALTER DATABASE {} SET deadlock_timeout = '20ms'")
    owner.execute(impatient.format(Identifier(owner.info.dbname)))
    with held(platform) as stream, ThreadPoolExecutor(1) as pool:
        stream.write(page(post(1)))
        with uncommitted_copy(database_url, 1, 3) as editor:
            editor.execute("SET deadlock_timeout = '1min'")  # so that it is the sync's to give way
            writing = pool.submit(stream.write, new_page(post(2), post(3), post(4)))
            wait_for_a_blocked_writer(owner)
            copy_post(editor, 1, 2)
            editor.commit()
        written = writing.result()
    assert (written.created, written.skipped) == (1, 2)
    assert (title(owner, 2), title(owner, 3)) == ("Local", "Local")


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
