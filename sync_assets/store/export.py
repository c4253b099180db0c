"""Reads a tenant's rows back out, a chunk at a time."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row

from sync_assets.core.streams import ChildTable, ColumnType, StreamSpec, Table
from sync_assets.store.database import Database

_CHUNK = 1000
_COMMON = ("source_modified_at", "local_modified_at", "synced_at", "deleted_at")


class Export:
    """Reads the rows of a tenant's stream with the names of the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chunks(
        self, tenant_id: str, stream: StreamSpec, *, deleted: bool = False
    ) -> Generator[list[dict[str, Any]]]:
        """The rows in the order of their keys, at most 1,000 at a time.

        Args:
            tenant_id: whose rows.
            stream: which of its streams.
            deleted: also the rows with a tombstone.
        """
        with self._database.as_tenant(tenant_id) as connection:
            query = _select(stream.table, "%(deleted)s OR deleted_at IS NULL")
            with connection.cursor("export", row_factory=dict_row) as cursor:
                cursor.execute(query.encode(), {"deleted": deleted})
                while rows := cursor.fetchmany(_CHUNK):
                    yield list(map(_flattened, rows))

    def page(
        self, tenant_id: str, stream: StreamSpec, after: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """The live rows with keys behind `after`, None for the first, in their order."""
        key = stream.table.key
        query = _select(
            stream.table,
            f"deleted_at IS NULL AND (%(after)s::bigint IS NULL OR {key} > %(after)s)",
            "LIMIT %(limit)s",
        )
        return self._rows(tenant_id, query, {"after": after, "limit": limit})

    def some(self, tenant_id: str, stream: StreamSpec, keys: Sequence[int]) -> list[dict[str, Any]]:
        """The live rows with these keys; what is buried or was never there is left out."""
        query = _select(stream.table, f"deleted_at IS NULL AND {stream.table.key} = ANY(%(keys)s)")
        return self._rows(tenant_id, query, {"keys": list(keys)})

    def _rows(
        self, tenant_id: str, query: str, parameters: Mapping[str, object]
    ) -> list[dict[str, Any]]:
        with self._database.as_tenant(tenant_id) as connection:
            return list(map(_flattened, connection.execute(query, parameters).mappings()))


def _select(table: Table, condition: str, most: str = "") -> str:
    names = [table.key, *(column.name for column in table.columns), *_COMMON]
    columns = ", ".join(f"held.{name}" for name in names)
    terms = f", {_links(table)} AS terms" if table.links else ""
    parts = "".join(f", {_children(table, part)} AS {part.field}" for part in table.children)
    return f"""
        SELECT {columns}{terms}{parts} FROM cms.{table.name} AS held
        WHERE tenant_id = current_setting('sync_assets.tenant_id') AND ({condition})
        ORDER BY {table.key} {most}
    """  # noqa: S608 - names come from the registry


def _links(table: Table) -> str:
    """The references of a row, by kind: {"category": [3, 7]}."""
    links = table.links
    if links is None:
        raise ValueError(f"{table.name} has no links")
    return f"""coalesce((
        SELECT jsonb_object_agg(kind, targets) FROM (
          SELECT {links.kind} AS kind, jsonb_agg({links.target} ORDER BY {links.target}) AS targets
          FROM cms.{links.name} WHERE tenant_id = held.tenant_id
            AND {links.owner} = held.{table.key} GROUP BY {links.kind}) AS grouped), '{{}}')"""  # noqa: S608 - names of our own


def _children(table: Table, part: ChildTable) -> str:
    """A record's parts in the order of their keys; exact numbers as texts, as JSON has none."""
    texts = {column.name for column in part.columns if column.type is ColumnType.NUMERIC}
    names = [part.key, *(column.name for column in part.columns)]
    pairs = ", ".join(f"'{name}', {name}{'::text' if name in texts else ''}" for name in names)
    return f"""coalesce((
        SELECT jsonb_agg(jsonb_build_object({pairs}) ORDER BY {part.key}) FROM cms.{part.name}
        WHERE tenant_id = held.tenant_id AND {part.owner} = held.{table.key}), '[]')"""  # noqa: S608 - names of our own


def _flattened(row: dict[str, Any]) -> dict[str, Any]:
    """WordPress's own two taxonomies also under the names that everybody knows."""
    if "terms" in row:
        row["categories"] = row["terms"].get("category", [])
        row["tags"] = row["terms"].get("post_tag", [])
    return row
