import threading
from collections.abc import Callable

import orjson
import pytest

from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, wrapped
from sync_assets.demo.messages import Request, Response
from sync_assets_tests.sources.wordpress.conftest import Open
from sync_assets_tests.sources.wordpress.reading import collection, keys, records

STATUSES = ("publish", "future", "draft", "pending", "private", "trash")


class Meanwhile:
    """Does something before the answer to one of the listing's requests."""

    def __init__(self, action: Callable[[], None], at: int) -> None:
        self.action = action
        self.left = at
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Response | None:
        if "offset" in request.params:
            with self.lock:
                self.left -= 1
                if self.left == -1:
                    self.action()
        return None


def test_posts_of_every_status_are_listed(tenant: Tenant, site: DemoSite, open_site: Open) -> None:
    made = {site.site.add("posts", title=status, status=status) for status in STATUSES}
    with open_site(tenant) as connection:
        assert keys(collection(connection, "posts", "post")) == made


def test_the_public_sees_what_is_published(public: Tenant, site: DemoSite, open_site: Open) -> None:
    made = {status: site.site.add("posts", title=status, status=status) for status in STATUSES}
    with open_site(public) as connection:
        posts = collection(connection, "posts", "post")
        assert keys(posts) == {made["publish"]}


@pytest.mark.parametrize("kind", ["posts", "pages", "media", "tags"])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("gone", [1, 3, 7])
def test_rows_deleted_while_they_are_listed_take_no_others_along(
    kind: str, at: int, gone: int, tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    made = [site.site.add(kind, **{_title(kind): f"{number}"}) for number in range(23)]

    def delete() -> None:
        for key in made[:gone]:
            site.site.delete(kind, key)

    stream, name = {
        "posts": ("posts", "post"),
        "pages": ("pages", "page"),
        "media": ("media", "attachment"),
        "tags": ("terms", "post_tag"),
    }[kind]
    site.faults.add(Meanwhile(delete, at))
    with open_site(tenant) as connection:
        found = keys(collection(connection, stream, name))
    assert set(made[gone:]) <= found <= set(made)


def test_trashing_and_publishing_shift_nothing(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    made = [site.site.add("posts", title=str(number)) for number in range(23)]

    def edit() -> None:
        site.site.trash("posts", made[0])
        site.site.edit("posts", made[20], title="Novo")

    site.faults.add(Meanwhile(edit, 2))
    with open_site(tenant) as connection:
        assert keys(collection(connection, "posts", "post")) == set(made)


def test_an_unchanged_listing_carries_ids_and_times_only(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    for number in range(12):
        site.site.add("posts", title=str(number), content="x" * 1000)
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        before = len(site.received)
        pages = list(posts.listing())
    asked = list(site.received)[before:]
    assert {request.params["_fields"] for request in asked} == {"id,modified_gmt"}
    assert len(asked) == 3
    assert pages[-1].announced == 12
    assert not any(page.payloads for page in pages)


def test_terms_come_with_their_listing(tenant: Tenant, site: DemoSite, open_site: Open) -> None:
    parent = site.site.add("categories", name="Mar")
    child = site.site.add("categories", name="Peixe & rede", parent=parent, acf={"cor": ""})
    with open_site(tenant) as connection:
        found = collection(connection, "terms", "category")
        assert (found.inline, found.scope) == (True, "category")
        values = {key: record.values for key, record in records(found).items()}
    assert values == {
        parent: ("category", "Mar", "mar", "", None, None),
        child: ("category", "Peixe &amp; rede", "peixe-rede", "", parent, '{"cor":null}'),
    }


def test_a_term_that_cannot_be_served_is_listed_and_does_not_take_the_others_along(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    made = [site.site.add("tags", name=f"Tag {number}") for number in range(4)]

    def answer(request: Request) -> Response | None:
        asked = request.params.get("include", str(made[1])).split(",")
        whole = "name" in request.params.get("_fields", "") and request.route == "/wp/v2/tags"
        return Response(500) if whole and str(made[1]) in asked else None

    site.faults.add(answer)
    with open_site(tenant) as connection:
        (page,) = collection(connection, "terms", "post_tag").listing()
    assert [sighting.key for sighting in page.sightings] == made
    assert [payload["id"] for payload in page.payloads] == [made[0], *made[2:]]


def test_raw_texts_are_read_and_not_rendered_ones(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    post = site.site.add("posts", title='Olá "mundo"', content="<!-- wp:x -->\nOlá\n<!-- /wp:x -->")
    with open_site(tenant) as connection:
        (record,) = records(collection(connection, "posts", "post"), [post]).values()
    assert record.values[2] == 'Olá "mundo"'
    assert record.values[2:6:3] == ('Olá "mundo"', "<!-- wp:x -->\nOlá\n<!-- /wp:x -->")
    assert record.values[12] is True


def test_a_password_never_leaves_the_answer(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    post = site.site.add("posts", title="Só para quem sabe", password="abracadabra")  # noqa: S106
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        (payload,) = posts.fetch([post]).payloads
        record = posts.to_record(payload)
    assert "abracadabra" not in repr(payload)
    assert "abracadabra" not in repr(record)
    assert record.values[11] is True


def test_terms_of_a_post_are_named_by_taxonomy(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    category = site.site.add("categories", name="Mar")
    region = site.site.add("regiao", name="Sul")
    post = site.site.add("posts", title="Olá", categories=[category], regiao=[region])
    with open_site(tenant) as connection:
        (record,) = records(collection(connection, "posts", "post"), [post]).values()
    assert [(link.kind, link.key) for link in record.links] == [
        ("category", category),
        ("regiao", region),
    ]


def test_a_row_without_an_id_is_rejected_and_the_others_are_kept(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    post = site.site.add("posts", title="Olá")

    def answer(request: Request) -> Response | None:
        if "offset" not in request.params:
            return None
        rows = orjson.loads(request.answer().body)
        more = [{"modified_gmt": "2024-01-01T00:00:00"}, {"id": "x"}, {"id": True}, {"id": 0}]
        return Response.json([*rows, *more], headers={"X-WP-Total": "5"})

    site.faults.add(answer)
    with open_site(tenant, batch_size=10) as connection:
        (page,) = collection(connection, "posts", "post").listing()
    assert [sighting.key for sighting in page.sightings] == [post]
    assert [rejected.key for rejected in page.rejected] == [None] * 4


def test_notices_and_comments_around_the_json_do_not_matter(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    post = site.site.add("posts", title="Olá")
    notice = b"\xef\xbb\xbf<br />\n<b>Notice</b>: foo[0] in /srv/x.php on line 7<br />\n"
    site.faults.add(Fault(wrapped(notice, b"\n<!-- cached -->"), times=None))
    with open_site(tenant) as connection:
        assert set(records(collection(connection, "posts", "post"))) == {post}
        connection.verify()


def test_a_site_with_plain_permalinks_is_read_all_the_same(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.pretty_permalinks = False
    made = {site.site.add("posts", title=str(number)) for number in range(7)}
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        assert set(records(posts)) == made
        assert posts.absent([*made, 999]) == {999}
        connection.verify()


def _title(kind: str) -> str:
    return "name" if kind == "tags" else "title"
