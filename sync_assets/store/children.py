"""Writes the parts of records, such as an order's lines, each into a row of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sync_assets.core.records import Record
from sync_assets.core.streams import ChildTable, Column, ColumnType
from sync_assets.store.arrays import Array, array
from sync_assets.store.database import Driver


@dataclass(frozen=True)
class Children:
    """One table of parts; every statement runs in the transaction that writes their records."""

    table: ChildTable

    def replace(self, connection: Driver, place: int, records: Sequence[Record]) -> None:
        """Let these records have the parts they came with, and no others.

        A part that is as it was is not touched.

        Args:
            connection: in a transaction that named its tenant.
            place: of this table in `Record.children`.
            records: those that were written.
        """
        if not records:
            return
        parameters = self._arrays(place, records)
        connection.execute(self._remove, parameters)
        connection.execute(self._merge, parameters)

    def _arrays(self, place: int, records: Sequence[Record]) -> dict[str, Array]:
        pairs = [(record.key, child) for record in records for child in record.children[place]]
        cells = {
            column.name: array(sent(column), [child.values[index] for _, child in pairs])
            for index, column in enumerate(self.table.columns)
        }
        return {
            "owners": array("bigint", [record.key for record in records]),
            "owner": array("bigint", [owner for owner, _ in pairs]),
            "key": array("bigint", [child.key for _, child in pairs]),
            **cells,
        }

    @cached_property
    def _remove(self) -> bytes:
        table = self.table
        return f"""
            DELETE FROM cms.{table.name} AS old
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {table.owner} = ANY(%(owners)s::bigint[])
              AND ({table.owner}, {table.key}) NOT IN (
                SELECT owner, key
                FROM unnest(%(owner)s::bigint[], %(key)s::bigint[]) AS kept (owner, key))
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _merge(self) -> bytes:
        """Insert, or overwrite where anything differs."""
        table, names = self.table, [column.name for column in self.table.columns]
        arrays = "".join(f", %({c.name})s::{sent(c)}[]" for c in table.columns)
        columns, ours = ", ".join(names), ", ".join(f"held.{name}" for name in names)
        theirs = ", ".join(f"excluded.{name}" for name in names)
        return f"""
            INSERT INTO cms.{table.name} AS held (tenant_id, {table.owner}, {table.key}, {columns})
            SELECT current_setting('sync_assets.tenant_id'), owner, key,
              {", ".join(map(taken, table.columns))}
            FROM unnest(%(owner)s::bigint[], %(key)s::bigint[]{arrays})
              AS page (owner, key, {columns})
            ON CONFLICT (tenant_id, {table.owner}, {table.key})
            DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
            WHERE ({ours}) IS DISTINCT FROM ({theirs})
        """.encode()  # noqa: S608


def sent(column: Column) -> str:
    """The type of the column's array: JSON travels as text."""
    return "text" if column.type is ColumnType.JSONB else column.type.value


def taken(column: Column) -> str:
    """The column's value, out of its array."""
    return f"{column.name}::jsonb" if column.type is ColumnType.JSONB else column.name
