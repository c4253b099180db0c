"""A server on which nothing was set up, with databases and users as hosters make them."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from sync_assets.store.database import Database
from sync_assets.store.embedded import EmbeddedServer
from sync_assets.store.migrate import migrate
from sync_assets_tests.store.looking import Owner, one

HEAD = "SELECT version_num FROM sync.alembic_version"

_DATABASES = "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'"
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname ~ '^(test_|sync_assets_(sync|control)$)'"


@dataclass(frozen=True, slots=True)
class NewServer:
    """The server, and its superuser's connection."""

    server: EmbeddedServer
    admin: Owner

    def database(self) -> str:
        """The superuser's URL of a new database."""
        return self._create(f"test_{uuid4().hex[:8]}")

    def hosted(self, *rights: LiteralString, owns: bool = True, pgvector: bool = True) -> str:
        """The URL of a new database for a new user, who owns it or may only enter."""
        name = f"test_{uuid4().hex[:8]}"
        url, user = self._create(name), Identifier(name)
        create = SQL("CREATE ROLE {} LOGIN {} PASSWORD 'pw'")
        self.admin.execute(create.format(user, SQL(" ").join(map(SQL, rights))))
        if owns:
            self.admin.execute(SQL("ALTER DATABASE {0} OWNER TO {0}").format(user))
        if pgvector:
            ask(url, "CREATE EXTENSION vector; SELECT 1")
        theirs = make_url(url).set(username=name, password="pw")  # noqa: S106
        return theirs.render_as_string(hide_password=False)

    def administrators(self, url: str) -> str:
        """The superuser's URL of a user's database."""
        return self.server.url(name_of(url))

    def clear(self) -> None:
        """Drop all databases and roles, also those of the program."""
        for (name,) in self.admin.execute(_DATABASES).fetchall():
            self.admin.execute(SQL("DROP DATABASE {} (FORCE)").format(Identifier(name)))
        for (name,) in self.admin.execute(_ROLES).fetchall():
            self.admin.execute(SQL("DROP ROLE {}").format(Identifier(name)))

    def _create(self, name: str) -> str:
        self.admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.server.url(name)


def name_of(url: str) -> str:
    """The database's name, which is also its user's."""
    return make_url(url).database or ""


def upgrade(url: str) -> None:
    """Migrate, as the program does when it starts."""
    database = Database(url)
    try:
        migrate(database)
    finally:
        database.close()


def ask(url: str, query: LiteralString) -> object:
    """The only value of a query; the last one of several statements."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        while cursor.nextset():
            pass
        (row,) = cursor.fetchall()
        return row[0]


def exists(url: str, schema: str) -> bool:
    """Is there such a schema?"""
    with psycopg.connect(url, autocommit=True) as connection:
        return one(connection, "SELECT to_regnamespace(%s) IS NOT NULL", schema)
