"""The truth read from the tables is what WordPress itself shows to an administrator."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.truth import Row, normalised

LIVE = "publish,future,draft,pending,private"
TERM_ROUTES = {"categories": "category", "tags": "post_tag", "genero": "genero"}


@pytest.fixture(scope="module", params=["America/Sao_Paulo", "Asia/Tokyo"])
def seeded_site(
    request: pytest.FixtureRequest, new_site: Callable[..., WordPressSite]
) -> WordPressSite:
    site = new_site(request.param)
    site.seed(posts=230, pages=24, media=30, categories=12, tags=8)
    return site


def listed(site: WordPressSite, route: str, **query: str) -> Iterator[Row]:
    """Every object of the route, as an administrator sees it."""
    fixed: dict[str, str | int] = {"context": "edit", "orderby": "id", "order": "asc"}
    number, pages = 1, 1
    while number <= pages:
        answer = site.rest(f"/wp/v2/{route}", None, **fixed, **query, per_page=100, page=number)
        answer.raise_for_status()
        number, pages = number + 1, int(answer.headers["X-WP-TotalPages"])
        yield from answer.json()


def utc(text: str | None) -> datetime | None:
    """WordPress gives a zero date as one of the year -1."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text and text[0] != "-" else None


def shown_common(shown: Row) -> Row:
    return {
        "type": shown["type"],
        "title": shown["title"]["raw"],
        "slug": shown["slug"],
        "acf": normalised(shown["acf"]),
        "author_wp_id": shown["author"] or None,
        "source_modified_at": utc(shown["modified_gmt"]),
    }


def shown_content(shown: Row) -> Row:
    unpublished = shown["status"] in ("draft", "pending")
    routes = TERM_ROUTES.items()
    terms = {name: sorted(shown[route]) for route, name in routes if shown.get(route)}
    return {
        **shown_common(shown),
        "status": shown["status"],
        "content": shown["content"]["raw"],
        "excerpt": shown["excerpt"]["raw"],
        "menu_order": shown.get("menu_order", 0),
        "password_protected": shown["password"] != "",
        "published_at": None if unpublished else utc(shown["date_gmt"]),
        "template": shown["template"],
        "featured_media_wp_id": shown["featured_media"] or None,
        "parent_wp_id": shown.get("parent") or None,
        "sticky": shown.get("sticky", False),
        "terms": terms,
    }


def shown_media(shown: Row) -> Row:
    return {
        **shown_common(shown),
        "mime_type": shown["mime_type"],
        "alt_text": shown["alt_text"],
        "caption": shown["caption"]["raw"],
        "description": shown["description"]["raw"],
        "source_url": shown["source_url"],
        "parent_wp_id": shown["post"] or None,
        "details": shown["media_details"] or None,
        "status": shown["status"],
        "published_at": utc(shown["date_gmt"]),
    }


def shown_term(shown: Row) -> Row:
    names = ("taxonomy", "name", "slug", "description")
    parent = {"parent_wp_id": shown.get("parent") or None}
    return {**{name: shown[name] for name in names}, **parent, "acf": normalised(shown["acf"])}


def assert_same(truth: dict[int, Row], shown: dict[int, Row]) -> None:
    assert truth.keys() == shown.keys()
    differing = {
        (wp_id, key): (value, shown[wp_id].get(key))
        for wp_id, row in truth.items()
        for key, value in row.items()
        if value != shown[wp_id].get(key)
    }
    assert differing == {}


def test_posts_and_events_are_as_shown(seeded_site: WordPressSite) -> None:
    shown = {
        row["id"]: shown_content(row)
        for route in ("posts", "eventos")
        for row in listed(seeded_site, route, status=LIVE)
    }
    assert_same(seeded_site.truth.posts(), shown)


def test_pages_are_as_shown(seeded_site: WordPressSite) -> None:
    shown = {row["id"]: shown_content(row) for row in listed(seeded_site, "pages", status=LIVE)}
    assert_same(seeded_site.truth.pages(), shown)


def test_media_are_as_shown(seeded_site: WordPressSite) -> None:
    shown = {row["id"]: shown_media(row) for row in listed(seeded_site, "media")}
    assert_same(seeded_site.truth.media(), shown)


def test_terms_are_as_shown(seeded_site: WordPressSite) -> None:
    routes = [listed(seeded_site, route) for route in TERM_ROUTES]
    shown = {row["id"]: shown_term(row) for rows in routes for row in rows}
    assert_same(seeded_site.truth.terms(), shown)


@pytest.mark.parametrize(
    ("served", "kept"),
    [
        ([], None),
        (False, None),
        ({}, None),
        ({"a": "", "b": [], "c": False, "d": None}, dict.fromkeys("abcd")),
        ({"zero": 0, "yes": True, "list": [1]}, {"zero": 0, "yes": True, "list": [1]}),
        ({"cta": {"url": ""}}, {"cta": {"url": None}}),
        ({"rows": [{"image": False}]}, {"rows": [{"image": None}]}),
        ({"labels": ["", False, None, "new"]}, {"labels": ["", False, None, "new"]}),
    ],
)
def test_nothing_is_none_in_custom_fields(served: object, kept: object) -> None:
    assert normalised(served) == kept


def test_text_survives_the_way_out_of_the_tables(new_site: Callable[..., WordPressSite]) -> None:
    site = new_site()
    post = site.create_post(title="Raw")
    site.database.execute(
        "UPDATE wp_posts SET post_content = CONCAT('a', CHAR(0), 'b',"
        " CHAR(9, 10, 13, 92, 34, 1), '🎭é') WHERE post_title = 'Raw';"
    )
    assert site.truth.posts()[post]["content"] == 'a\0b\t\n\r\\"\1🎭é'
