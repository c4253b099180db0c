"""Tenants: their secrets are sealed, their ids used once, and a purge takes all that is theirs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from psycopg.sql import SQL

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import LeaseLost, OperatorMustAct, UnknownTenant
from sync_assets.core.records import Rejected
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import DemoSite
from sync_assets.sources import SPECS
from sync_assets.store.leases import hold
from sync_assets.store.rows import tables_of
from sync_assets.store.secrets import Vault, new_key
from sync_assets.store.tenants import Tenants
from sync_assets_tests.conftest import register
from sync_assets_tests.store.looking import Owner, count, one, tenant_tables
from sync_assets_tests.store.writing import held, page, post, request, sync

pytestmark = pytest.mark.postgres

TABLES = [stream.table for spec in SPECS for stream in spec.streams]
SECRET = "abcd efgh ijkl mnop"  # noqa: S105 - the shape of an application password
TENANT = Tenant(
    "acme", "wordpress", "Agência", "https://acme.test", Credentials("sync", SECRET), {"a": "ção"}
)


def tenants(platform: Platform, *keys: str) -> Tenants:
    return Tenants(platform.database, Vault(",".join(keys)))


# What is kept


def test_a_tenant_comes_back_as_it_was_registered(platform: Platform):
    platform.tenants.add(TENANT)
    found = platform.tenants.get("acme")
    assert replace(found, created_at=None) == TENANT
    assert found.credentials is not None
    assert found.credentials.secret == SECRET
    public = replace(TENANT, id="public", credentials=None)
    platform.tenants.add(public)
    assert platform.tenants.get("public").credentials is None


def test_lists_open_no_secret(platform: Platform):
    platform.tenants.add(TENANT)
    others = tenants(platform, new_key())
    assert others.ids("wordpress") == ["acme"]
    (listed,) = others.all()
    assert listed.credentials == Credentials("sync", "")


def test_an_id_is_never_used_twice(platform: Platform):
    platform.tenants.add(TENANT)
    with pytest.raises(OperatorMustAct, match="a tenant 'acme' already"):
        platform.tenants.add(replace(TENANT, url="https://other.test"))
    assert platform.tenants.get("acme").url == TENANT.url


def test_an_unknown_tenant_is_named(platform: Platform):
    for ask in (platform.tenants.get, platform.tenants.active):
        with pytest.raises(UnknownTenant, match="no tenant 'nobody'"):
            ask("nobody")
    with pytest.raises(UnknownTenant, match="no tenant 'nobody'"):
        platform.tenants.update(replace(TENANT, id="nobody"))


# Secrets


def test_no_secret_is_in_the_database_as_it_is(platform: Platform, owner: Owner):
    platform.tenants.add(TENANT)
    row = one(owner, "SELECT concat(t, encode(secret, 'escape')) FROM sync.tenants t")
    assert "https://acme.test" in row
    assert all(part not in row for part in SECRET.split())


def test_the_same_secret_never_looks_the_same_twice(platform: Platform, owner: Owner):
    platform.tenants.add(TENANT)
    platform.tenants.add(replace(TENANT, id="globex"))
    assert one(owner, "SELECT count(DISTINCT secret) FROM sync.tenants") == 2


def test_a_wrong_key_is_named(platform: Platform):
    platform.tenants.add(TENANT)
    with pytest.raises(OperatorMustAct, match="sealed with another SYNC_ASSETS_SECRET_KEY"):
        tenants(platform, new_key()).get("acme")


@pytest.mark.parametrize("key", ["", "short", "é" * 44])
def test_a_key_that_is_none_is_named(platform: Platform, key: str):
    with pytest.raises(OperatorMustAct, match="SYNC_ASSETS_SECRET_KEY is no key"):
        tenants(platform, key).add(TENANT)


def test_without_a_key_no_secret_is_stored(platform: Platform):
    keyless = Tenants(platform.database, Vault(None))
    with pytest.raises(OperatorMustAct, match="SYNC_ASSETS_SECRET_KEY is not set"):
        keyless.add(TENANT)
    keyless.add(replace(TENANT, credentials=None))
    assert keyless.get("acme").credentials is None


def test_a_key_can_be_replaced(platform: Platform):
    old, new = new_key(), new_key()
    tenants(platform, old).add(TENANT)
    both = tenants(platform, new, old)
    both.update(both.get("acme"))  # opened with the old key, sealed with the new one
    found = tenants(platform, new).get("acme").credentials
    assert found is not None
    assert found.secret == SECRET
    with pytest.raises(OperatorMustAct):
        tenants(platform, old).get("acme")


# Going away


def test_a_removed_tenant_keeps_its_rows_and_is_synced_no_more(
    platform: Platform, owner: Owner, acme: Tenant
):
    sync(platform, acme.id)
    platform.tenants.update(replace(acme, active=False))
    with pytest.raises(UnknownTenant, match="was removed"):
        platform.request("acme")
    assert platform.tenants.ids("wordpress") == []
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts") > 100


def test_a_purge_takes_every_row_of_that_tenant_and_none_of_anothers(
    platform: Platform, owner: Owner, demo_site: DemoSite
):
    for tenant in ("acme", "globex"):
        register(platform, tenant, demo_site)
        sync(platform, tenant)
        with held(platform, request(tenant)) as stream:
            stream.write(page(rejected=[Rejected(7, {"id": 7}, "no good")]))
    owner.execute(
        SQL("""
            INSERT INTO sync.leases SELECT 'acme', stream, sync_id, token, 1, now(), now()
            FROM (SELECT 'terms' AS stream, id AS sync_id, id AS token FROM sync.syncs LIMIT 1) s
        """)
    )
    tables = tenant_tables(owner)
    others = {table: count(owner, table, "globex") for table in tables}
    contents = [table for table in tables if table.schema == "cms" and table.name != "changes"]
    content = sum(count(owner, table, "acme") for table in contents)
    names = dict.fromkeys(tables_of(s.table for spec in SPECS for s in spec.streams))
    assert platform.tenants.purge("acme", list(names)) == content > 250
    assert {table.name: count(owner, table, "acme") for table in tables} == {
        table.name: 0 for table in tables
    }
    assert {table: count(owner, table, "globex") for table in tables} == others
    assert [tenant.id for tenant in platform.tenants.all()] == ["globex"]


def test_only_a_purge_can_delete_content(platform: Platform, acme: Tenant):
    sync(platform, acme.id)
    with (
        pytest.raises(OperatorMustAct, match="permission denied"),
        platform.database.as_tenant("acme") as connection,
    ):
        connection.execute("DELETE FROM cms.wordpress_posts")


def test_a_tenant_that_gets_credentials_gets_its_raw_texts_with_the_next_sync(
    platform: Platform, owner: Owner, demo_site: DemoSite
):
    public = replace(TENANT, url=demo_site.url, credentials=None, settings={})
    platform.tenants.add(public)
    sync(platform, "acme")
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts WHERE is_raw") == 0
    known = replace(public, credentials=Credentials(demo_site.username, demo_site.password))
    platform.tenants.update(known)
    sync(platform, "acme")
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts WHERE NOT is_raw") == 0
    assert sync(platform, "acme").written == 0


def test_a_purge_waits_for_the_page_that_is_being_written(platform: Platform, owner: Owner):
    with held(platform) as stream, ThreadPoolExecutor() as aside:
        with platform.database.as_tenant("acme"):
            purge = aside.submit(platform.tenants.purge, "acme", [*tables_of(TABLES)])
            with pytest.raises(TimeoutError):
                purge.result(timeout=0.5)
        purge.result(timeout=10)
        with pytest.raises(LeaseLost):
            stream.write(page(post(1)))
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts") == 0


def test_nothing_begins_for_a_tenant_that_was_purged(platform: Platform):
    wanted = request()
    with held(platform, wanted):
        pass
    platform.tenants.purge("acme", [*tables_of(TABLES)])
    with pytest.raises(UnknownTenant):
        platform.syncs.begin(wanted)
    with pytest.raises(UnknownTenant), hold(platform.database, "acme", "posts", wanted.id):
        pass
