from sync_assets.demo import DemoSite
from sync_assets_tests.demo.conftest import Get, error, ids


def test_the_index_names_the_zone_and_the_plugins(demo: DemoSite, get: Get) -> None:
    index = get("../../").json()
    assert (index["gmt_offset"], index["timezone_string"]) == (-3, "America/Sao_Paulo")
    assert {"wp/v2", "acf/v3"} <= set(index["namespaces"])
    assert "application-passwords" in index["authentication"]
    assert index["url"] == demo.url


def test_the_front_page_leads_to_the_api(demo: DemoSite, get: Get) -> None:
    answer = get("../../../")
    assert answer.headers["Link"] == f'<{demo.url}/wp-json/>; rel="https://api.w.org/"'


def test_plain_permalinks_lead_to_the_other_form(demo: DemoSite, get: Get) -> None:
    demo.site.pretty_permalinks = False
    link = get("../../../").headers["Link"]
    assert link == f'<{demo.url}/index.php?rest_route=/>; rel="https://api.w.org/"'
    assert get("../../../index.php?rest_route=/").json()["url"] == demo.url
    assert [answer.status_code for answer in get("posts").history] == [301]


def test_types_name_their_rest_base(anonymous: Get) -> None:
    types = anonymous("types").json()
    assert types["evento"]["rest_base"] == "eventos"
    assert types["page"]["hierarchical"]
    assert types["post"]["taxonomies"] == ["category", "post_tag", "regiao"]


def test_only_editors_learn_which_taxonomies_are_public(get: Get, anonymous: Get) -> None:
    assert "visibility" not in anonymous("taxonomies").json()["nav_menu"]
    taxonomies = get("taxonomies", context="edit").json()
    assert not taxonomies["nav_menu"]["visibility"]["public"]
    assert taxonomies["regiao"]["visibility"]["public"]
    assert error(anonymous("taxonomies", context="edit")) == (401, "rest_cannot_view")


def test_an_unknown_kind_has_no_route(get: Get) -> None:
    assert error(get("produtos")) == (404, "rest_no_route")


def test_menus_are_not_for_strangers(anonymous: Get, get: Get) -> None:
    assert error(anonymous("menus")) == (401, "rest_cannot_view")
    assert get("menus").json() == []


def test_posts_carry_their_terms_under_the_rest_base(demo: DemoSite, get: Get) -> None:
    bahia = demo.site.add("regiao", name="Bahia")
    post = demo.site.add("posts", title="Olá", regiao=[bahia])
    shown = get(f"posts/{post}").json()
    assert (shown["regiao"], shown["tags"]) == ([bahia], [])


def test_an_event_has_no_author_and_a_tag_no_parent(demo: DemoSite, get: Get) -> None:
    event = demo.site.add("eventos", title="Feira")
    tag = demo.site.add("tags", name="mar")
    assert "author" not in get(f"eventos/{event}").json()
    assert "parent" not in get(f"tags/{tag}").json()


def test_a_term_counts_what_is_published(demo: DemoSite, get: Get) -> None:
    tag = demo.site.add("tags", name="Mar & sol")
    demo.site.add("posts", title="Um", tags=[tag])
    demo.site.add("posts", title="Dois", tags=[tag], status="draft")
    shown = get(f"tags/{tag}").json()
    assert (shown["count"], shown["name"], shown["slug"]) == (1, "Mar &amp; sol", "mar-sol")


def test_media_show_their_file(demo: DemoSite, get: Get) -> None:
    image = demo.site.add("media", title="Cais", alt_text="O cais", source_url="https://x/cais.jpg")
    shown = get(f"media/{image}").json()
    assert (shown["media_type"], shown["status"], shown["post"]) == ("image", "inherit", None)
    assert (shown["media_details"], shown["alt_text"]) == ({}, "O cais")


def test_media_of_a_draft_are_counted_and_left_out_for_strangers(
    demo: DemoSite, get: Get, anonymous: Get
) -> None:
    draft = demo.site.add("posts", title="Rascunho", status="draft")
    image = demo.site.add("media", title="Capa", post=draft)
    hidden = anonymous("media")
    assert (hidden.json(), hidden.headers["X-WP-Total"]) == ([], "1")
    assert ids(get("media")) == [image]


def test_acf_is_a_list_when_there_are_no_fields(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="Olá")
    assert get(f"posts/{post}").json()["acf"] == []


def test_the_older_acf_plugin_says_false(demo: DemoSite, get: Get) -> None:
    full = demo.site.add("posts", title="Um", acf={"nota": 5})
    empty = demo.site.add("posts", title="Dois")
    acf = "../../acf/v3/posts"
    assert get(f"{acf}/{full}").json() == {"acf": {"nota": 5}}
    assert get(f"{acf}/{empty}").json() == {"acf": False}
    many = get(acf, include=f"{full},{empty}", per_page=100, orderby="id", order="asc")
    assert many.json() == [{"id": full, "acf": {"nota": 5}}, {"id": empty, "acf": False}]


def test_the_older_acf_plugin_can_be_off(demo: DemoSite, get: Get) -> None:
    demo.site.acf_v3 = False
    assert error(get("../../acf/v3/posts")) == (404, "rest_no_route")
    assert "acf/v3" not in get("../../").json()["namespaces"]


def test_a_people_page_shows_the_post(demo: DemoSite, get: Get) -> None:
    demo.site.add("posts", title="Olá", content="Bom dia.")
    assert "<p>Bom dia.</p>" in get("../../../ola/").text
    assert get("../../../nada/").status_code == 404
