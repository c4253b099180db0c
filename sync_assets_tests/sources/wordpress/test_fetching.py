import pytest

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, Trouble, html_page, maintenance, rate_limited, status
from sync_assets.demo.messages import Request, Response
from sync_assets.sources.wire import Limits
from sync_assets.sources.wordpress import WordPress
from sync_assets_tests.sources.conftest import QUICK
from sync_assets_tests.sources.wordpress.conftest import Open
from sync_assets_tests.sources.wordpress.reading import collection


def when_asked_for(key: int, trouble: Trouble) -> Trouble:
    """Strikes whenever one record is among those that are asked for."""

    def answer(request: Request) -> Response | None:
        asked = request.params.get("include", "").split(",")
        return trouble(request) if str(key) in asked else None

    return answer


@pytest.fixture
def made(site: DemoSite) -> list[int]:
    return [site.site.add("posts", title=str(number)) for number in range(10)]


@pytest.mark.parametrize("trouble", [status(500), status(504), html_page()])
def test_one_record_that_cannot_be_served_does_not_take_the_others_along(
    trouble: Trouble, made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.faults.add(when_asked_for(made[3], trouble))
    with open_site(tenant, batch_size=10) as connection:
        fetched = collection(connection, "posts", "post").fetch(made)
    assert {row["id"] for row in fetched.payloads} == set(made) - {made[3]}
    (rejected,) = fetched.rejected
    assert (rejected.key, rejected.payload) == (made[3], {"id": made[3]})
    assert "acme's site" in rejected.cause


def test_a_record_too_large_to_be_read_is_rejected(
    made: list[int], tenant: Tenant, site: DemoSite
) -> None:
    site.site.edit("posts", made[5], content="x" * 100_000)
    source = WordPress(allow_private=True, backoff=QUICK, limits=Limits(body=50_000))
    with source.connect(tenant, SyncOptions(), StopSignal()) as connection:
        fetched = collection(connection, "posts", "post").fetch(made)
    assert len(fetched.payloads) == 9
    assert [rejected.key for rejected in fetched.rejected] == [made[5]]


@pytest.mark.parametrize("trouble", [status(500), maintenance(), rate_limited(3600)])
def test_a_site_that_is_down_is_for_later_and_rejects_nothing(
    trouble: Trouble, made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        site.faults.add(Fault(trouble, times=None))
        before = len(site.received)
        with pytest.raises(RetryLater):
            posts.fetch(made)
    assert len(site.received) - before <= 6


def test_too_many_requests_are_not_answered_with_more(
    made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.faults.add(when_asked_for(made[0], status(429)))
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        before = len(site.received)
        with pytest.raises(RetryLater):
            posts.fetch(made)
    assert len(site.received) - before == 4


def test_only_what_the_site_says_is_gone_is_absent(
    made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.delete("posts", made[0])
    site.site.trash("posts", made[1])
    site.site.edit("posts", made[2], status="private")
    page = site.site.add("pages", title="Página")
    with open_site(tenant) as connection:
        assert collection(connection, "posts", "post").absent([*made, page]) == {made[0], page}


def test_a_deleted_term_is_absent(tenant: Tenant, site: DemoSite, open_site: Open) -> None:
    kept = site.site.add("tags", name="Mar")
    with open_site(tenant) as connection:
        assert collection(connection, "terms", "post_tag").absent([kept, 999]) == {999}


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(status(404, b"<h1>Not found</h1>"), id="a firewall's 404"),
        pytest.param(status(404, b'{"code":"rest_no_route"}'), id="a lost route"),
        pytest.param(status(403, b'{"code":"rest_forbidden"}'), id="forbidden"),
        pytest.param(status(500), id="an error of its own"),
        pytest.param(status(410, b'{"code":"gone"}'), id="another code"),
    ],
)
def test_no_other_refusal_proves_that_a_record_is_gone(
    trouble: Trouble, made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.delete("posts", made[0])
    site.faults.add(Fault(trouble, path=f"/wp/v2/posts/{made[0]}", times=None))
    with open_site(tenant) as connection:
        assert collection(connection, "posts", "post").absent(made) == set()


def test_absence_is_not_concluded_from_a_site_that_is_down(
    made: list[int], tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        site.faults.add(Fault(status(500), times=None))
        with pytest.raises(RetryLater):
            posts.absent(made)
