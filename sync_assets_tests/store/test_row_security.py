"""PostgreSQL itself keeps tenants apart, on every table that has a tenant_id."""

from collections.abc import Generator, Iterator

import psycopg
import pytest
from psycopg.sql import SQL

from sync_assets.bootstrap import Platform
from sync_assets.core.records import Rejected
from sync_assets.demo import DemoSite
from sync_assets.store.connection import Connection
from sync_assets_tests.conftest import register
from sync_assets_tests.store.looking import Owner, TenantTable, as_nobody, count, one, tenant_tables
from sync_assets_tests.store.writing import held, page, request, sync

pytestmark = pytest.mark.postgres


@pytest.fixture
def neighbours(platform: Platform, demo_site: DemoSite) -> Generator[Platform]:
    """Two tenants of the same site, `ours` and `theirs`, with rows in as many tables as can be."""
    for tenant in ("ours", "theirs"):
        register(platform, tenant, demo_site)
        sync(platform, tenant)
        with held(platform, request(tenant)) as stream:
            stream.write(page(rejected=[Rejected(7, {"id": 7}, "no good")]))
    with held(platform, request("ours")), held(platform, request("theirs")):
        yield platform


def names(tables: list[TenantTable]) -> list[str]:
    return [f"{table.schema}.{table.name}" for table in tables]


def refused(connection: Connection, statement: str) -> bool:
    """Does PostgreSQL refuse a statement for want of rights, or does it find no row to change?"""
    try:
        with connection.transaction():
            return connection.execute(statement).rowcount == 0
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.IntegrityError:
        return False  # only its shape stood in the way


def crossings(table: str) -> Iterator[str]:
    """Everything that one tenant could try on another's rows."""
    yield f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = 'theirs'"  # noqa: S608
    yield f"UPDATE {table} SET tenant_id = 'theirs'"  # noqa: S608
    yield f"DELETE FROM {table} WHERE tenant_id = 'theirs'"  # noqa: S608
    yield f"INSERT INTO {table} (tenant_id) VALUES ('theirs')"  # noqa: S608


# The tables


def unprotected(owner: Owner) -> list[str]:
    return names([table for table in tenant_tables(owner) if not table.protected])


def test_every_table_of_tenants_has_forced_row_security(owner: Owner):
    assert len(tenant_tables(owner)) >= 11
    assert unprotected(owner) == []


def test_a_new_table_without_it_would_be_noticed(owner: Owner):
    owner.execute("CREATE TABLE cms.careless (tenant_id text)")
    owner.execute("CREATE TABLE sync.half (tenant_id text)")
    owner.execute("ALTER TABLE sync.half ENABLE ROW LEVEL SECURITY")  # binds all but the owner
    assert unprotected(owner) == ["cms.careless", "sync.half"]


def test_views_see_no_more_than_whoever_asks(owner: Owner):
    query = """
        SELECT array_agg(c.oid::regclass::text) FROM pg_class c
        WHERE c.relnamespace::regnamespace::text IN ('cms', 'sync') AND c.relkind IN ('v', 'm')
          AND NOT coalesce('security_invoker=true' = ANY(c.reloptions), false)
    """
    assert one(owner, query) is None


# What a tenant can do to another


def test_a_tenant_sees_its_own_rows_and_no_others(neighbours: Platform, owner: Owner):
    filled = 0
    with neighbours.database.as_tenant("ours") as connection:
        for table in tenant_tables(owner):
            query = f"SELECT tenant_id, count(*) FROM {table.schema}.{table.name} GROUP BY 1"  # noqa: S608
            seen = dict(connection.execute(query).fetchall())
            own = count(owner, table, "ours")
            assert seen == ({"ours": own} if own else {}), table
            filled += own > 0 and count(owner, table, "theirs") > 0
    assert filled >= 11  # so many tables had something to hide


def test_a_tenant_cannot_write_into_anothers_rows(neighbours: Platform, owner: Owner):
    before = {table: count(owner, table, "theirs") for table in tenant_tables(owner)}
    with neighbours.database.as_tenant("ours") as connection:
        for table in names(tenant_tables(owner)):
            for statement in crossings(table):
                assert refused(connection, statement), statement
    assert {table: count(owner, table, "theirs") for table in before} == before


def test_a_transaction_of_nobody_sees_nothing(neighbours: Platform, owner: Owner):
    with as_nobody(neighbours.database) as connection:
        for table in [*names(tenant_tables(owner)), "sync.tenants"]:
            query = f"SELECT count(*) FROM {table}"  # noqa: S608
            assert connection.execute(query).scalar_one() == 0, table


def test_a_tenant_sees_no_other_tenants_address_or_secret(neighbours: Platform):
    with neighbours.database.as_tenant("ours") as connection:
        assert list(connection.execute("SELECT id FROM sync.tenants").scalars()) == ["ours"]
        assert refused(connection, "UPDATE sync.tenants SET url = 'http://evil.invalid'")


# The roles


@pytest.mark.parametrize("role", ["sync_assets_sync", "sync_assets_control"])
def test_the_programs_roles_are_bound_by_row_security(owner: Owner, role: str):
    query = "SELECT rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole FROM pg_roles \
        WHERE rolname = %s"
    assert one(owner, query, role) is False
    member = "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole"
    assert one(owner, member, role) == 0


def whoami(connection: Connection) -> str:
    return connection.execute("SELECT current_user").scalar_one()


def test_a_connection_begins_and_resets_in_the_role_that_sees_nothing(platform: Platform):
    with as_nobody(platform.database) as connection:
        assert whoami(connection) == "sync_assets_sync"
        connection.execute("RESET ROLE")
        assert whoami(connection) == "sync_assets_sync"


def test_a_tenants_transaction_leaves_nothing_to_the_next_one(neighbours: Platform):
    with neighbours.database.as_tenant("ours") as connection:
        backend = connection.execute("SELECT pg_backend_pid()").scalar_one()
    with as_nobody(neighbours.database) as connection:
        assert connection.execute("SELECT pg_backend_pid()").scalar_one() == backend
        query = "SELECT count(*) FROM cms.wordpress_posts"
        assert connection.execute(query).scalar_one() == 0


def test_the_control_role_ends_with_its_transaction(platform: Platform):
    with platform.database.as_control() as connection:
        assert whoami(connection) == "sync_assets_control"
    with as_nobody(platform.database) as connection:
        assert whoami(connection) == "sync_assets_sync"


@pytest.mark.parametrize("role", ["sync_assets_control", "NONE"])
def test_a_role_that_a_careless_transaction_kept_does_not_reach_a_tenants(
    neighbours: Platform, role: str
):
    with as_nobody(neighbours.database) as connection:
        connection.execute(f"SET ROLE {role}")
    with neighbours.database.as_tenant("ours") as connection:
        assert whoami(connection) == "sync_assets_sync"
        query = "SELECT count(*) FROM cms.wordpress_posts WHERE tenant_id <> 'ours'"
        assert connection.execute(query).scalar_one() == 0


def test_the_control_role_reads_no_content(neighbours: Platform, owner: Owner):
    query = """
        SELECT array_agg(format('%%s.%%s', c.relname, a.attname)) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'cms'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
          AND a.attname <> 'tenant_id'
          AND has_column_privilege('sync_assets_control', c.oid, a.attname, %s)
    """
    assert one(owner, query, "SELECT, INSERT, UPDATE") is None
    with neighbours.database.as_control() as connection:
        assert refused(connection, "SELECT title FROM cms.wordpress_posts")
        count = connection.execute("SELECT count(tenant_id) FROM cms.wordpress_posts")
        assert count.scalar_one() > 0


def test_only_the_owner_and_the_programs_roles_can_enter(owner: Owner):
    owner.execute(SQL("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger"))
    try:
        for schema in ("cms", "sync"):
            usage = "SELECT has_schema_privilege('stranger', %s, 'USAGE')"
            assert one(owner, usage, schema) is False
        function = "SELECT has_function_privilege('stranger', %s, 'EXECUTE')"
        assert one(owner, function, "sync.backend_started(integer)") is False
    finally:
        owner.execute("DROP ROLE stranger")
