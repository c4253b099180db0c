"""On a hoster's server the database's owner is no superuser: everything works, and binds it too."""

from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets.store.secrets import new_key
from sync_assets_tests.conftest import register
from sync_assets_tests.store.looking import Owner, one, tenant_tables
from sync_assets_tests.store.new_server import NewServer, name_of, upgrade
from sync_assets_tests.store.writing import held, request, sync

pytestmark = pytest.mark.postgres

AS_ACME = "SELECT set_config('sync_assets.tenant_id', 'acme', false)"


def on(url: str, home: Path) -> Platform:
    names = {"DATABASE_URL": url, "home": home, "secret_key": new_key()}
    return Platform(Settings.model_validate({**names, "allow_private_urls": True}))


@pytest.fixture
def hosted(new_server: NewServer, tmp_path: Path) -> Generator[Platform]:
    """The program as a user that owns its database and may make roles, and nothing else."""
    platform = on(new_server.hosted("CREATEROLE"), tmp_path)
    yield platform
    platform.close()


@pytest.fixture
def owner(hosted: Platform) -> Generator[Owner]:
    with psycopg.connect(hosted.database_url, autocommit=True) as connection:
        assert one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = user") is False
        yield connection


def test_a_whole_sync_works(hosted: Platform, demo_site: DemoSite):
    register(hosted, "acme", demo_site)
    assert sync(hosted, "acme").created > 250
    again = sync(hosted, "acme")
    assert (again.created, again.updated) == (0, 0)


def test_row_security_binds_the_owner_too(hosted: Platform, owner: Owner, demo_site: DemoSite):
    for tenant in ("acme", "globex"):
        register(hosted, tenant, demo_site)
        sync(hosted, tenant)
    tables = [table.identifier for table in tenant_tables(owner)]
    counts = [SQL("SELECT count(*), count(DISTINCT tenant_id) FROM {}").format(t) for t in tables]
    assert {owner.execute(query).fetchone() for query in counts} == {(0, 0)}
    owner.execute(AS_ACME)
    seen = [owner.execute(query).fetchone() for query in counts]
    assert max(tenants for _, tenants in map(tuple, filter(None, seen))) == 1
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts") > 100


def test_the_owners_edits_are_local_edits(hosted: Platform, owner: Owner, demo_site: DemoSite):
    register(hosted, "acme", demo_site)
    sync(hosted, "acme")
    owner.execute(AS_ACME)
    owner.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE sticky")
    assert sync(hosted, "acme").skipped == 2


def test_leases_see_whose_connection_lives(hosted: Platform):
    wanted = request()
    with held(hosted, wanted):
        (row,) = hosted.syncs.report(wanted.id).streams
        assert row.held


def test_an_administrator_can_set_it_up_for_a_user_without_rights(
    new_server: NewServer, demo_site: DemoSite, tmp_path: Path
):
    url = new_server.hosted("NOCREATEROLE")
    upgrade(new_server.administrators(url))
    grant = SQL("GRANT sync_assets_sync, sync_assets_control TO {}")
    new_server.admin.execute(grant.format(Identifier(name_of(url))))
    platform = on(url, tmp_path)
    register(platform, "acme", demo_site)
    assert sync(platform, "acme").created > 250
    platform.close()


def test_the_owner_of_a_second_database_needs_only_the_roles(new_server: NewServer, tmp_path: Path):
    upgrade(new_server.database())
    url = new_server.hosted("NOCREATEROLE")
    grant = SQL("GRANT sync_assets_sync, sync_assets_control TO {}")
    new_server.admin.execute(grant.format(Identifier(name_of(url))))
    platform = on(url, tmp_path)
    with platform.database.as_tenant("acme") as connection:
        count = connection.execute("SELECT count(*) FROM cms.wordpress_posts")
        assert count.scalar_one() == 0
    platform.close()
