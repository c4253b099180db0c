"""Reads and writes the rows of one stream's table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from psycopg import Connection as DriverConnection
from sqlalchemy import Connection, TextClause, text

from sync_assets.core.known import NO_VERSION, Known, Row
from sync_assets.core.records import Record
from sync_assets.core.streams import Column, ColumnType, LinkTable, Table

_CHUNK = 2000  # rows that the server sends at a time

_PAIRS = """unnest(CAST(:owners AS bigint[]), CAST(:kinds AS int[]), CAST(:targets AS bigint[]))
  AS pair (owner, kind, target)"""


@dataclass(frozen=True)
class Rows:
    """One stream's table; every statement runs in a transaction that named its tenant."""

    table: Table

    def known(self, connection: Connection, scope: str) -> Known:
        """What the CMS has of a collection, streamed into compact arrays."""
        streaming = connection.execution_options(stream_results=True, yield_per=_CHUNK)
        rows = streaming.execute(self._known, {"scope": scope, "none": NO_VERSION})
        return Known(cast("Iterable[Row]", rows))

    def upsert(
        self,
        connection: Connection,
        records: Sequence[tuple[Record, bytes]],
        sync_id: UUID,
        now: datetime,
    ) -> dict[int, bool]:
        """Write records through the staging table; last write wins.

        Returns:
            For each key written whether it was created; a key left out has a newer local edit.
        """
        self._copy(connection, records)
        rows = connection.execute(self._merge, {"now": now, "sync": sync_id})
        written = {row.key: row.created for row in rows}
        if self.table.links is not None:
            kept = [record for record, _ in records if record.key in written]
            self._link(connection, kept, {key for key, new in written.items() if not new})
        return written

    def stage(self, connection: Connection) -> None:
        """Make the connection's staging table, where it has none yet."""
        connection.execute(self._stage)

    def unstage(self, connection: Connection) -> None:
        """Between two parts of a page in one transaction: the first one is not written twice."""
        connection.execute(text(f"TRUNCATE pg_temp.{self._staging}"))

    def bury(self, connection: Connection, scope: str, keys: Sequence[int], now: datetime) -> int:
        """Give rows their tombstones unless a local edit is newer; gives how many got one."""
        return connection.execute(
            self._bury, {"keys": list(keys), "scope": scope, "now": now}
        ).rowcount

    def _copy(self, connection: Connection, records: Iterable[tuple[Record, bytes]]) -> None:
        driver = cast("DriverConnection[Any]", connection.connection.driver_connection)
        types = ["int8", "timestamptz", "bytea", *(_wire(c) for c in self.table.columns)]
        with driver.cursor() as cursor, cursor.copy(self._copy_statement.encode()) as copy:
            copy.set_types(types)
            for record, content_hash in records:
                copy.write_row((record.key, record.modified_at, content_hash, *record.values))

    def _link(self, connection: Connection, records: Sequence[Record], older: set[int]) -> None:
        """Replace the references of written records; unchanged ones are not touched."""
        pairs = [(record.key, link.kind, link.key) for record in records for link in record.links]
        names = sorted({kind for _, kind, _ in pairs})
        places = {name: place for place, name in enumerate(names, start=1)}
        parameters: dict[str, object] = {
            "names": names,
            "owners": _array(owner for owner, _, _ in pairs),
            "kinds": _array(places[kind] for _, kind, _ in pairs),
            "targets": _array(target for _, _, target in pairs),
        }
        if older:
            connection.execute(self._unlink, {**parameters, "older": _array(older)})
        if pairs:
            connection.execute(self._add_links, parameters)

    @property
    def _staging(self) -> str:
        return f"page_of_{self.table.name}"

    @cached_property
    def _names(self) -> list[str]:
        return [column.name for column in self.table.columns]

    @cached_property
    def _known(self) -> TextClause:
        where = f"WHERE {self.table.scope} = :scope" if self.table.scope else ""
        return text(f"""
            SELECT {self.table.key},
              coalesce(floor(extract(epoch FROM source_modified_at))::bigint, :none),
              coalesce(ceil(extract(epoch FROM local_modified_at))::bigint, :none),
              coalesce(local_modified_at > coalesce(source_modified_at, '-infinity'), false),
              deleted_at IS NOT NULL, content_hash
            FROM cms.{self.table.name} {where} ORDER BY {self.table.key}
        """)  # noqa: S608 - names come from the registry

    @cached_property
    def _stage(self) -> TextClause:
        """The connection's own staging table; nothing is compressed on its way through it."""
        columns = ", ".join(f"{c.name} {_staged(c)}" for c in self.table.columns)
        texts = [column.name for column in self.table.columns if _staged(column) == "text"]
        plain = ", ".join(f"ALTER {name} SET STORAGE EXTERNAL" for name in texts)
        return text(f"""
            DO $$ BEGIN
              IF to_regclass('pg_temp.{self._staging}') IS NULL THEN
                CREATE TEMPORARY TABLE {self._staging} (
                  key bigint, modified timestamptz, hash bytea, {columns}
                ) ON COMMIT DELETE ROWS;
                ALTER TABLE {self._staging} {plain};
              END IF;
            END $$
        """)

    @cached_property
    def _copy_statement(self) -> str:
        names = ", ".join(["key", "modified", "hash", *self._names])
        return f"COPY {self._staging} ({names}) FROM STDIN (FORMAT BINARY)"

    @cached_property
    def _merge(self) -> TextClause:
        """Insert, or overwrite unless the local edit is newer than the source's version."""
        names, key = ", ".join(self._names), self.table.key
        values = ", ".join(_cast(column) for column in self.table.columns)
        changes = ", ".join(f"{name} = excluded.{name}" for name in self._names)
        return text(f"""
            INSERT INTO cms.{self.table.name} AS held (tenant_id, {key}, source_modified_at,
              content_hash, synced_at, synced_by, {names})
            SELECT current_setting('sync_assets.tenant_id'), key, modified, hash,
              CAST(:now AS timestamptz), CAST(:sync AS uuid), {values} FROM {self._staging}
            ON CONFLICT (tenant_id, {key}) DO UPDATE SET
              source_modified_at = excluded.source_modified_at,
              content_hash = excluded.content_hash, synced_at = excluded.synced_at,
              synced_by = excluded.synced_by, deleted_at = NULL, {changes}
            WHERE held.local_modified_at IS NULL OR held.local_modified_at
              <= coalesce(excluded.source_modified_at, '-infinity')
            RETURNING {key} AS key, xmax = 0 AS created
        """)  # noqa: S608

    @cached_property
    def _bury(self) -> TextClause:
        scope = f"AND {self.table.scope} = :scope" if self.table.scope else ""
        return text(f"""
            UPDATE cms.{self.table.name} SET deleted_at = :now
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {self.table.key} = ANY(:keys) {scope} AND deleted_at IS NULL
              AND (local_modified_at IS NULL
                OR local_modified_at <= coalesce(source_modified_at, '-infinity'))
        """)  # noqa: S608

    @cached_property
    def _unlink(self) -> TextClause:
        links = self._links
        return text(f"""
            DELETE FROM cms.{links.name} AS old
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {links.owner} = ANY(CAST(:older AS bigint[]))
              AND NOT EXISTS (
                SELECT FROM {_PAIRS}
                WHERE owner = old.{links.owner} AND target = old.{links.target}
                  AND (CAST(:names AS text[]))[kind] = old.{links.kind})
        """)  # noqa: S608

    @cached_property
    def _add_links(self) -> TextClause:
        links = self._links
        return text(f"""
            INSERT INTO cms.{links.name} (tenant_id, {links.owner}, {links.kind}, {links.target})
            SELECT current_setting('sync_assets.tenant_id'), owner,
              (CAST(:names AS text[]))[kind], target FROM {_PAIRS}
            ON CONFLICT DO NOTHING
        """)  # noqa: S608

    @property
    def _links(self) -> LinkTable:
        if self.table.links is None:
            raise ValueError(f"{self.table.name} has no links")
        return self.table.links


def _wire(column: Column) -> str:
    """The type in the COPY: JSON travels as text, which is cheaper to send and to store."""
    return {ColumnType.BIGINT: "int8", ColumnType.BOOLEAN: "bool"}.get(column.type, _staged(column))


def _staged(column: Column) -> str:
    return "text" if column.type is ColumnType.JSONB else column.type.value


def _cast(column: Column) -> str:
    return f"{column.name}::jsonb" if column.type is ColumnType.JSONB else column.name


def tables_of(specs: Iterable[Table]) -> Iterator[str]:
    """The names of all tables in `cms` that these streams fill, links included."""
    for table in specs:
        yield table.name
        if table.links is not None:
            yield table.links.name


def _array(numbers: Iterable[int]) -> str:
    """An array as PostgreSQL writes it: ten times as quick as adapting a list."""
    return "{" + ",".join(map(str, numbers)) + "}"
