"""A database that cannot be set up says why, and what to do; it is left as it was."""

from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.core.errors import OperatorMustAct
from sync_assets.store import migrate as migrating
from sync_assets_tests.store.new_server import HEAD, NewServer, ask, exists, name_of, upgrade

pytestmark = pytest.mark.postgres


def test_a_database_of_a_newer_version_is_left_alone(new_server: NewServer):
    url = new_server.database()
    upgrade(url)
    ask(url, "UPDATE sync.alembic_version SET version_num = '9999' RETURNING 1")
    with pytest.raises(OperatorMustAct, match=r"revision 9999.*newer version: install that one"):
        upgrade(url)
    assert ask(url, HEAD) == "9999"


@pytest.mark.parametrize(
    ("rights", "owns", "pgvector", "missing"),
    [
        ("CREATEROLE", False, True, "permission denied for database"),
        ("NOCREATEROLE", True, True, "permission denied to create role"),
        ("CREATEROLE", True, False, 'permission denied to create extension "vector"'),
    ],
)
def test_a_user_without_rights_is_told_which_are_missing(
    new_server: NewServer, rights: LiteralString, owns: bool, pgvector: bool, missing: str
):
    url = new_server.hosted(rights, owns=owns, pgvector=pgvector)
    with pytest.raises(OperatorMustAct) as caught:
        upgrade(url)
    message = str(caught.value)
    assert f"lacks rights to set up the database ({missing}" in message
    assert "CREATE on the database, CREATEROLE, and the right to create the extension" in message
    assert ":pw@" not in message
    assert not exists(url, "sync")


def test_a_user_who_may_not_act_as_the_programs_roles_is_told_so(new_server: NewServer):
    url = new_server.hosted("NOCREATEROLE")
    upgrade(new_server.administrators(url))
    with pytest.raises(OperatorMustAct, match="GRANT sync_assets_sync, sync_assets_control TO"):
        upgrade(url)


def test_so_is_one_whose_server_has_the_roles_from_another_database(new_server: NewServer):
    upgrade(new_server.database())
    url = new_server.hosted("CREATEROLE")
    with pytest.raises(OperatorMustAct, match="GRANT sync_assets_sync, sync_assets_control TO"):
        upgrade(url)
    assert not exists(url, "sync")


def test_an_old_postgresql_is_named(new_server: NewServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migrating, "OLDEST", 99)
    with pytest.raises(OperatorMustAct, match=r"This is PostgreSQL \d+; sync-assets needs 99"):
        upgrade(new_server.database())


def test_a_missing_pgvector_is_named(new_server: NewServer):
    url = new_server.database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("""
            CREATE VIEW public.pg_available_extensions AS
            SELECT * FROM pg_catalog.pg_available_extensions WHERE name <> 'vector'
        """)
        found_first = SQL("ALTER DATABASE {} SET search_path = public, pg_catalog")
        connection.execute(found_first.format(Identifier(name_of(url))))
    with pytest.raises(OperatorMustAct, match=r"no pgvector\. Install it on the server"):
        upgrade(url)
    assert not exists(url, "sync")
