"""Writes the parts of records, such as an order's lines, each into a row of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sync_assets.core.records import Record
from sync_assets.core.streams import ChildTable, Column, ColumnType
from sync_assets.store.arrays import Array, array
from sync_assets.store.connection import Connection


@dataclass(frozen=True)
class Children:
    """One table of parts; every statement runs in the transaction that writes their records."""

    table: ChildTable

    def insert(
        self, connection: Connection, place: int, records: Sequence[Record], keys: Array
    ) -> None:
        """Write the parts of new records; what is left of older ones, whose rows are gone, goes.

        The arguments are those of `replace`.
        """
        connection.execute(self._clear, {"written": keys})
        connection.execute(self._insert, self._arrays(place, records))

    def replace(
        self, connection: Connection, place: int, records: Sequence[Record], keys: Array
    ) -> None:
        """Let these records have the parts they came with, and no others.

        A part that is as it was is not touched.

        Args:
            connection: in a transaction that named its tenant.
            place: of this table in `Record.children`.
            records: those that were written.
            keys: their keys.
        """
        if not records:
            return
        parameters = self._arrays(place, records)
        connection.execute(self._remove, {**parameters, "written": keys})
        connection.execute(self._merge, parameters)

    def _arrays(self, place: int, records: Sequence[Record]) -> dict[str, Array]:
        pairs = [(record.key, child) for record in records for child in record.children[place]]
        columns = {
            column.name: cells(column, [child.values[index] for _, child in pairs])
            for index, column in enumerate(self.table.columns)
        }
        return {
            "owner": array("bigint", [owner for owner, _ in pairs]),
            "key": array("bigint", [child.key for _, child in pairs]),
            **columns,
        }

    @cached_property
    def _clear(self) -> bytes:
        table = self.table
        return f"""
            DELETE FROM cms.{table.name} AS old
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {table.owner} = ANY(%(written)s::bigint[])
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _remove(self) -> bytes:
        others = f"""
              AND ({self.table.owner}, {self.table.key}) NOT IN (
                SELECT owner, key
                FROM unnest(%(owner)s::bigint[], %(key)s::bigint[]) AS kept (owner, key))
        """  # noqa: S608 - names come from the registry
        return self._clear + others.encode()

    @cached_property
    def _insert(self) -> bytes:
        table, columns = self.table, ", ".join(self._names)
        arrays = "".join(f", %({c.name})s::{sent(c)}[]" for c in table.columns)
        return f"""
            INSERT INTO cms.{table.name} AS held (tenant_id, {table.owner}, {table.key}, {columns})
            SELECT current_setting('sync_assets.tenant_id'), owner, key,
              {", ".join(map(taken, table.columns))}
            FROM unnest(%(owner)s::bigint[], %(key)s::bigint[]{arrays})
              AS page (owner, key, {columns})
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _merge(self) -> bytes:
        """Insert, or overwrite where anything differs."""
        table, names = self.table, self._names
        ours = ", ".join(f"held.{name}" for name in names)
        theirs = ", ".join(f"excluded.{name}" for name in names)
        update = f"""
            ON CONFLICT (tenant_id, {table.owner}, {table.key})
            DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
            WHERE ({ours}) IS DISTINCT FROM ({theirs})
        """
        return self._insert + update.encode()

    @cached_property
    def _names(self) -> list[str]:
        return [column.name for column in self.table.columns]


# psycopg takes seven times as long to write a decimal in binary as Python takes to write its text.
_AS_TEXT = {ColumnType.JSONB, ColumnType.NUMERIC}


def cells(column: Column, values: Iterable[object]) -> Array:
    """A column of a page, as it travels."""
    if column.type is ColumnType.NUMERIC:
        values = [None if value is None else str(value) for value in values]
    return array(sent(column), values)


def sent(column: Column) -> str:
    """The type of the column's array: JSON and exact numbers travel as text."""
    return "text" if column.type in _AS_TEXT else column.type.value


def taken(column: Column) -> str:
    """The column's value, out of its array."""
    return f"{column.name}::{column.type.value}" if column.type in _AS_TEXT else column.name
