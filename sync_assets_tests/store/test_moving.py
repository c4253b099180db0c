"""A record that becomes one of another kind takes nothing along that is not its own."""

from dataclasses import replace

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.demo import DemoSite
from sync_assets_tests.conftest import register
from sync_assets_tests.end_to_end.comparing import differing
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres

TERMS = """
    SELECT array_agg(term_wp_id ORDER BY term_wp_id) FROM cms.wordpress_content_terms
    WHERE content_wp_id = %s AND tenant_id = 'before'
"""


def test_a_post_that_becomes_a_page_leaves_its_terms_and_finds_them_again(
    platform: Platform, owner: Owner, empty_site: DemoSite
):
    site = empty_site.site
    category = site.add("categories", name="Novidades")
    key = site.add("posts", title="Aqui e ali", categories=[category])
    for kind in ("posts", "pages"):
        site.add(kind, title="Fica", **({"categories": [category]} if kind == "posts" else {}))
    register(platform, "before", empty_site)
    sync(platform, "before")
    assert one(owner, TERMS, key) == [category]

    site.tables.put(replace(site.entry("posts", key), kind="pages"))
    sync(platform, "before")
    register(platform, "after", empty_site)
    sync(platform, "after")
    assert one(owner, TERMS, key) is None
    assert "wordpress_content_terms" not in differing(owner, "before", "after")

    site.tables.put(replace(site.entry("pages", key), kind="posts"))
    sync(platform, "before")
    assert one(owner, TERMS, key) == [category]
