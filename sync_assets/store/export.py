"""Reads a tenant's rows back out, a chunk at a time."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text

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
            streaming = connection.execution_options(stream_results=True, yield_per=_CHUNK)
            query = _select(stream.table, ":deleted OR deleted_at IS NULL")
            result = streaming.execute(query, {"deleted": deleted})
            for rows in result.mappings().partitions(_CHUNK):
                yield [_flattened(dict(row)) for row in rows]

    def page(
        self, tenant_id: str, stream: StreamSpec, after: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """The live rows with keys behind `after`, None for the first, in their order."""
        key = stream.table.key
        query = _select(
            stream.table,
            f"deleted_at IS NULL AND (CAST(:after AS bigint) IS NULL OR {key} > :after)",
            "LIMIT :limit",
        )
        return self._rows(tenant_id, query, {"after": after, "limit": limit})

    def some(self, tenant_id: str, stream: StreamSpec, keys: Sequence[int]) -> list[dict[str, Any]]:
        """The live rows with these keys; what is buried or was never there is left out."""
        query = _select(stream.table, f"deleted_at IS NULL AND {stream.table.key} = ANY(:keys)")
        return self._rows(tenant_id, query, {"keys": list(keys)})

    def _rows(
        self, tenant_id: str, query: TextClause, parameters: Mapping[str, object]
    ) -> list[dict[str, Any]]:
        with self._database.as_tenant(tenant_id) as connection:
            result = connection.execute(query, parameters)
            return [_flattened(dict(row)) for row in result.mappings()]


def _select(table: Table, condition: str, most: str = "") -> TextClause:
    names = [table.key, *(column.name for column in table.columns), *_COMMON]
    columns = ", ".join(f"held.{name}" for name in names)
    terms = f", {_links(table)} AS terms" if table.links else ""
    parts = "".join(f", {_children(table, part)} AS {part.field}" for part in table.children)
    return text(f"""
        SELECT {columns}{terms}{parts} FROM cms.{table.name} AS held
        WHERE tenant_id = current_setting('sync_assets.tenant_id') AND ({condition})
        ORDER BY {table.key} {most}
    """)  # noqa: S608 - names come from the registry


def _links(table: Table) -> str:
    """The references of a row, by kind: {"category": [3, 7]}."""
    links = table.links
    if links is None:
        raise ValueError(f"{table.name} has no links")
    return f"""coalesce((
        SELECT jsonb_object_agg(kind, targets) FROM (
          SELECT {links.kind} AS kind, jsonb_agg({links.target} ORDER BY {links.target}) AS targets
          FROM cms.{links.name} WHERE tenant_id = held.tenant_id
            AND {links.owner} = held.{table.key} GROUP BY {links.kind}) AS grouped), '{{}}')"""  # noqa: S608


def _children(table: Table, part: ChildTable) -> str:
    """A record's parts in the order of their keys; exact numbers as texts, as JSON has none."""
    texts = {column.name for column in part.columns if column.type is ColumnType.NUMERIC}
    names = [part.key, *(column.name for column in part.columns)]
    pairs = ", ".join(f"'{name}', {name}{'::text' if name in texts else ''}" for name in names)
    return f"""coalesce((
        SELECT jsonb_agg(jsonb_build_object({pairs}) ORDER BY {part.key}) FROM cms.{part.name}
        WHERE tenant_id = held.tenant_id AND {part.owner} = held.{table.key}), '[]')"""  # noqa: S608


def _flattened(row: dict[str, Any]) -> dict[str, Any]:
    """WordPress's own two taxonomies also under the names that everybody knows."""
    if "terms" in row:
        row["categories"] = row["terms"].get("category", [])
        row["tags"] = row["terms"].get("post_tag", [])
    return row
