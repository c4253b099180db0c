from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync_assets.core.errors import SourceChanged, TenantMustAct
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets_tests.sources.wordpress.conftest import Open
from sync_assets_tests.sources.wordpress.reading import collection, keys, names

NOT_FOUND = b'{"code":"rest_no_route","message":"No route was found"}'


def test_a_site_is_asked_little_before_the_first_listing(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        connection.collections("media")
        connection.collections("posts")
        connection.collections("terms")
    asked = [request.route for request in site.received]
    assert asked == [
        "/",
        "/wp/v2/users/me",
        "/wp/v2/types",
        "/wp/v2/taxonomies",
        "/wp/v2/statuses",
    ]


def test_every_public_taxonomy_is_synced_and_no_internal_one(
    tenant: Tenant, public: Tenant, open_site: Open
) -> None:
    for who in (tenant, public):
        with open_site(who) as connection:
            assert names(connection, "terms") == ["category", "post_tag", "regiao"]


def test_a_taxonomy_that_is_not_public_is_synced_when_it_is_named(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    menu = site.site.add("menus", name="Principal")
    with open_site(replace(tenant, settings={"taxonomies": "nav_menu"})) as connection:
        assert names(connection, "terms")[-1] == "nav_menu"
        assert keys(collection(connection, "terms", "nav_menu")) == {menu}


@pytest.mark.parametrize("setting", ["eventos", "evento", " evento , posts,page "])
def test_custom_post_types_come_with_the_posts(
    setting: str, tenant: Tenant, open_site: Open
) -> None:
    with open_site(replace(tenant, settings={"post_types": setting})) as connection:
        assert names(connection, "posts") == ["post", "evento"]
        assert names(connection, "pages") == ["page"]
        assert names(connection, "media") == ["attachment"]


def test_a_post_type_that_does_not_exist_is_named_with_those_that_do(
    tenant: Tenant, open_site: Open
) -> None:
    with open_site(replace(tenant, settings={"post_types": "receitas"})) as connection:
        assert names(connection, "pages") == ["page"]
        with pytest.raises(TenantMustAct, match=r"no post type 'receitas'.*attachment, evento, p"):
            connection.collections("posts")


@pytest.mark.parametrize("settings", [{"post_types": "a b"}, {"acf": "graphql"}])
def test_a_setting_that_cannot_be_is_the_tenants_matter(
    settings: dict[str, str], tenant: Tenant, open_site: Open
) -> None:
    with (
        pytest.raises(TenantMustAct, match="setting of acme"),
        open_site(replace(tenant, settings=settings)),
    ):
        pass


def test_the_sites_own_clock_is_read(tenant: Tenant, site: DemoSite, open_site: Open) -> None:
    site.site.clock = lambda: datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    with open_site(tenant) as connection:
        assert connection.server_time() == datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_wrong_credentials_are_found_out_although_the_site_answers_200(
    secret: str, tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    wrong = replace(tenant, credentials=Credentials(site.username, secret))
    with (
        pytest.raises(TenantMustAct, match=r"does not accept the credentials \(401"),
        open_site(wrong),
    ):
        pass


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        ("subscriber", "edit_posts, edit_others_posts, edit_pages"),
        ("author", "edit_others_posts, edit_pages"),
    ],
)
def test_an_account_that_does_not_see_everything_is_refused_by_name_of_its_rights(
    role: str, missing: str, tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.users.add("ana", "pass word", role)
    weak = replace(tenant, credentials=Credentials("ana", "pass word"))
    with pytest.raises(TenantMustAct, match=f"lacks {missing}"), open_site(weak):
        pass


def test_an_editor_sees_enough(tenant: Tenant, site: DemoSite, open_site: Open) -> None:
    site.site.users.add("ana", "pass word", "editor")
    post = site.site.add("posts", title="Rascunho", status="draft")
    editor = replace(tenant, credentials=Credentials("ana", "pass word"))
    with open_site(editor) as connection:
        assert keys(collection(connection, "posts", "post")) == {post}
        connection.verify()


def test_credentials_that_are_revoked_meanwhile_are_found_out(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        connection.verify()
        site.site.revoke()
        with pytest.raises(TenantMustAct, match="does not accept the credentials"):
            connection.verify()


def test_rights_that_are_taken_away_meanwhile_are_found_out(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.users.add("ana", "pass word", "editor")
    editor = replace(tenant, credentials=Credentials("ana", "pass word"))
    with open_site(editor) as connection:
        site.site.users.add("ana", "pass word", "author")
        with pytest.raises(TenantMustAct, match="edit_others_posts"):
            connection.verify()


def test_another_user_behind_the_same_credentials_is_found_out(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        site.site.users.add(site.username, site.password, "administrator")
        with pytest.raises(TenantMustAct, match="another user"):
            connection.verify()


def test_a_public_tenant_has_nothing_to_verify(
    public: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(public) as connection:
        before = connection.stats.requests
        connection.verify()
        assert (connection.authenticated, connection.stats.requests) == (False, before)
    assert all("authorization" not in request.headers for request in site.received)


def test_a_site_that_hides_its_users_says_what_to_do(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.faults.add(Fault(status(404, NOT_FOUND), path="/users/me", times=None))
    with pytest.raises(TenantMustAct, match="hides /wp/v2/users/me"), open_site(tenant):
        pass


def test_a_firewall_is_told_from_missing_rights(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        site.faults.add(Fault(status(403, b"<h1>Forbidden</h1>"), path="/wp/v2/posts", times=None))
        posts = collection(connection, "posts", "post")
        with pytest.raises(TenantMustAct, match="in front of acme's WordPress"):
            list(posts.listing())


def test_a_route_that_disappears_is_a_change_of_the_source(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    with open_site(tenant) as connection:
        site.faults.add(Fault(status(404, NOT_FOUND), path="/wp/v2/posts", times=None))
        posts = collection(connection, "posts", "post")
        with pytest.raises(SourceChanged, match=r"wp/v2/posts \(404 rest_no_route\)"):
            list(posts.listing())


def test_statuses_of_plugins_are_listed_too(
    tenant: Tenant, site: DemoSite, open_site: Open
) -> None:
    custom = b'{"publish":{},"archived":{"name":"Archived","slug":"archived"}}'
    site.faults.add(Fault(status(200, custom), path="/wp/v2/statuses"))
    refused = b'{"code":"rest_invalid_param"}'
    site.faults.add(Fault(status(400, refused), path="archived"))
    with open_site(tenant) as connection:
        posts = collection(connection, "posts", "post")
        with pytest.raises(SourceChanged):
            list(posts.listing())
    assert "draft,pending,private,trash,archived" in site.received[-1].params["status"]
