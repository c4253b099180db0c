"""Deletions that are too many to be believed wait for the operator's word."""

from collections.abc import Callable

from sync_assets_tests.real_wordpress.happenings import delete_rows, published
from sync_assets_tests.real_wordpress.mirror import Mirror, total
from sync_assets_tests.real_wordpress.site import WordPressSite


def test_a_mass_deletion_is_refused_until_it_is_approved(small: Mirror) -> None:
    gone = published(small)[:24]
    delete_rows(small.site, gone)
    before = small.held.rows("posts")
    counts = small.sync()
    assert (total(counts, "refused"), total(counts, "deleted")) == (24, 0)
    assert small.held.rows("posts") == before
    assert {difference.wp_id for difference in small.differences()} == set(gone)
    posts = sum(row["type"] == "post" for row in before.values())
    reason = f"24 of {posts} records would go at once"
    assert any(reason in message for message in warnings(small))
    small.sync(approve_deletions=True)
    assert small.differences() == []
    assert small.held.tombstones() == {("posts", wp_id) for wp_id in gone}


def test_a_site_that_was_emptied_loses_nothing_unasked(
    new_site: Callable[..., WordPressSite], mirror_of: Callable[..., Mirror]
) -> None:
    mirror = mirror_of(new_site(), posts=30, pages=3, media=3, categories=3, tags=3, eventos=2)
    mirror.begin()
    mirror.site.database.execute("DELETE FROM wp_posts;")
    held = len(mirror.held.rows("posts"))
    counts = mirror.sync()
    assert mirror.held.tombstones() == set()
    assert len(mirror.held.rows("posts")) == held
    assert counts["posts"].refused == held
    assert any("lists no record at all" in message for message in warnings(mirror))
    mirror.sync(approve_deletions=True)
    assert mirror.differences() == []


def test_a_post_that_becomes_a_page_moves_and_comes_back(small: Mirror) -> None:
    post = small.site.create_post(title="Aqui e ali")
    small.sync()
    for kind, stream in (("page", "pages"), ("post", "posts")):
        small.site.edit_post(post, type=kind)
        small.sync()
        assert small.differences() == []
        assert post in small.held.rows(stream)
    assert ("pages", post) in small.held.tombstones()
    assert ("posts", post) not in small.held.tombstones()


def warnings(mirror: Mirror) -> list[str]:
    """What the newest sync of the tenant warned of."""
    newest = mirror.platform.syncs.latest(mirror.tenant.id)
    assert newest is not None
    lines = mirror.platform.syncs.log(newest)
    return [line["message"] for line in lines if line["level"] == "WARNING"]
