from datetime import UTC, datetime

import pytest

from sync_assets.demo import DemoSite
from sync_assets_tests.demo.conftest import Clock, Get, error, ids


def test_ids_are_never_used_again(demo: DemoSite) -> None:
    first = demo.site.add("posts", title="Um")
    demo.site.delete("posts", first)
    assert demo.site.add("pages", title="Dois") == first + 1


def test_an_edit_moves_modified_and_a_silent_one_does_not(demo: DemoSite, clock: Clock) -> None:
    post = demo.site.add("posts", title="Um")
    clock.forward(hours=1)
    demo.site.edit("posts", post, touch=False, acf={"nota": 5})
    assert demo.site.entry("posts", post).modified == "2024-05-01T12:00:00"
    demo.site.edit("posts", post, title="Dois")
    assert demo.site.entry("posts", post).modified == "2024-05-01T13:00:00"
    assert demo.site.entry("posts", post).modified_gmt == "2024-05-01T16:00:00"


def test_an_imported_post_has_an_old_modified(demo: DemoSite) -> None:
    post = demo.site.add("posts", title="De 2011", date="2011-03-01T08:00:00")
    assert demo.site.entry("posts", post).modified == "2011-03-01T08:00:00"


def test_a_post_for_later_is_future(demo: DemoSite) -> None:
    post = demo.site.add("posts", title="Depois", date=datetime(2030, 1, 1, tzinfo=UTC))
    assert demo.site.entry("posts", post).status == "future"


def test_a_draft_gets_its_slug_when_published(demo: DemoSite) -> None:
    post = demo.site.add("posts", title="São João à beira-mar", status="draft")
    assert demo.site.entry("posts", post).slug == ""
    demo.site.edit("posts", post, status="publish")
    assert demo.site.entry("posts", post).slug == "sao-joao-a-beira-mar"


@pytest.mark.parametrize(("title", "slug"), [("Olá", "ola-2"), ("東京", "%e6%9d%b1%e4%ba%ac")])
def test_slugs_are_unique_and_percent_encoded(demo: DemoSite, title: str, slug: str) -> None:
    demo.site.add("posts", title="Olá")
    assert demo.site.entry("posts", demo.site.add("posts", title=title)).slug == slug


def test_trash_and_back_gives_a_draft_with_the_old_slug(demo: DemoSite, clock: Clock) -> None:
    post = demo.site.add("posts", title="Olá")
    clock.forward(hours=1)
    demo.site.trash("posts", post)
    binned = demo.site.entry("posts", post)
    assert (binned.status, binned.slug) == ("trash", "ola__trashed")
    assert binned.modified == "2024-05-01T13:00:00"
    demo.site.untrash("posts", post)
    back = demo.site.entry("posts", post)
    assert (back.status, back.slug) == ("draft", "ola")


def test_deletion_leaves_nothing_behind(demo: DemoSite, get: Get) -> None:
    post, tag = demo.site.add("posts", title="Olá"), demo.site.add("tags", name="mar")
    demo.site.delete("posts", post)
    demo.site.delete("tags", tag)
    assert error(get(f"posts/{post}")) == (404, "rest_post_invalid_id")
    assert error(get(f"tags/{tag}")) == (404, "rest_term_invalid")


def test_what_pointed_at_the_deleted_changes_without_moving_modified(
    demo: DemoSite, clock: Clock
) -> None:
    image = demo.site.add("media", title="Capa")
    tag = demo.site.add("tags", name="mar")
    post = demo.site.add("posts", title="Olá", featured_media=image, tags=[tag])
    before = demo.site.entry("posts", post)
    clock.forward(hours=1)
    demo.site.delete("media", image)
    demo.site.delete("tags", tag)
    after = demo.site.entry("posts", post)
    assert (after.featured_media, after.terms) == (0, {"tags": ()})
    assert after.modified == before.modified


def test_children_of_a_deleted_page_move_up(demo: DemoSite, get: Get) -> None:
    top = demo.site.add("pages", title="Sobre")
    middle = demo.site.add("pages", title="Equipe", parent=top)
    child = demo.site.add("pages", title="Redação", parent=middle)
    assert get(f"pages/{child}").json()["link"] == f"{demo.url}/sobre/equipe/redacao/"
    demo.site.delete("pages", middle)
    assert get(f"pages/{child}").json()["link"] == f"{demo.url}/sobre/redacao/"


def test_parents_may_form_a_circle(demo: DemoSite, get: Get) -> None:
    one = demo.site.add("categories", name="Um")
    two = demo.site.add("categories", name="Dois", parent=one)
    demo.site.edit("categories", one, parent=two)
    assert sorted(ids(get("categories"))) == [one, two]


def test_a_misspelt_field_is_a_mistake_of_the_test(demo: DemoSite) -> None:
    with pytest.raises(TypeError):
        demo.site.add("posts", titel="Olá")


def test_a_kind_that_the_site_does_not_have_is_a_mistake_of_the_test(demo: DemoSite) -> None:
    with pytest.raises(KeyError):
        demo.site.add("produtos", title="Olá")


def test_requests_are_counted_by_route(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="Olá")
    for route in ("posts", "posts", f"posts/{post}"):
        get(route)
    assert demo.site.requests == {"/wp/v2/posts": 2, "/wp/v2/posts/<id>": 1}
    assert [request.route for request in demo.received][-1] == f"/wp/v2/posts/{post}"
