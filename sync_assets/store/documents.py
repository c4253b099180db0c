"""The records of a source's streams as documents: which are to be split anew, which are gone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from sync_assets.core.streams import StreamSpec, Text
from sync_assets.core.text_settings import TextWishes
from sync_assets.core.texts import Document
from sync_assets.store.arrays import array
from sync_assets.store.connection import Connection
from sync_assets.store.database import by_hashing
from sync_assets.store.readable import readable
from sync_assets.store.spelling import RULES

MOST_DOCUMENTS = 200
MOST_BYTES = 4_000_000
"""What a batch of documents holds, unless a single one is longer."""

_PRUNE = """
    DELETE FROM cms.embedded_records done
    WHERE NOT EXISTS (
      SELECT FROM ({readable}) live (source_type, record_id, said)
      WHERE live.source_type = done.source_type AND live.record_id = done.record_id {same})
    RETURNING set_id, source_type, record_id
"""
_RECORD = """held.content_hash || int8send(coalesce(
  (extract(epoch FROM held.local_modified_at) * 1000000)::bigint, 0))"""
_VERSION = f"{_RECORD} || %(words)s::bytea"
# Their vectors stay until the texts that moved elsewhere have been split there.
_PRUNE_CHUNKS = b"""
    DELETE FROM cms.chunks held
    USING unnest(%(sets)s::bigint[], %(types)s::text[], %(records)s::bigint[])
      AS gone (set_id, source_type, record_id)
    WHERE held.set_id = gone.set_id AND held.source_type = gone.source_type
      AND held.record_id = gone.record_id
"""


@dataclass(frozen=True)
class Documents:
    """The texts of one source, as one tenant wishes to have them found.

    Every statement runs in a transaction that named its tenant.
    """

    streams: Sequence[StreamSpec]
    wishes: TextWishes

    def prune(self, connection: Connection, *, edited: bool = False) -> int:
        """Take the chunks of records away that are no longer to be found; gives how many were.

        Args:
            connection: of the tenant.
            edited: also of those that say something else by now, where nobody splits them anew.
        """
        statement = self._prune_edited if edited else self._prune
        with by_hashing(connection):
            gone = connection.execute(statement, {"words": self._words}).fetchall()
        if gone:
            sets, types, records = zip(*gone, strict=True)
            parameters = {
                "sets": array("bigint", sets),
                "types": array("text", types),
                "records": array("bigint", records),
            }
            connection.execute(_PRUNE_CHUNKS, parameters)
        return len({(source_type, record_id) for _, source_type, record_id in gone})

    @property
    def texts(self) -> list[tuple[StreamSpec, Text]]:
        """The streams that have texts."""
        return [(stream, stream.text) for stream in self.streams if stream.text is not None]

    def changed(self, connection: Connection, set_id: int, stream: StreamSpec) -> list[list[int]]:
        """The keys of records to be split anew, in batches of a bounded size; reads no content."""
        parameters = {"set": set_id, "words": self._words}
        with by_hashing(connection):
            rows = connection.execute(self._statements[stream.name][0], parameters).fetchall()
        return list(_batches(rows))

    def read(
        self, connection: Connection, set_id: int, stream: StreamSpec, keys: Sequence[int]
    ) -> list[Document]:
        """Those of the records that are still to be split anew."""
        parameters = {"set": set_id, "words": self._words, "keys": list(keys)}
        rows = connection.execute(self._statements[stream.name][1], parameters).fetchall()
        return [Document(*row) for row in rows]

    @property
    def _words(self) -> bytes:
        """Other rules for words: all is to be indexed anew, and embedded as it was."""
        return ",".join([*self.wishes.configurations, RULES]).encode()

    @cached_property
    def _prune(self) -> bytes:
        return self._pruning("")

    @cached_property
    def _prune_edited(self) -> bytes:
        # Where nobody splits anew, rules for words of another day are no reason to lose a text.
        return self._pruning("AND live.said = substring(done.version FOR octet_length(live.said))")

    def _pruning(self, same: str) -> bytes:
        selects = [
            f"SELECT '{text.source_type}', {stream.table.key}, {_RECORD}"  # noqa: S608 - names of our own
            f" FROM cms.{stream.table.name} held"
            f" WHERE {readable(text, 'held', unpublished=self.wishes.unpublished)}"
            for stream, text in self.texts
        ]
        nothing = "SELECT '', 0, ''::bytea WHERE %(words)s IS NULL"
        return _PRUNE.format(readable=" UNION ALL ".join(selects) or nothing, same=same).encode()

    @cached_property
    def _statements(self) -> dict[str, tuple[bytes, bytes]]:
        """For each stream, by its name: what lists changed records, and what reads them."""
        return {stream.name: self._changed(stream, text) for stream, text in self.texts}

    def _changed(self, stream: StreamSpec, text: Text) -> tuple[bytes, bytes]:
        key, table = f"held.{stream.table.key}", stream.table.name
        title, body = f"held.{text.title}", f"held.{text.body}"
        rest = f"""
            FROM cms.{table} held LEFT JOIN cms.embedded_records done
              ON done.tenant_id = held.tenant_id AND done.set_id = %(set)s
              AND done.source_type = '{text.source_type}' AND done.record_id = {key}
            WHERE {readable(text, "held", unpublished=self.wishes.unpublished)}
              AND done.version IS DISTINCT FROM ({_VERSION})
        """
        size = f"octet_length({title}) + octet_length({body})"
        return (
            f"SELECT {key}, {size} {rest} ORDER BY 1".encode(),
            f"SELECT '{text.source_type}', {key}, {title}, {body}, {_VERSION} {rest} "
            f"AND {key} = ANY(%(keys)s::bigint[]) ORDER BY 2".encode(),
        )


def _batches(sized: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Keys in batches that hold neither too many documents nor, as a rule, too many bytes."""
    number = count = size = 0

    def batch(entry: tuple[int, int]) -> int:
        nonlocal number, count, size
        count, size = count + 1, size + entry[1]
        if count > MOST_DOCUMENTS or (size > MOST_BYTES and count > 1):
            number, count, size = number + 1, 1, entry[1]
        return number

    for _, entries in groupby(sized, batch):
        yield [key for key, _ in entries]
