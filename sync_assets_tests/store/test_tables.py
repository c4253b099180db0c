"""The migrated tables hold what the registry of sources says."""

from typing import Any

import psycopg
import pytest

from sync_assets.core.known import NO_HASH
from sync_assets.core.streams import StreamSpec, Table
from sync_assets.sources import SPECS
from sync_assets_tests.store.looking import Owner, one, primary_key, tenant_tables

pytestmark = pytest.mark.postgres

STREAMS = [(spec.name, stream) for spec in SPECS for stream in spec.streams]
COMMON = {
    "tenant_id": "text",
    "source_modified_at": "timestamp with time zone",
    "local_modified_at": "timestamp with time zone",
    "content_hash": "bytea",
    "synced_at": "timestamp with time zone",
    "synced_by": "uuid",
    "deleted_at": "timestamp with time zone",
}


def columns(owner: Owner, table: str) -> dict[str, str]:
    """The type of each column, by PostgreSQL's own names."""
    query = """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
    """
    return dict(owner.execute(query, [f"cms.{table}"]).fetchall())


def promised(owner: Owner, table: Table) -> dict[str, Any]:
    """The columns of the registry, with the types named as PostgreSQL names them."""
    name = "SELECT %s::regtype::text"
    types = {column.name: one(owner, name, column.type.value) for column in table.columns}
    return COMMON | {table.key: "bigint"} | types


@pytest.mark.parametrize(
    ("source", "stream"), STREAMS, ids=lambda part: getattr(part, "name", part)
)
def test_each_streams_table_has_exactly_the_registrys_columns(
    owner: Owner, source: str, stream: StreamSpec
):
    table = stream.table
    assert table.name.startswith(f"{source}_")
    assert columns(owner, table.name) == promised(owner, table)
    assert table.scope is None or table.scope in columns(owner, table.name)


def test_each_table_is_keyed_by_the_tenant_and_the_sources_id(owner: Owner):
    keys = {found.name: primary_key(owner, found) for found in tenant_tables(owner, "cms")}
    for _, stream in STREAMS:
        table, links = stream.table, stream.table.links
        assert keys[table.name] == ["tenant_id", table.key]
        if links is not None:
            assert keys[links.name] == ["tenant_id", links.owner, links.target]


def test_every_table_notes_local_edits(owner: Owner):
    query = """
        SELECT count(*) FROM pg_trigger
        WHERE tgrelid = to_regclass(%s) AND tgname = 'note_local_edit' AND tgenabled = 'O'
    """
    for _, stream in STREAMS:
        assert one(owner, query, f"cms.{stream.table.name}") == 1, stream.name


def test_a_hash_of_another_length_which_would_upset_the_comparison_is_refused(owner: Owner):
    """The hashes of all rows are held side by side in memory, 16 bytes each."""
    add = """
        INSERT INTO cms.wordpress_terms (tenant_id, wp_id, taxonomy, name, slug, description,
          content_hash, synced_at, synced_by)
        VALUES ('acme', 1, 'category', '', '', '', %s, now(), gen_random_uuid())
    """
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(add, [b"short"])
    owner.execute(add, [NO_HASH])
