"""The first sync of two sites with 2,000 posts each, and the second, which has nothing to do."""

from collections.abc import Mapping

from sync_assets_tests.real_wordpress.mirror import STREAMS, Mirror, total


def test_after_the_first_sync_the_cms_is_what_wordpress_has(mirror: Mirror) -> None:
    assert mirror.first_truth["posts"] > 2000
    assert mirror.first_differences == []


def test_the_first_sync_creates_what_wordpress_has(mirror: Mirror) -> None:
    created = {stream: counts.created for stream, counts in mirror.first.items()}
    assert created == mirror.first_truth
    assert total(mirror.first, "failed") == 0


def test_the_counts_of_the_first_sync_add_up(mirror: Mirror) -> None:
    assert list(mirror.first) == list(STREAMS)
    assert all(counts.adds_up() for counts in mirror.first.values())
    assert {stream: counts.total for stream, counts in mirror.first.items()} == mirror.first_truth


def test_a_second_sync_writes_nothing(mirror: Mirror) -> None:
    mirror.sync()
    before = mirror.held.stamps()
    counts = mirror.sync()
    assert mirror.held.stamps() == before
    assert total(counts, "unchanged") == total(counts, "seen") > 2000


def test_a_full_sync_of_unchanged_records_writes_nothing(small: Mirror) -> None:
    before = small.held.stamps()
    counts = small.sync(full=True)
    assert small.held.stamps() == before
    assert total(counts, "written") == 0


def test_every_hostile_record_is_kept(mirror: Mirror) -> None:
    kept = {wp_id for stream in STREAMS for wp_id in mirror.held.rows(stream)}
    missing = {name for name, wp_id in mirror.seeded.hostile.items() if wp_id not in kept}
    assert missing == set()


def test_texts_arrive_as_they_were_typed(mirror: Mirror) -> None:
    posts, hostile = mirror.held.rows("posts"), mirror.seeded.hostile
    assert posts[hostile["emoji"]]["title"] == "🎉 Olá 👩‍👩‍👧"
    assert posts[hostile["emoji"]]["content"].startswith("<p>𝒜 🇧🇷 \u2028 \\ ")  # noqa: RUF001
    assert posts[hostile["encoded_slug"]]["slug"].startswith("%d0%9f%d1%80")
    assert len(posts[hostile["huge"]]["content"]) == 999_990
    assert all(row["is_raw"] for row in posts.values())


def test_what_does_not_exist_is_not_made_up(mirror: Mirror) -> None:
    hostile = mirror.seeded.hostile
    posts, pages = mirror.held.rows("posts"), mirror.held.rows("pages")
    dates = ("source_modified_at", "published_at")
    assert [posts[hostile["zero_dates"]][name] for name in dates] == [None, None]
    assert posts[hostile["empty_slug"]]["slug"] == ""
    assert posts[hostile["no_author"]]["author_wp_id"] == 999999
    assert pages[hostile["orphan_page"]]["parent_wp_id"] == 999999
    assert pages[hostile["own_parent_page"]]["parent_wp_id"] == hostile["own_parent_page"]


def test_circles_of_terms_stay_circles(mirror: Mirror) -> None:
    terms, hostile = mirror.held.rows("terms"), mirror.seeded.hostile
    assert parent(terms, hostile["cycle_term_a"]) == hostile["cycle_term_b"]
    assert parent(terms, hostile["cycle_term_b"]) == hostile["cycle_term_a"]


def test_a_published_entry_has_the_address_that_visitors_use(mirror: Mirror) -> None:
    base, posts = mirror.site.url, mirror.held.rows("posts")
    public = [
        posts[wp_id] for wp_id in mirror.seeded.posts + mirror.seeded.eventos if wp_id in posts
    ]
    for row in [row for row in public if row["status"] == "publish"]:
        folder = "/eventos" if row["type"] == "eventos" else ""
        assert row["link"] == f"{base}{folder}/{row['slug']}/"


def parent(terms: Mapping[int, Mapping[str, object]], wp_id: int) -> object:
    return terms[wp_id]["parent_wp_id"]
