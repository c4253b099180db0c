import pytest

from sync_assets.demo import DemoSite
from sync_assets_tests.demo.conftest import Get, error, ids


@pytest.fixture
def posts(demo: DemoSite) -> list[int]:
    return [demo.site.add("posts", title=f"Post {n}") for n in range(7)]


def test_pages_follow_each_other_and_the_headers_count_them(get: Get, posts: list[int]) -> None:
    pages = [get("posts", per_page=3, page=page, orderby="id", order="asc") for page in (1, 2, 3)]
    assert [row for page in pages for row in ids(page)] == posts
    assert {page.headers["X-WP-Total"] for page in pages} == {"7"}
    assert {page.headers["X-WP-TotalPages"] for page in pages} == {"3"}


@pytest.mark.usefixtures("posts")
def test_a_page_of_posts_past_the_last_is_an_error(get: Get) -> None:
    assert error(get("posts", per_page=7, page=2)) == (400, "rest_post_invalid_page_number")


def test_an_empty_site_has_no_page_past_the_last(get: Get) -> None:
    answer = get("posts", page=2)
    assert (answer.status_code, answer.json()) == (200, [])


def test_terms_past_the_end_are_an_empty_page(demo: DemoSite, get: Get) -> None:
    demo.site.add("tags", name="praia")
    answer = get("tags", page=2)
    assert (answer.status_code, answer.json(), answer.headers["X-WP-Total"]) == (200, [], "1")


def test_an_offset_silences_the_page(get: Get, posts: list[int]) -> None:
    answer = get("posts", per_page=2, page=3, offset=1, orderby="id", order="asc")
    assert ids(answer) == posts[1:3]


def test_only_trees_of_terms_ignore_the_offset(demo: DemoSite, get: Get) -> None:
    for kind in ("categories", "tags"):
        demo.site.add(kind, name="bairro")
        demo.site.add(kind, name="praia")
    everything = {kind: ids(get(kind)) for kind in ("categories", "tags")}
    assert ids(get("categories", offset=1)) == everything["categories"]
    assert ids(get("tags", offset=1)) == everything["tags"][1:]


@pytest.mark.usefixtures("posts")
def test_an_offset_past_the_end_is_an_empty_page_that_counts_nothing(get: Get) -> None:
    answer = get("posts", offset=7)
    assert (answer.status_code, answer.json(), answer.headers["X-WP-Total"]) == (200, [], "0")


@pytest.mark.parametrize("params", [{"per_page": 101}, {"per_page": 0}, {"per_page": "x"},
                                    {"page": 0}, {"orderby": "rand"}, {"order": "up"},
                                    {"include": "1,x"}, {"context": "all"},
                                    {"status": "lost"}])  # fmt: skip
def test_a_wrong_parameter_is_refused_by_name(get: Get, params: dict[str, object]) -> None:
    answer = get("posts", **params)
    assert error(answer) == (400, "rest_invalid_param")
    assert set(answer.json()["data"]["params"]) == {*params}


def test_ordering_by_include_needs_an_include(get: Get) -> None:
    refusal = (400, "rest_orderby_include_missing_include")
    assert error(get("posts", orderby="include")) == refusal


@pytest.mark.usefixtures("posts")
def test_a_page_number_past_the_end_is_refused_even_with_a_good_offset(get: Get) -> None:
    answer = get("posts", per_page=7, page=2, offset=1)
    assert error(answer) == (400, "rest_post_invalid_page_number")


def test_include_selects_and_can_order(get: Get, posts: list[int]) -> None:
    wanted = [posts[4], posts[0], posts[2]]
    answer = get("posts", include=",".join(map(str, wanted)), orderby="include")
    assert ids(answer) == wanted


def test_trashing_between_pages_ordered_by_id_loses_a_live_row(
    demo: DemoSite, get: Get, posts: list[int]
) -> None:
    first = get("posts", per_page=3, orderby="id", order="asc")
    demo.site.trash("posts", posts[0])
    second = get("posts", per_page=3, page=2, orderby="id", order="asc")
    assert posts[3] not in ids(first) + ids(second)


def test_rows_that_tie_may_come_twice(demo: DemoSite, get: Get) -> None:
    for _ in range(4):
        demo.site.add("categories", name="Praia")
    pages = [get("categories", per_page=2, page=page) for page in (1, 2)]
    assert len({row for page in pages for row in ids(page)}) < 4


def test_fields_reach_into_objects(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="A & B")
    answer = get(f"posts/{post}", context="edit", _fields="id, title.raw,unknown")
    assert answer.json() == {"id": post, "title": {"raw": "A & B"}}


def test_an_object_without_the_wanted_field_is_an_empty_list(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="Olá")
    assert get(f"posts/{post}", _fields="title.raw").json() == {"title": []}


def test_the_other_form_of_urls_gives_the_same(get: Get, posts: list[int]) -> None:
    answer = get(f"../../../?rest_route=/wp/v2/posts/{posts[0]}")
    assert answer.json() == get(f"posts/{posts[0]}").json()
