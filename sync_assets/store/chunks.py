"""Writes chunks, indexed for full text, and knows which still lack a vector."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import NamedTuple
from uuid import UUID

from sync_assets.core.texts import Chunk, Document, Pending
from sync_assets.store.arrays import Array, array
from sync_assets.store.connection import Connection
from sync_assets.store.database import by_hashing
from sync_assets.store.spelling import indexed

Split = tuple[Document, Sequence[Chunk]]
"""A document and its chunks."""

MOST_MISSING = 50_000
"""How many hashes are held in memory, at some 150 bytes each."""

# Characters that are indexed; what is longer is embedded and shown whole, but its end is found by
# its vector only. It keeps the index of a chunk far from the megabyte at which PostgreSQL fails.
_INDEXED = {"title": 1000, "heading": 1000, "content": 8000}
_WEIGHTS = {"title": "A", "heading": "B", "content": "C"}

_PAGE = """unnest(%(types)s::text[], %(records)s::bigint[], %(positions)s::bigint[],
  %(headings)s::text[], %(contents)s::text[], %(hashes)s::bytea[], %(indexed_titles)s::text[],
  %(indexed_headings)s::text[], %(indexed_contents)s::text[]) AS page (source_type, record_id,
  position, heading, content, hash, indexed_title, indexed_heading, indexed_content)"""

# A chunk that says what it said keeps its row, and the sync that brought it.
_WRITE = """
    INSERT INTO cms.chunks AS held (tenant_id, set_id, source_type, record_id, position, heading,
      content, hash, search, synced_by)
    SELECT current_setting('sync_assets.tenant_id'), %(set)s, source_type, record_id, position,
      heading, content, hash, {search}, %(sync)s
    FROM {page}
    ON CONFLICT (tenant_id, set_id, source_type, record_id, position) DO UPDATE SET
      heading = excluded.heading, content = excluded.content, hash = excluded.hash,
      search = excluded.search, synced_by = excluded.synced_by
    WHERE (held.heading, held.content, held.search)
      IS DISTINCT FROM (excluded.heading, excluded.content, excluded.search)
"""
_CUT = b"""
    DELETE FROM cms.chunks held
    USING unnest(%(types)s::text[], %(records)s::bigint[], %(ends)s::bigint[])
      AS page (source_type, record_id, position)
    WHERE held.set_id = %(set)s AND held.source_type = page.source_type
      AND held.record_id = page.record_id AND held.position >= page.position
"""
_NOTE = b"""
    INSERT INTO cms.embedded_records AS held (tenant_id, set_id, source_type, record_id, version)
    SELECT current_setting('sync_assets.tenant_id'), %(set)s, source_type, record_id, version
    FROM unnest(%(types)s::text[], %(records)s::bigint[], %(versions)s::bytea[])
      AS page (source_type, record_id, version)
    ON CONFLICT (tenant_id, set_id, source_type, record_id) DO UPDATE SET
      version = excluded.version
"""
# The same model's vectors of another splitter: a text that is still a chunk is not paid for again.
_ADOPT = b"""
    INSERT INTO cms.vectors (tenant_id, set_id, hash, embedding)
    SELECT other.tenant_id, own.id, held.hash, held.embedding
    FROM sync.embedding_sets own
    JOIN sync.embedding_sets other
      ON (other.tenant_id, other.model, other.dimension)
        = (own.tenant_id, own.model, own.dimension) AND other.id <> own.id
    JOIN cms.vectors held ON held.tenant_id = other.tenant_id AND held.set_id = other.id
    WHERE own.id = %(set)s AND held.hash = ANY(%(hashes)s::bytea[])
    ON CONFLICT DO NOTHING
"""

# Two indexes tell, without a look at contents.
_MISSING = b"""
    SELECT DISTINCT hash FROM cms.chunks held
    WHERE set_id = %(set)s AND NOT EXISTS (
      SELECT FROM cms.vectors known
      WHERE known.tenant_id = held.tenant_id AND known.set_id = held.set_id
        AND known.hash = held.hash)
"""
_PLACES = """
    SELECT source_type, record_id, position, hash, octet_length(content) AS bytes
    FROM cms.chunks WHERE set_id = %(set)s AND hash = ANY(%(hashes)s::bytea[])
"""
_PENDING = f"""
    WITH places AS MATERIALIZED ({_PLACES})
    SELECT (SELECT count(DISTINCT (source_type, record_id)) FROM places),
      count(*), sum(bytes)::bigint
    FROM (SELECT DISTINCT ON (hash) bytes FROM places ORDER BY hash, bytes) AS texts
""".encode()  # noqa: S608 - names of our own
# The newest records first: should the money run out, they are found.
_LIST = f"""
    SELECT hash, bytes FROM (
      SELECT DISTINCT ON (hash) * FROM ({_PLACES}) AS places
      ORDER BY hash, source_type, record_id DESC, position) AS texts
    ORDER BY source_type, record_id DESC, position, hash LIMIT {MOST_MISSING}
""".encode()  # noqa: S608 - names of our own
# Reads the whole set, whose size PostgreSQL mostly does not know: so for many texts at once.
_READ = b"""
    SELECT DISTINCT ON (hash) hash, content FROM cms.chunks
    WHERE set_id = %(set)s AND hash = ANY(%(hashes)s::bytea[])
    ORDER BY hash, source_type, record_id DESC, position
"""
_ANY = b"SELECT FROM cms.vectors WHERE set_id = %(set)s LIMIT 1"
_FORGET = b"""
    DELETE FROM cms.vectors known WHERE NOT EXISTS (
      SELECT FROM cms.chunks held
      WHERE held.tenant_id = known.tenant_id AND held.set_id = known.set_id
        AND held.hash = known.hash)
"""


class Missing(NamedTuple):
    """A text without a vector, and how long it is in UTF-8."""

    hash: bytes
    bytes: int


@dataclass(frozen=True)
class Chunks:
    """A tenant's chunks; every statement runs in a transaction that named its tenant.

    Attributes:
        configurations: PostgreSQL's rules for the words of the tenant's languages.
    """

    configurations: Sequence[str]

    def write(
        self, connection: Connection, set_id: int, batch: Sequence[Split], sync_id: UUID
    ) -> None:
        """Put documents' chunks in the place of those that they had."""
        of_documents = {"set": set_id, **_of_documents(batch)}
        of_chunks = {"set": set_id, "sync": sync_id, **_of_chunks(batch)}
        connection.execute(_CUT, of_documents)
        connection.execute(self._write, of_chunks)
        connection.execute(_ADOPT, {"set": set_id, "hashes": of_chunks["hashes"]})
        connection.execute(_NOTE, of_documents)

    @cached_property
    def _write(self) -> bytes:
        search = " || ".join(
            f"setweight(to_tsvector('{rules}'::regconfig, indexed_{column}), '{weight}')"
            for rules in self.configurations
            for column, weight in _WEIGHTS.items()
        )
        return _WRITE.format(search=search, page=_PAGE).encode()


def pending(connection: Connection, set_id: int) -> Pending:
    """How much of a set has no vector yet."""
    hashes = _missing(connection, set_id)
    if not hashes:
        return Pending(0, 0, 0)
    parameters = {"set": set_id, "hashes": array("bytea", hashes)}
    return Pending(*(connection.execute(_PENDING, parameters).fetchone() or (0, 0, 0)))


def is_complete(connection: Connection, set_id: int, but: AbstractSet[bytes]) -> bool:
    """Has every chunk of a set its vector, but for the texts with some hashes?"""
    return but >= set(_missing(connection, set_id))


def has_vectors(connection: Connection, set_id: int) -> bool:
    """Has any text of a set its vector?"""
    return connection.execute(_ANY, {"set": set_id}).fetchone() is not None


def missing(connection: Connection, set_id: int) -> list[Missing]:
    """The first texts of a set without a vector."""
    hashes = _missing(connection, set_id)
    if not hashes:
        return []
    parameters = {"set": set_id, "hashes": array("bytea", hashes)}
    return [Missing(*row) for row in connection.execute(_LIST, parameters).fetchall()]


def _missing(connection: Connection, set_id: int) -> list[bytes]:
    with by_hashing(connection):
        rows = connection.execute(_MISSING, {"set": set_id}).fetchall()
    return [row[0] for row in rows]


def read(connection: Connection, set_id: int, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """The texts with these hashes."""
    parameters = {"set": set_id, "hashes": array("bytea", hashes)}
    return dict(connection.execute(_READ, parameters).fetchall())


def forget(connection: Connection) -> int:
    """Delete the vectors of texts that no chunk has any more; gives how many there were."""
    with by_hashing(connection):
        return connection.execute(_FORGET).rowcount


def _of_documents(batch: Sequence[Split]) -> dict[str, Array]:
    documents = [document for document, _ in batch]
    ends = [max((chunk.position + 1 for chunk in chunks), default=0) for _, chunks in batch]
    return {
        "types": array("text", [document.source_type for document in documents]),
        "records": array("bigint", [document.record_id for document in documents]),
        "versions": array("bytea", [document.version for document in documents]),
        "ends": array("bigint", ends),
    }


def _of_chunks(batch: Sequence[Split]) -> dict[str, Array]:
    pairs = [(document, chunk) for document, chunks in batch for chunk in chunks]
    titles = [unescape(document.title) for document, _ in pairs]
    return {
        "types": array("text", [document.source_type for document, _ in pairs]),
        "records": array("bigint", [document.record_id for document, _ in pairs]),
        "positions": array("bigint", [chunk.position for _, chunk in pairs]),
        "headings": array("text", [chunk.heading for _, chunk in pairs]),
        "contents": array("text", [chunk.text for _, chunk in pairs]),
        "hashes": array("bytea", [chunk.hash for _, chunk in pairs]),
        "indexed_titles": _indexed("title", titles),
        "indexed_headings": _indexed("heading", [chunk.heading for _, chunk in pairs]),
        "indexed_contents": _indexed("content", [chunk.text for _, chunk in pairs]),
    }


def _indexed(column: str, texts: Sequence[str]) -> Array:
    """A column as its words are indexed; chunks of a record share title and headings."""
    most = _INDEXED[column]
    spelt = {text: indexed(text[:most]) for text in set(texts)}
    return array("text", [spelt[text] for text in texts])
