"""Last write wins between the site and the CMS."""

from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.store.editing import LATER, deleted, edit_locally, title
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, held, page, post, sync

pytestmark = pytest.mark.postgres


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
