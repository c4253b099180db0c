"""Whatever an editor or code does at a site is a hint, and after its sync in the right row."""

import json
import socket
from collections.abc import Callable, Iterator

import pytest
import requests

from sync_assets.bootstrap import Platform
from sync_assets.gateway.app import create_app
from sync_assets_tests.gateway.conftest import served
from sync_assets_tests.real_wordpress.conftest import SMALL
from sync_assets_tests.real_wordpress.hinting import Hinted, Stopwatch, install
from sync_assets_tests.real_wordpress.mirror import Mirror
from sync_assets_tests.real_wordpress.processes import wait_until
from sync_assets_tests.real_wordpress.site import WordPressSite


@pytest.fixture(scope="module")
def gateway(cms: Platform) -> Iterator[str]:
    with served(create_app(cms)) as url:
        yield url


@pytest.fixture(scope="module")
def synced(
    cms: Platform,
    gateway: str,
    new_site: Callable[..., WordPressSite],
    mirror_of: Callable[..., Mirror],
) -> Hinted:
    mirror = mirror_of(new_site(), **SMALL)
    mirror.begin()
    install(mirror.site, gateway, mirror.tenant.id, cms.hooks.make(mirror.tenant.id))
    return Hinted(mirror)


@pytest.fixture
def hinted(synced: Hinted) -> Hinted:
    """A synced site whose hints were all followed."""
    forget_away(synced.site)
    synced.follow()
    assert synced.waiting() == set()
    return synced


def rest(site: WordPressSite, route: str, **fields: object) -> requests.Response:
    """A save as the editor in the browser makes it."""
    answer = requests.post(
        f"{site.url}/",
        params={"rest_route": route},
        json=fields,
        auth=(site.username, site.application_password),
        timeout=60,
    )
    assert answer.ok, answer.text
    return answer


# Each kind of change


def test_a_save_of_each_type_arrives(hinted: Hinted):
    site, seeded = hinted.site, hinted.mirror.seeded
    site.edit_post(seeded.posts[5], title="Novo", content="<p>à</p>")
    site.edit_post(seeded.pages[2], menu_order=9, parent=seeded.pages[1])
    site.edit_post(seeded.eventos[1], title="Roda")
    made = site.create_post(title="Feito", slug="feito")
    assert hinted.waiting() == {
        ("posts", "post", seeded.posts[5]),
        ("pages", "page", seeded.pages[2]),
        ("posts", "eventos", seeded.eventos[1]),
        ("posts", "post", made),
    }
    done = hinted.follow()
    assert done.streams == ("pages", "posts")
    assert (done.counts.seen, done.counts.created, done.counts.updated) == (4, 1, 3)
    assert hinted.mirror.differences() == []


def test_a_save_in_the_browser_arrives(hinted: Hinted):
    post = hinted.mirror.seeded.posts[7]
    rest(hinted.site, f"/wp/v2/posts/{post}", title="No navegador")
    wait_until(lambda: ("posts", "post", post) in hinted.waiting(), "the hint")
    hinted.follow()
    assert hinted.mirror.held.rows("posts")[post]["title"] == "No navegador"
    assert hinted.mirror.differences() == []


def test_trash_untrash_and_deletion_arrive(hinted: Hinted):
    site, post = hinted.site, hinted.mirror.seeded.posts[8]
    site.trash(post)
    hinted.follow()
    assert hinted.mirror.held.rows("posts")[post]["status"] == "trash"
    site.untrash(post)
    hinted.follow()
    assert hinted.mirror.held.rows("posts")[post]["status"] == "draft"
    before = hinted.mirror.held.tombstones()
    site.delete(post)
    done = hinted.follow()
    assert hinted.mirror.held.tombstones() - before == {("posts", post)}
    assert (done.counts.deleted, done.counts.vanished) == (1, 1)
    assert hinted.mirror.differences() == []


def test_media_arrive(hinted: Hinted):
    site = hinted.site
    medium = site.add_media("Foto", caption="Antes")
    hinted.follow()
    site.edit_post(medium, title="Foto nova", excerpt="Depois")
    hinted.follow()
    assert hinted.mirror.held.rows("media")[medium]["title"] == "Foto nova"
    assert hinted.mirror.differences() == []
    post = hinted.mirror.seeded.posts[9]
    site.set_featured(post, medium)
    hinted.follow()
    assert hinted.mirror.held.rows("posts")[post]["featured_media_wp_id"] == medium
    site.delete(medium)
    done = hinted.follow()
    assert set(done.streams) == {"media", "posts"}  # the post has lost its image
    assert ("media", medium) in hinted.mirror.held.tombstones()
    assert hinted.mirror.differences() == []


def test_terms_arrive(hinted: Hinted):
    site = hinted.site
    parent = site.create_term("Pai", "genero")
    child = site.create_term("Filho", "genero", parent=parent)
    event = hinted.mirror.seeded.eventos[2]
    site.set_terms(event, "genero", [parent])
    hinted.follow()
    site.edit_term(child, name="Filha", slug="filha")
    hinted.follow()
    assert hinted.mirror.differences() == []
    site.delete_term(parent)
    assert {("terms", "genero", parent), ("terms", "genero", child)} <= hinted.waiting()
    hinted.follow()
    assert ("terms", parent) in hinted.mirror.held.tombstones()
    assert hinted.mirror.held.rows("terms")[child]["parent_wp_id"] is None
    assert hinted.mirror.held.rows("posts")[event]["terms"] == {}
    assert hinted.mirror.differences() == []


def test_fields_written_by_code_arrive_although_no_date_moves(hinted: Hinted):
    site, seeded = hinted.site, hinted.mirror.seeded
    post, term = seeded.posts[10], seeded.tags[1]
    before = site.truth.posts()[post]["source_modified_at"]
    site.update_acf(post, {"preco": 12})
    site.update_acf(seeded.pages[3], {"cor": "azul"})
    site.update_acf(seeded.media[2], {"credito": "Ana"})
    site.update_term_acf(term, {"icone": 3})
    assert site.truth.posts()[post]["source_modified_at"] == before
    done = hinted.follow()
    assert set(done.streams) == {"terms", "media", "pages", "posts"}
    assert hinted.mirror.held.rows("posts")[post]["acf"] == {"preco": 12}
    assert hinted.mirror.held.rows("terms")[term]["acf"] == {"icone": 3}
    assert hinted.mirror.differences() == []


def test_a_sticky_post_arrives(hinted: Hinted):
    post = hinted.mirror.seeded.posts[11]
    hinted.site.set_sticky(post)
    hinted.follow()
    assert hinted.mirror.held.rows("posts")[post]["sticky"] is True
    assert hinted.mirror.differences() == []


def test_children_of_what_is_deleted_arrive_with_their_new_parent(hinted: Hinted):
    site = hinted.site
    parent = site.create_post(type="page", title="Mãe")
    child = site.create_post(type="page", title="Filha", parent=parent)
    hinted.follow()
    site.delete(parent)
    hinted.follow()
    assert not hinted.mirror.held.rows("pages")[child]["parent_wp_id"]
    assert hinted.mirror.differences() == []


# How it is done


def test_many_saves_are_one_sync_and_nothing_is_listed(hinted: Hinted):
    site, seeded = hinted.site, hinted.mirror.seeded
    for round_ in range(3):
        for post in seeded.posts[20:24]:
            site.edit_post(post, title=f"Versão {round_}")
    assert hinted.requests() == 1
    assert len(hinted.waiting()) == 4
    seen = len(site.requests_seen())
    done = hinted.follow()
    assert (done.counts.seen, done.counts.updated) == (4, 4)
    asked = site.requests_seen()[seen:]
    assert [line for line in asked if "offset" in line or "%2Fmedia" in line] == []
    assert hinted.mirror.differences() == []


def test_what_is_no_content_of_the_site_is_no_hint(hinted: Hinted):
    site, post = hinted.site, hinted.mirror.seeded.posts[12]
    rest(site, f"/wp/v2/posts/{post}/autosaves", title="Ainda não")
    site.update_meta(post, "_edit_lock", "1700000000:1")
    site.update_meta(post, "post_views_count", 7)
    draft = site.create_post(status="auto-draft")
    assert hinted.waiting() == set()
    assert draft not in hinted.mirror.held.rows("posts")


def test_the_plugin_says_kind_type_and_id_and_nothing_else(
    hinted: Hinted, cms: Platform, gateway: str
):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        url = "http://{}:{}".format(*listening.getsockname())
        constants = install(hinted.site, url, "acme", "a-secret")
        told = constants.read_text()
        post = hinted.mirror.seeded.posts[13]
        try:
            hinted.site.edit_post(post, title="Segredo de Ana")
            connection, _ = listening.accept()
            with connection:
                head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
        finally:
            _restore(hinted, cms, gateway)
    assert "a-secret" in told
    said = json.loads(body)
    assert said["objects"] == [{"kind": "post", "type": "post", "id": post}]
    assert said.keys() == {"call", "objects"}
    assert b"a-secret" not in head + body
    hinted.mirror.sync()


def test_while_the_gateway_is_away_or_hangs_the_editor_saves_as_fast_as_ever(
    hinted: Hinted, cms: Platform, gateway: str
):
    site, post = hinted.site, hinted.mirror.seeded.posts[14]

    def slowest(title: str) -> float:
        times: list[float] = []
        for attempt in range(3):
            watch = Stopwatch()
            rest(site, f"/wp/v2/posts/{post}", title=f"{title} {attempt}")
            times.append(watch.seconds)
        return max(times)

    usual = slowest("Usual")
    forget_away(site)
    try:
        with socket.create_server(("127.0.0.1", 0)) as hanging:  # accepts, and never answers
            install(site, "http://{}:{}".format(*hanging.getsockname()), "acme", "a-secret")
            with_hanging = slowest("Hanging")
            wait_until(lambda: away_noted(site), "the note that the gateway hangs")
            calls = accepted(hanging)
            slowest("Left alone")
            assert (calls > 0, accepted(hanging)) == (True, 0)
        forget_away(site)
        away = slowest("Away")  # nobody listens there any more
    finally:
        _restore(hinted, cms, gateway)
    assert max(with_hanging, away) < usual + 0.9
    hinted.mirror.sync()
    assert hinted.mirror.held.rows("posts")[post]["title"] == "Away 2"
    assert hinted.mirror.differences() == []


def accepted(listening: socket.socket) -> int:
    """How many calls have come since somebody looked last."""
    listening.setblocking(False)
    calls = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return calls
        calls += 1


def away_noted(site: WordPressSite) -> bool:
    where = "WHERE option_name = '_transient_sync_assets_hints_away'"
    return bool(site.database.rows("wp_options", "option_value", where))


def forget_away(site: WordPressSite) -> None:
    """What a minute does."""
    away = "'_transient_sync_assets_hints_away', '_transient_timeout_sync_assets_hints_away'"
    site.database.execute(f"DELETE FROM wp_options WHERE option_name IN ({away});")  # noqa: S608


def _restore(hinted: Hinted, cms: Platform, gateway: str) -> None:
    """Let the site call the gateway again."""
    tenant = hinted.mirror.tenant.id
    install(hinted.site, gateway, tenant, cms.hooks.make(tenant))
