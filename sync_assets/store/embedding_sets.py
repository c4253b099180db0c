"""A tenant's sets of vectors: one that search uses, another one while it is in the making."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sync_assets.core.texts import SetKey, VectorSet
from sync_assets.store.connection import Connection

TABLES = ("embedded_records", "chunks", "vectors")
"""In the schema `cms`, with what belongs to sets."""

_COLUMNS = "id, model, dimension, splitter, live, indexed, completed_at"
_OPEN = b"""
    INSERT INTO sync.embedding_sets (tenant_id, model, dimension, splitter)
    VALUES (current_setting('sync_assets.tenant_id'), %(model)s, %(dimension)s, %(splitter)s)
    ON CONFLICT (tenant_id, model, dimension, splitter) DO NOTHING
"""
_FIND = b"""
    SELECT id FROM sync.embedding_sets
    WHERE (model, dimension, splitter) = (%(model)s, %(dimension)s, %(splitter)s)
"""
_ALL = f"SELECT {_COLUMNS} FROM sync.embedding_sets ORDER BY live DESC, id".encode()  # noqa: S608 - names of our own
_OTHERS = b"DELETE FROM sync.embedding_sets WHERE id <> %(set)s RETURNING id"
_EMPTY = tuple(
    f"DELETE FROM cms.{table} WHERE set_id = ANY(%(sets)s)".encode()  # noqa: S608 - names of our own
    for table in TABLES
)
_COMPLETE = b"""
    UPDATE sync.embedding_sets SET live = true, completed_at = coalesce(completed_at, now())
    WHERE id = %(set)s AND NOT live
"""
_WANTS_INDEX = b"""
    SELECT NOT indexed AND %(large)s = (SELECT count(*) FROM (
      SELECT FROM cms.chunks WHERE set_id = %(set)s LIMIT %(large)s) AS first)
    FROM sync.embedding_sets WHERE id = %(set)s
"""
_INDEXED = b"UPDATE sync.embedding_sets SET indexed = true WHERE id = %(set)s"


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set as it stands.

    Attributes:
        live: search uses it.
        indexed: it is so large that it has indexes of its own.
        completed_at: when every chunk had its vector for the first time.
    """

    set: VectorSet
    live: bool
    indexed: bool
    completed_at: datetime | None


def open_set(connection: Connection, key: SetKey) -> VectorSet:
    """The tenant's set of that key, made where there is none."""
    parameters = asdict(key)
    found = connection.execute(_FIND, parameters).fetchone()
    if found is None:
        connection.execute(_OPEN, parameters)
        found = connection.execute(_FIND, parameters).fetchone()
    if found is None:
        raise LookupError("A set that was just made is gone.")
    return VectorSet(found[0], key)


def all_sets(connection: Connection) -> list[KnownSet]:
    """The tenant's sets, the live one first."""
    return [
        KnownSet(VectorSet(row[0], SetKey(*row[1:4])), *row[4:])
        for row in connection.execute(_ALL).fetchall()
    ]


def complete(connection: Connection, done: VectorSet) -> list[int]:
    """Let search use a set, and drop the tenant's others; gives the ids of these."""
    dropped = [row[0] for row in connection.execute(_OTHERS, {"set": done.id}).fetchall()]
    if dropped:
        for statement in _EMPTY:
            connection.execute(statement, {"sets": dropped})
    connection.execute(_COMPLETE, {"set": done.id})
    return dropped


def wants_index(connection: Connection, done: VectorSet, large: int) -> bool:
    """Has the set so many chunks, and is not indexed yet?"""
    parameters = {"set": done.id, "large": large}
    (wants,) = connection.execute(_WANTS_INDEX, parameters).fetchone() or (False,)
    return wants


def note_index(connection: Connection, done: VectorSet) -> None:
    """Record that the set has its indexes."""
    connection.execute(_INDEXED, {"set": done.id})


@dataclass(frozen=True, slots=True)
class SetSize:
    """A set and how much is in it.

    Attributes:
        records: whose texts are split.
        chunks: that they were split into.
        texts: the chunks that say something else than the others.
        vectors: texts that have one.
    """

    known: KnownSet
    records: int
    chunks: int
    texts: int
    vectors: int


_SIZE = b"""
    SELECT (SELECT count(*) FROM cms.embedded_records WHERE set_id = %(set)s),
      (SELECT count(*) FROM cms.chunks WHERE set_id = %(set)s),
      (SELECT count(DISTINCT hash) FROM cms.chunks WHERE set_id = %(set)s),
      (SELECT count(*) FROM cms.vectors WHERE set_id = %(set)s)
"""


def sizes(connection: Connection) -> list[SetSize]:
    """The tenant's sets with their sizes, the live one first."""
    found: list[SetSize] = []
    for known in all_sets(connection):
        row = connection.execute(_SIZE, {"set": known.set.id}).fetchone() or (0, 0, 0, 0)
        found.append(SetSize(known, *row))
    return found
