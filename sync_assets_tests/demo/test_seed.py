from collections import Counter

import pytest

from sync_assets.demo.seed import fill
from sync_assets.demo.site import Site


@pytest.fixture(scope="module")
def site() -> Site:
    site = Site()
    fill(site)
    return site


def test_it_is_always_the_same_content(site: Site) -> None:
    again = Site()
    fill(again)
    assert again.tables.entries() == site.tables.entries()


def test_it_is_the_same_content_on_every_port(site: Site) -> None:
    elsewhere = Site(url="http://127.0.0.1:9")
    fill(elsewhere)
    texts = [entry.content for entry in elsewhere.tables.entries()]
    assert texts == [entry.content for entry in site.tables.entries()]


def test_there_is_enough_of_everything(site: Site) -> None:
    sizes = {kind: len(site.ids(kind)) for kind in (*site.post_types, *site.taxonomies)}
    assert sizes["posts"] > 140
    assert sizes["media"] == 40
    assert min(sizes[kind] for kind in ("pages", "categories")) >= 12
    assert min(sizes[kind] for kind in ("tags", "regiao")) >= 20
    assert sizes["eventos"] > 3


def test_no_two_posts_are_the_same(site: Site) -> None:
    posts = site.tables.entries("posts")
    for column in ("title", "content", "slug"):
        values = Counter(getattr(post, column) for post in posts)
        values.pop("", None)
        assert max(values.values()) == 1


def test_no_placeholder_is_left_in_the_texts(site: Site) -> None:
    for post in site.tables.entries("posts"):
        assert "{" not in post.title + post.excerpt
        assert "{cidade}" not in post.content
        assert "{bairro}" not in post.content


def test_posts_have_every_status(site: Site) -> None:
    statuses = {post.status for post in site.tables.entries("posts")}
    assert statuses == {"publish", "future", "draft", "pending", "private", "trash"}


def test_acf_fields_have_every_shape(site: Site) -> None:
    posts = site.tables.entries("posts")
    groups = [post.acf for post in posts if isinstance(post.acf, dict)]
    sponsors = {repr(group["patrocinador"]) for group in groups}
    assert {"False", "''", "None"} < sponsors
    assert {type(group["fontes"]) for group in groups} == {bool, list}
    assert [] in [post.acf for post in posts]


def test_a_page_can_come_before_its_parent(site: Site) -> None:
    assert any(page.parent > page.id for page in site.tables.entries("pages"))


def test_a_featured_image_can_be_missing(site: Site) -> None:
    media = set(site.ids("media"))
    featured = {post.featured_media for post in site.tables.entries("posts")} - {0}
    assert featured - media
