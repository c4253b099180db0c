"""A sync writes what differs and nothing else: asked of PostgreSQL, not of our own counters."""

import time

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.store.looking import Owner, one, versions
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres

FULL = SyncOptions(full=True)


def writes(platform: Platform, owner: Owner) -> int:
    """Rows of contents ever inserted, updated or deleted, by PostgreSQL's statistics."""
    platform.database.close()  # a backend hands its last statistics in when it ends
    others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sync_assets' \
        AND datname = current_database()"
    while one(owner, others):
        time.sleep(0.01)
    owner.execute("SELECT pg_stat_clear_snapshot()")
    query = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int FROM pg_stat_user_tables \
        WHERE schemaname = 'cms' AND relname <> 'changes'"
    return one(owner, query)


def test_a_second_sync_writes_nothing_nor_does_a_full_one(
    platform: Platform, owner: Owner, acme: Tenant
):
    sync(platform, acme.id)
    before, written = versions(owner), writes(platform, owner)
    assert written == len(before) > 250
    sync(platform, acme.id)
    sync(platform, acme.id, FULL)
    assert versions(owner) == before
    assert writes(platform, owner) == written


def test_an_edit_at_the_site_updates_exactly_that_row(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    before, written = versions(owner), writes(platform, owner)
    edited = demo_site.site.ids("posts")[20]
    demo_site.site.edit("posts", edited, title="Outro título")
    sync(platform, acme.id)
    after = versions(owner)
    assert {key for key in after if after[key] != before.get(key)} == {
        ("wordpress_posts", f"acme/{edited}")
    }
    assert writes(platform, owner) == written + 1


def test_a_new_term_of_a_post_touches_the_post_and_one_link(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    before = versions(owner)
    edited = demo_site.site.ids("posts")[20]
    term = demo_site.site.ids("tags")[-1]
    held = demo_site.site.entry("posts", edited).terms["tags"]
    demo_site.site.edit("posts", edited, tags=[*held, term])
    sync(platform, acme.id)
    after = versions(owner)
    assert {key for key in after if after[key] != before.get(key)} == {
        ("wordpress_posts", f"acme/{edited}"),
        ("wordpress_content_terms", f"acme/{edited}/{term}"),
    }


def test_a_change_that_moves_no_modified_time_is_found_by_a_full_sync(
    platform: Platform, owner: Owner, acme: Tenant, demo_site: DemoSite
):
    sync(platform, acme.id)
    before = versions(owner)
    edited = demo_site.site.ids("posts")[20]
    demo_site.site.edit("posts", edited, touch=False, sticky=True)
    sync(platform, acme.id)
    assert versions(owner) == before
    assert sync(platform, acme.id, FULL).updated == 1
    after = versions(owner)
    assert {key for key in after if after[key] != before.get(key)} == {
        ("wordpress_posts", f"acme/{edited}")
    }
