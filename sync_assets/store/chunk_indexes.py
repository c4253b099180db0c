"""Indexes of their own for large sets, on vectors and words, built while everybody goes on working.

A set of some thousand chunks is searched by reading all of it, which takes some milliseconds and
misses nothing.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.core.texts import VectorSet
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

LARGE = 20_000
"""From so many chunks on a set has indexes of its own: there both ways take 20 ms."""

_log = logging.getLogger(__name__)

LOCK = 0x76656374
"""Whom builders ask, "vect": two that build at once would wait for each other."""
# A parallel build needs shared memory of this size; a container has 64 MB as a rule.
_SESSION = """
    SELECT set_config('lock_timeout', '60s', false),
      set_config('maintenance_work_mem', '512MB', false),
      set_config('max_parallel_maintenance_workers', '0', false)
"""
_TRY = "SELECT pg_try_advisory_lock(%(key)s)"
_STATE = """
    SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('cms.' || %(name)s::text)
"""
# As search writes them: an index on an expression of a part of the table fits no other query.
_BUILD = {
    "vectors_of_{set}": """
        CREATE INDEX CONCURRENTLY {name} ON cms.vectors
        USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WHERE set_id = {set}
    """,
    "words_of_{set}": """
        CREATE INDEX CONCURRENTLY {name} ON cms.chunks USING gin (search) WHERE set_id = {set}
    """,
}
_DROP = "DROP INDEX CONCURRENTLY IF EXISTS cms.{name}"
_NAMES = r"""
    SELECT relname FROM pg_class
    WHERE relnamespace = 'cms'::regnamespace AND relkind = 'i'
      AND relname ~ '^(vectors|words)_of_\d+$' ORDER BY 1
"""
_SETS = "SELECT id FROM sync.embedding_sets"


class ChunkIndexes:
    """Builds and drops indexes as the owner of the tables, one at a time in a database."""

    def __init__(self, database: Database, large: int = LARGE) -> None:
        """`large`: from so many chunks on a set shall have indexes."""
        self._database = database
        self.large = large

    def build(self, of: VectorSet) -> bool:
        """Give a set its indexes, anew where an earlier attempt left one that is not whole.

        Without them search is slower, nothing else: what stands in the way is logged, and the
        next sync tries again.

        Returns:
            Whether the set has its indexes.
        """
        try:
            with self._alone() as connection:
                return connection is not None and _build(connection, of)
        except (RetryLater, OperatorMustAct) as error:
            _log.warning("Set %s of chunks is not indexed yet: %s", of.id, error)
            return False

    def tidy(self) -> list[str]:
        """Drop the indexes of sets that are gone; gives their names."""
        try:
            with self._alone() as connection:
                return [] if connection is None else self._tidy(connection)
        except (RetryLater, OperatorMustAct) as error:
            _log.warning("Indexes of chunks that are gone could not be dropped: %s", error)
            return []

    def _tidy(self, connection: Connection) -> list[str]:
        names = connection.execute(_NAMES).scalars()  # first: a set is older than its index
        with self._database.as_control() as control:
            sets = control.execute(_SETS).scalars()
        kept = {name.format(set=set_id) for set_id in sets for name in _BUILD}
        strays = [name for name in names if name not in kept]
        for name in strays:
            connection.execute(_DROP.format(name=name))
        return strays

    @contextmanager
    def _alone(self) -> Generator[Connection | None]:
        """The owner's connection; None while another process builds."""
        with self._database.outside_transactions() as connection:
            connection.execute(_SESSION)
            yield connection if connection.execute(_TRY, {"key": LOCK}).scalar_one() else None


def _build(connection: Connection, of: VectorSet) -> bool:
    for pattern, statement in _BUILD.items():
        name = pattern.format(set=of.id)
        if not connection.execute(_STATE, {"name": name}).scalar():
            dimension = of.key.dimension
            connection.execute(_DROP.format(name=name))
            connection.execute(statement.format(name=name, set=of.id, dimension=dimension))
    return True
