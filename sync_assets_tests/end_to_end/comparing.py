"""Whether two tenants of one site have the same rows."""

from typing import Any

from psycopg.sql import SQL

from sync_assets_tests.store.looking import Owner, tenant_tables

_ROWS = SQL("""
    SELECT to_jsonb(t)
      - ARRAY['tenant_id', 'synced_at', 'synced_by', 'local_modified_at', 'deleted_at'],
      to_jsonb(t)->>'deleted_at' IS NOT NULL AS deleted
    FROM {table} t WHERE tenant_id = {tenant}
""")
_DIFFERENT = SQL("""
    SELECT * FROM (({one}) EXCEPT ALL ({other})) AS only_one UNION ALL
    SELECT * FROM (({other}) EXCEPT ALL ({one})) AS only_other
""")


def differing(owner: Owner, one: str, other: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that only one of them has, by table; all columns count but who wrote it when."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in (table for table in tenant_tables(owner, "cms") if table.name != "changes"):
        mine = _ROWS.format(table=table.identifier, tenant=one)
        theirs = _ROWS.format(table=table.identifier, tenant=other)
        rows = owner.execute(_DIFFERENT.format(one=mine, other=theirs)).fetchall()
        if rows:
            found[table.name] = rows
    return found
