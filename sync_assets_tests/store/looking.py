"""Looks at the tables as their owner does, past row security and our own counters."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from sync_assets.store.connection import Connection as OwnConnection
from sync_assets.store.database import Database

Owner = Connection[tuple[Any, ...]]
"""A connection of the owner, every statement a transaction of its own."""

_TABLES = """
    SELECT n.nspname, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS protected
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
    ORDER BY 1, 2
"""


class TenantTable(NamedTuple):
    """A table whose rows belong to tenants; `protected`: row security is on, and forced."""

    schema: str
    name: str
    protected: bool

    @property
    def identifier(self) -> Identifier:
        return Identifier(self.schema, self.name)


class Version(NamedTuple):
    """Where a row's present version lies and which transaction wrote it: new after any write."""

    ctid: str
    xmin: str


def tenant_tables(owner: Owner, *schemas: str) -> list[TenantTable]:
    """Every table with a tenant_id, from the catalog, so that no new one is forgotten."""
    rows = owner.execute(_TABLES, [list(schemas or ("cms", "sync"))])
    return [TenantTable(*row) for row in rows]


def versions(owner: Owner) -> dict[tuple[str, str], Version]:
    """The version of every row of contents, by table and primary key; the feed is no content."""
    found: dict[tuple[str, str], Version] = {}
    for table in (table for table in tenant_tables(owner, "cms") if table.name != "changes"):
        key = SQL(", ").join(map(Identifier, primary_key(owner, table)))
        query = SQL("SELECT concat_ws('/', {}), ctid::text, xmin::text FROM {}")
        for name, *version in owner.execute(query.format(key, table.identifier)):
            found[table.name, name] = Version(*version)
    return found


def primary_key(owner: Owner, table: TenantTable) -> Sequence[str]:
    """The columns of the table's primary key."""
    query = """
        SELECT a.attname FROM pg_index i JOIN pg_attribute a
          ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
        WHERE i.indisprimary AND i.indrelid = to_regclass(%s) ORDER BY a.attnum
    """
    return [row[0] for row in owner.execute(query, [f"{table.schema}.{table.name}"])]


def one(owner: Owner, query: LiteralString, *parameters: object) -> Any:
    """The first column of a query's only row."""
    (row,) = owner.execute(query, parameters).fetchall()
    return row[0]


def count(owner: Owner, table: TenantTable, tenant: str) -> int:
    """How many rows of a table belong to a tenant."""
    query = SQL("SELECT count(*) FROM {} WHERE tenant_id = %s").format(table.identifier)
    (row,) = owner.execute(query, [tenant]).fetchall()
    return row[0]


@contextmanager
def as_nobody(database: Database) -> Generator[OwnConnection]:
    """A transaction as a careless program begins it, on a connection of the pool."""
    with database.keep() as kept, kept.living().transaction():
        yield kept.living()
