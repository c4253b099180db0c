"""A tenant without credentials: what visitors see, and no conclusions from what they do not."""

from sync_assets_tests.real_wordpress.comparison import differing
from sync_assets_tests.real_wordpress.happenings import published
from sync_assets_tests.real_wordpress.mirror import STREAMS, Mirror, total

# Visitors get texts as WordPress renders them, of protected posts none at all.
RENDERED = {"title", "content", "excerpt", "caption", "description"}


def test_a_public_tenant_gets_what_visitors_see(small: Mirror) -> None:
    mirror = small.twin("public", credentials=None)
    counts = mirror.sync()
    assert [*public_differences(mirror)] == []
    assert all(of_stream.adds_up() for of_stream in counts.values())
    posts = mirror.held.rows("posts").values()
    assert {post["status"] for post in posts} == {"publish"}
    assert not any(post["is_raw"] for post in posts)


def test_a_public_tenant_gets_rendered_texts_and_none_of_protected_posts(small: Mirror) -> None:
    site, mirror = small.site, small.twin("rendered", credentials=None)
    open_post = site.create_post(title="A & B", content="Um\n\ndois")
    secret = site.create_post(title="S", content="Segredo", password="abre-te")  # noqa: S106
    mirror.sync()
    posts = mirror.held.rows("posts")
    assert posts[open_post]["title"] == "A &#038; B"
    assert posts[open_post]["content"] == "<p>Um</p>\n<p>dois</p>\n"
    assert (posts[secret]["content"], posts[secret]["password_protected"]) == ("", True)


def test_hidden_content_of_a_public_tenant_gets_no_tombstone(small: Mirror) -> None:
    site, mirror = small.site, small.twin("hiding", credentials=None)
    mirror.sync()
    held = {stream: mirror.held.rows(stream).keys() for stream in STREAMS}
    draft, private, trashed, gone = published(mirror)[:4]
    site.edit_post(draft, status="draft")
    site.make_private(private)
    site.trash(trashed)
    site.delete(gone)
    counts = mirror.sync()
    assert mirror.held.tombstones() == set()
    assert {stream: mirror.held.rows(stream).keys() for stream in STREAMS} == held
    assert (counts["posts"].hidden, counts["posts"].deleted) == (4, 0)


def test_a_second_sync_of_a_public_tenant_writes_nothing(small: Mirror) -> None:
    mirror = small.twin("again", credentials=None)
    mirror.sync()
    before = mirror.held.stamps()
    counts = mirror.sync(full=True)
    assert mirror.held.stamps() == before
    assert total(counts, "written") == 0


def public_differences(mirror: Mirror) -> list[object]:
    """What differs from the published part of WordPress's tables, texts apart."""
    truth, public = mirror.site.truth, ("publish",)
    visible = {
        "terms": truth.terms(),
        "media": visible_media(mirror),
        "pages": truth.pages(public),
        "posts": truth.posts(statuses=public),
    }
    return [
        difference
        for stream in STREAMS
        for difference in differing(
            stream,
            mirror.held.rows(stream),
            visible[stream],
            without=RENDERED if stream != "terms" else (),
        )
    ]


def visible_media(mirror: Mirror) -> dict[int, dict[str, object]]:
    """Those that hang on nothing, or on something that is published."""
    truth = mirror.site.truth
    parents = {None, *truth.posts(statuses=("publish",)), *truth.pages(("publish",))}
    return {wp_id: row for wp_id, row in truth.media().items() if row["parent_wp_id"] in parents}
