"""Reads and writes the rows of one stream's table."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sync_assets.core.known import NO_VERSION, Columns, Known
from sync_assets.core.records import Record
from sync_assets.core.streams import LinkTable, Table
from sync_assets.store.arrays import Array, array
from sync_assets.store.children import Children, cells, sent, taken
from sync_assets.store.connection import Connection

WriteRows = Callable[[Connection, Sequence[tuple[Record, bytes]], UUID, datetime], dict[int, bool]]
"""`Rows.insert` or `Rows.upsert`."""

_PAIRS = """unnest(%(owners)s::bigint[], %(kinds)s::text[], %(targets)s::bigint[])
  AS pair (owner, kind, target)"""


class LeftOut(Exception):
    """Not every row was inserted, and nobody knows which."""


@dataclass(frozen=True)
class Rows:
    """One stream's table; every statement runs in a transaction that named its tenant."""

    table: Table

    def known(self, connection: Connection, scope: str, keys: Sequence[int] | None = None) -> Known:
        """What the CMS has of a collection, or of some records, as compact arrays."""
        wanted = {"scope": scope, "none": NO_VERSION}
        if keys is None:
            found = connection.execute(self._known, wanted, binary=True)
        else:
            found = connection.execute(self._known_of, wanted | {"keys": list(keys)}, binary=True)
        return Known.of(Columns(*found.one()))

    def insert(
        self,
        connection: Connection,
        records: Sequence[tuple[Record, bytes]],
        sync_id: UUID,
        now: datetime,
    ) -> dict[int, bool]:
        """Write records that nobody has yet, which spares PostgreSQL many a look.

        Arguments and result are those of `upsert`.

        Raises:
            UniqueViolation: somebody has brought one meanwhile, or one of its references or parts.
            LeftOut: a trigger of the CMS's own dropped one.
        """
        parameters = {**self._arrays(records), "now": now, "sync": sync_id}
        if connection.execute(self._insert, parameters).rowcount < len(records):
            raise LeftOut
        kept = [record for record, _ in records]
        keys = array("bigint", [record.key for record in kept])
        if self.table.links is not None:
            self._link(connection, self._clear_links, self._insert_links, kept, keys)
        for place, children in enumerate(self._children):
            children.insert(connection, place, kept, keys)
        return dict.fromkeys((record.key for record in kept), True)

    def upsert(
        self,
        connection: Connection,
        records: Sequence[tuple[Record, bytes]],
        sync_id: UUID,
        now: datetime,
    ) -> dict[int, bool]:
        """Write records; last write wins.

        Args:
            connection: in a transaction that named its tenant.
            records: with their hashes.
            sync_id: who writes.
            now: when.

        Returns:
            For each key written whether it was created; a key left out has a newer local edit.
        """
        parameters = {**self._arrays(records), "now": now, "sync": sync_id}
        written = dict(connection.execute(self._merge, parameters).fetchall())
        kept = [record for record, _ in records if record.key in written]
        keys = array("bigint", [record.key for record in kept])
        if self.table.links is not None:
            self._link(connection, self._unlink, self._merge_links, kept, keys)
        for place, children in enumerate(self._children):
            children.replace(connection, place, kept, keys)
        return written

    def bury(self, connection: Connection, scope: str, keys: Sequence[int], now: datetime) -> int:
        """Give rows their tombstones unless a local edit is newer; gives how many got one."""
        return connection.execute(
            self._bury, {"keys": list(keys), "scope": scope, "now": now}
        ).rowcount

    def _arrays(self, records: Sequence[tuple[Record, bytes]]) -> dict[str, Array]:
        """The records' columns, by the names that `_merge` gives them."""
        columns = zip(*(record.values for record, _ in records), strict=True)
        return {
            "key": array("bigint", [record.key for record, _ in records]),
            "modified": array("timestamptz", [record.modified_at for record, _ in records]),
            "hash": array("bytea", [content_hash for _, content_hash in records]),
            **{
                column.name: cells(column, values)
                for column, values in zip(self.table.columns, columns, strict=True)
            },
        }

    def _link(
        self,
        connection: Connection,
        remove: bytes,
        add: bytes,
        records: Sequence[Record],
        keys: Array,
    ) -> None:
        """Let written records have the references that they came with, and no others."""
        pairs = [(record.key, link.kind, link.key) for record in records for link in record.links]
        parameters = {
            "owners": array("bigint", [owner for owner, _, _ in pairs]),
            "kinds": array("text", [kind for _, kind, _ in pairs]),
            "targets": array("bigint", [target for _, _, target in pairs]),
            "written": keys,
        }
        connection.execute(remove, parameters)
        if pairs:
            connection.execute(add, parameters)

    @cached_property
    def _children(self) -> list[Children]:
        return [Children(table) for table in self.table.children]

    @cached_property
    def _names(self) -> list[str]:
        return [column.name for column in self.table.columns]

    @cached_property
    def _known(self) -> bytes:
        return self._select_known(f"{self.table.scope} = %(scope)s" if self.table.scope else "true")

    @cached_property
    def _known_of(self) -> bytes:
        scope = f"AND {self.table.scope} = %(scope)s" if self.table.scope else ""
        return self._select_known(f"{self.table.key} = ANY(%(keys)s) {scope}")

    def _select_known(self, where: str) -> bytes:
        """As `Columns`. A value of each row would cost the server twice as much, and us most."""
        key = self.table.key
        return f"""
            SELECT coalesce(string_agg(int8send({key}), ''), ''),
              coalesce(string_agg(int8send(version), ''), ''),
              coalesce(string_agg(int8send(local), ''), ''),
              coalesce(string_agg(CASE WHEN deleted THEN
                CASE WHEN newer THEN '\\x03'::bytea ELSE '\\x02' END
                ELSE CASE WHEN newer THEN '\\x01'::bytea ELSE '\\x00' END END, ''), ''),
              coalesce(string_agg(content_hash, ''), '')
            FROM (
              SELECT {key}, content_hash, deleted_at IS NOT NULL AS deleted,
                coalesce(local_modified_at > coalesce(source_modified_at, '-infinity'), false)
                  AS newer,
                coalesce(floor(date_part('epoch', source_modified_at))::bigint, %(none)s)
                  AS version,
                coalesce(ceil(date_part('epoch', local_modified_at))::bigint, %(none)s) AS local
              FROM cms.{self.table.name} WHERE {where} ORDER BY {key}) AS held
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _insert(self) -> bytes:
        names, key = ", ".join(self._names), self.table.key
        values = ", ".join(taken(column) for column in self.table.columns)
        arrays = "".join(f", %({c.name})s::{sent(c)}[]" for c in self.table.columns)
        return f"""
            INSERT INTO cms.{self.table.name} AS held (tenant_id, {key}, source_modified_at,
              content_hash, synced_at, synced_by, {names})
            SELECT current_setting('sync_assets.tenant_id'), key, modified, hash,
              %(now)s::timestamptz, %(sync)s::uuid, {values}
            FROM unnest(%(key)s::bigint[], %(modified)s::timestamptz[],
              %(hash)s::bytea[]{arrays}) AS page (key, modified, hash, {names})
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _merge(self) -> bytes:
        """Insert, or overwrite unless the local edit is newer than the source's version."""
        key, changes = self.table.key, ", ".join(f"{n} = excluded.{n}" for n in self._names)
        update = f"""
            ON CONFLICT (tenant_id, {key}) DO UPDATE SET
              source_modified_at = excluded.source_modified_at,
              content_hash = excluded.content_hash, synced_at = excluded.synced_at,
              synced_by = excluded.synced_by, deleted_at = NULL, {changes}
            WHERE held.local_modified_at IS NULL OR held.local_modified_at
              <= coalesce(excluded.source_modified_at, '-infinity')
            RETURNING {key} AS key, xmax = 0 AS created
        """
        return self._insert + update.encode()

    @cached_property
    def _bury(self) -> bytes:
        scope = f"AND {self.table.scope} = %(scope)s" if self.table.scope else ""
        return f"""
            UPDATE cms.{self.table.name} SET deleted_at = %(now)s
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {self.table.key} = ANY(%(keys)s) {scope} AND deleted_at IS NULL
              AND (local_modified_at IS NULL
                OR local_modified_at <= coalesce(source_modified_at, '-infinity'))
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _clear_links(self) -> bytes:
        """Also a new record may have some: of what it was before, such as a post and not a page."""
        links = self._links
        return f"""
            DELETE FROM cms.{links.name} AS old
            WHERE tenant_id = current_setting('sync_assets.tenant_id')
              AND {links.owner} = ANY(%(written)s::bigint[])
        """.encode()  # noqa: S608 - names come from the registry

    @cached_property
    def _unlink(self) -> bytes:
        """Remove those that the written records do not have; unchanged ones are not touched."""
        links = self._links
        others = f"""
              AND NOT EXISTS (
                SELECT FROM {_PAIRS}
                WHERE owner = old.{links.owner} AND target = old.{links.target}
                  AND kind = old.{links.kind})
        """
        return self._clear_links + others.encode()

    @cached_property
    def _merge_links(self) -> bytes:
        """Insert those that are not there; unchanged ones are not touched."""
        return self._insert_links + b"ON CONFLICT DO NOTHING"

    @cached_property
    def _insert_links(self) -> bytes:
        links = self._links
        return f"""
            INSERT INTO cms.{links.name} (tenant_id, {links.owner}, {links.kind}, {links.target})
            SELECT current_setting('sync_assets.tenant_id'), owner, kind, target FROM {_PAIRS}
        """.encode()  # noqa: S608 - names come from the registry

    @property
    def _links(self) -> LinkTable:
        if self.table.links is None:
            raise ValueError(f"{self.table.name} has no links")
        return self.table.links


def tables_of(specs: Iterable[Table]) -> Iterator[str]:
    """The names of all tables in `cms` that these streams fill, links and children included."""
    for table in specs:
        yield table.name
        yield from (children.name for children in table.children)
        if table.links is not None:
            yield table.links.name
