"""The ground that the scenarios stand on: a WordPress that behaves as WordPress does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sync_assets_tests.real_wordpress.processes import StackFailed
from sync_assets_tests.real_wordpress.site import Seeded, WordPressSite

MakeSite = Callable[..., WordPressSite]
LIVE = "publish,future,draft,pending,private"


@pytest.fixture(scope="module")
def site(new_site: MakeSite) -> WordPressSite:
    return new_site("America/Sao_Paulo")


def ids(site: WordPressSite, route: str = "/wp/v2/posts", **query: str | int) -> list[int]:
    """Ids of one page, oldest id first."""
    answer = site.rest(route, orderby="id", order="asc", context="edit", **query)
    answer.raise_for_status()
    return [row["id"] for row in answer.json()]


def one(site: WordPressSite, post_id: int) -> dict[str, Any]:
    return site.rest(f"/wp/v2/posts/{post_id}", context="edit").json()


def test_an_application_password_works_until_it_is_revoked(site: WordPressSite) -> None:
    site.create_user("maria", "editor")
    account = ("maria", site.create_application_password("maria"))
    assert site.rest("/wp/v2/users/me", account, context="edit").json()["username"] == "maria"
    site.revoke_application_passwords("maria")
    assert site.rest("/wp/v2/users/me", account, context="edit").status_code == 401


def test_a_revoked_password_still_reads_public_posts(site: WordPressSite) -> None:
    draft = site.create_post(status="draft")
    public = site.create_post()
    answer = site.rest("/wp/v2/posts", ("admin", "no longer valid"), per_page=100)
    seen = {post["id"] for post in answer.json()}
    assert answer.status_code == 200
    assert public in seen
    assert draft not in seen


def test_maintenance_answers_503_while_the_site_can_still_be_changed(site: WordPressSite) -> None:
    site.maintenance(on=True)
    try:
        answer = site.rest("/wp/v2/posts")
        post = site.create_post()
    finally:
        site.maintenance(on=False)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")
    assert one(site, post)["id"] == post


def test_untrashing_gives_a_draft(site: WordPressSite) -> None:
    post = site.create_post(slug="festa")
    site.trash(post)
    assert post not in site.truth.posts()
    assert site.truth.posts(statuses=("trash",))[post]["slug"] == "festa__trashed"
    site.untrash(post)
    assert site.truth.posts()[post]["status"] == "draft"


def test_a_deletion_between_two_pages_hides_a_row_from_a_naive_reader(
    new_site: MakeSite,
) -> None:
    site = new_site()
    for number in range(6):
        site.create_post(title=f"Post {number}")
    first = ids(site, per_page=3, page=1)
    site.delete(first[0])
    seen = first + ids(site, per_page=3, page=2)
    assert len(set(site.truth.posts()) - set(seen)) == 1


@pytest.mark.parametrize(("zone", "hours"), [("America/Sao_Paulo", -3), ("Asia/Tokyo", 9)])
def test_local_and_utc_times_differ_by_the_zone(new_site: MakeSite, zone: str, hours: int) -> None:
    site = new_site(zone)
    post = site.create_post()
    before = datetime.now(UTC).replace(microsecond=0)
    site.edit_post(post, title="Edited")
    seen = one(site, post)
    local, utc = (datetime.fromisoformat(seen[key]) for key in ("modified", "modified_gmt"))
    assert local - utc == timedelta(hours=hours)
    assert site.truth.posts()[post]["source_modified_at"] == utc.replace(tzinfo=UTC) >= before


def test_what_does_not_move_modified(site: WordPressSite) -> None:
    post, media, term = site.create_post(), site.add_media(), site.create_term("Novidade")
    site.set_modified(post, datetime(2020, 1, 1, tzinfo=UTC))
    site.update_acf(post, {"preco": 12})
    site.set_featured(post, media)
    site.set_terms(post, "category", [term])
    site.set_sticky(post)
    truth = site.truth.posts()[post]
    assert truth["source_modified_at"] == datetime(2020, 1, 1, tzinfo=UTC)
    assert one(site, post)["modified"] == "2019-12-31T21:00:00"
    assert truth["acf"] == {"preco": 12}
    assert (truth["featured_media_wp_id"], truth["sticky"]) == (media, True)
    assert truth["terms"] == {"category": [term]}


def test_terms_and_media_come_change_and_go(site: WordPressSite) -> None:
    parent, media = site.create_term("Pai", "genero"), site.add_media(alt_text="Uma foto")
    child = site.create_term("Filho", "genero", parent=parent, description="d")
    site.edit_term(child, name="Filha", slug="filha")
    site.update_term_acf(child, {"cor": "", "icone": False, "ordem": 3})
    term = site.truth.terms()[child]
    assert (term["name"], term["slug"], term["parent_wp_id"]) == ("Filha", "filha", parent)
    assert term["acf"] == {"cor": None, "icone": None, "ordem": 3}
    assert site.truth.media()[media]["alt_text"] == "Uma foto"
    site.delete_term(parent)
    site.delete(media)
    assert site.truth.terms()[child]["parent_wp_id"] is None
    assert parent not in site.truth.terms()
    assert media not in site.truth.media()


def test_a_medium_can_be_fetched(site: WordPressSite) -> None:
    media = site.add_media()
    answer = requests.get(site.truth.media()[media]["source_url"], timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")


def test_an_event_carries_its_own_taxonomy(site: WordPressSite) -> None:
    genre = site.create_term("Samba", "genero")
    event = site.create_post(type="eventos", title="Roda", terms={"genero": [genre]})
    assert ids(site, "/wp/v2/eventos", genero=genre) == [event]
    assert site.truth.posts(types=("eventos",))[event]["terms"] == {"genero": [genre]}


def test_plain_permalinks_leave_only_the_route_parameter(new_site: MakeSite) -> None:
    site = new_site()
    pretty = f"{site.url}/wp-json/wp/v2/posts"
    assert requests.get(pretty, timeout=30).status_code == 200
    site.plain_permalinks()
    assert requests.get(pretty, timeout=30, allow_redirects=False).status_code == 301
    assert site.rest("/wp/v2/posts").status_code == 200


def test_custom_fields_can_be_served_by_the_older_plugin(new_site: MakeSite) -> None:
    site = new_site()
    post, bare = site.create_post(acf={"preco": 12}), site.create_post()
    site.serve_acf("api")
    assert "acf" not in one(site, post)
    assert site.rest(f"/acf/v3/posts/{post}").json() == {"acf": {"preco": 12}}
    assert site.rest(f"/acf/v3/posts/{bare}").json() == {"acf": False}


def test_every_request_is_in_the_access_log(new_site: MakeSite) -> None:
    site = new_site()
    site.rest("/wp/v2/posts", per_page=1)
    assert site.requests_seen() == ["200 GET /?rest_route=%2Fwp%2Fv2%2Fposts&per_page=1"]


def test_a_refusal_of_wordpress_is_told(site: WordPressSite) -> None:
    with pytest.raises(StackFailed, match="WordPress gave NULL"):
        site.edit_term(999999, name="Nobody")


def test_the_seed_has_every_status_and_hostile_value(new_site: MakeSite) -> None:
    site = new_site()
    seeded: Seeded = site.seed(posts=120, pages=10, media=10, categories=6, tags=6)
    posts = site.truth.posts(statuses=(*LIVE.split(","), "trash"))
    statuses = {post["status"] for post in posts.values()}
    assert statuses == {*LIVE.split(","), "trash"}
    assert any(post["password_protected"] for post in posts.values())
    assert posts[seeded.hostile["zero_dates"]]["source_modified_at"] is None
    assert posts[seeded.hostile["empty_slug"]]["slug"] == ""
    assert posts[seeded.hostile["encoded_slug"]]["slug"].startswith("%d0%")
    assert posts[seeded.hostile["emoji"]]["title"].startswith("🎉")
    assert len(posts[seeded.hostile["huge"]]["content"]) > 900_000
