"""The texts of one tenant in the store, for whoever splits and embeds them."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING
from uuid import UUID

from sync_assets.core.streams import StreamSpec
from sync_assets.core.text_settings import TextWishes
from sync_assets.core.texts import Document, Pending, SetKey, VectorSet
from sync_assets.store import chunks, embedding_sets, vectors
from sync_assets.store.chunk_indexes import ChunkIndexes
from sync_assets.store.chunks import Chunks, Split
from sync_assets.store.connection import Connection, Transaction
from sync_assets.store.documents import Documents
from sync_assets.store.embedding_sets import KnownSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEAT_EVERY = 5.0  # seconds

READ_AHEAD = 4_096
"""Texts that are read at once and held, some 300 bytes each: reading some of a set reads all."""


class EmbeddingStore:
    """Keeps one tenant's chunks and vectors.

    Each method is a transaction of its own, so that a kill loses at most the one at work; no
    transaction stays open between two batches.
    """

    def __init__(
        self,
        transaction: Transaction,
        streams: Sequence[StreamSpec],
        wishes: TextWishes,
        indexes: ChunkIndexes,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """What is kept, and how.

        Args:
            transaction: begins one.
            streams: of the tenant's source; those without texts are passed over.
            wishes: the tenant's.
            indexes: builds those of large sets.
            beat: is called every few seconds while an index is built, which takes minutes.
        """
        self._beat = beat
        self._transaction = transaction
        self._documents = Documents(streams, wishes)
        self._chunks = Chunks(wishes.configurations)
        self._indexes = indexes
        self._missing: dict[int, dict[bytes, int]] = {}  # bytes by hash, in order
        self._ahead: dict[bytes, str] = {}  # texts by hash
        self._left_out: set[bytes] = set()

    def open(self, key: SetKey) -> VectorSet:
        """The tenant's set of that key, made where there is none."""
        with self._transaction() as connection:
            return embedding_sets.open_set(connection, key)

    def sets(self) -> list[KnownSet]:
        """The tenant's sets, the live one first."""
        with self._transaction() as connection:
            return embedding_sets.all_sets(connection)

    def others(self, than: VectorSet) -> list[VectorSet]:
        """The tenant's other sets: what search uses while this one is in the making."""
        return [known.set for known in self.sets() if known.set.id != than.id]

    def prune(self, *, edited: bool = False) -> int:
        """Take the chunks of records away that are deleted or no longer public, in all sets.

        Their vectors stay until `forget`, because a text may have moved to another record.

        Args:
            edited: also those of records that say something else by now.

        Returns:
            How many records that were.
        """
        self._missing.clear()
        with self._transaction() as connection:
            return self._documents.prune(connection, edited=edited)

    def forget(self) -> int:
        """Delete the vectors of texts that no chunk has any more, after all changes are written.

        Returns:
            How many vectors that were.
        """
        with self._transaction() as connection:
            return chunks.forget(connection)

    def changed(self, of: VectorSet) -> Iterator[list[Document]]:
        """The records to be split anew, at most 200 or some 4 MB at a time."""
        for stream, _ in self._documents.texts:
            with self._transaction() as connection:
                batches = self._documents.changed(connection, of.id, stream)
            for keys in batches:
                with self._transaction() as connection:
                    documents = self._documents.read(connection, of.id, stream, keys)
                if documents:
                    yield documents

    def write(self, into: VectorSet, batch: Sequence[Split], sync_id: UUID) -> None:
        """Put documents' chunks in the place of those that they had.

        Args:
            into: the set.
            batch: documents from `changed`, each with its chunks, whose positions go from 0.
            sync_id: what brings the chunks that are new or say something else.
        """
        self._missing.pop(into.id, None)
        with self._transaction() as connection:
            self._chunks.write(connection, into.id, batch, sync_id)

    def pending(self, of: VectorSet) -> Pending:
        """How much of the set has no vector yet."""
        with self._transaction() as connection:
            return chunks.pending(connection, of.id)

    def next_batch(
        self, of: VectorSet, most_inputs: int, most_bytes: int
    ) -> list[tuple[bytes, str]]:
        """The next texts to embed with their hashes, the same ones until they are saved.

        Args:
            of: the set.
            most_inputs: how many texts.
            most_bytes: how long they are together in UTF-8, unless the first one is longer.

        Returns:
            An empty list when every chunk has its vector.
        """
        with self._transaction() as connection:
            if not self._missing.get(of.id):
                found = chunks.missing(connection, of.id)
                self._missing[of.id] = {
                    one.hash: one.bytes for one in found if one.hash not in self._left_out
                }
            hashes = _first(self._missing[of.id], most_inputs, most_bytes)
            if not self._ahead.keys() >= set(hashes):
                ahead = list(islice(self._missing[of.id], max(READ_AHEAD, most_inputs)))
                self._ahead = chunks.read(connection, of.id, ahead)
        return [(key, self._ahead[key]) for key in hashes]

    def leave_out(self, of: VectorSet, hashes: Sequence[bytes]) -> None:
        """Do not offer these texts again: the provider does not take them."""
        self._left_out.update(hashes)
        self._missing.pop(of.id, None)

    def save(
        self,
        into: VectorSet,
        hashes: Sequence[bytes],
        found: "NDArray[np.float32]",
        settle: Callable[[Connection], None],
    ) -> None:
        """Store paid vectors and settle what they cost, in one transaction.

        Args:
            into: the set.
            hashes: of the texts, from `next_batch`.
            found: float32 (texts, dimension), in the same order.
            settle: records the cost.

        Raises:
            ValueError: the vectors cannot be those of the texts; nothing is stored or settled.
        """
        with self._transaction() as connection:
            vectors.insert(connection, into, hashes, found)
            settle(connection)
        left = self._missing.get(into.id, {})
        for key in hashes:
            left.pop(key, None)

    def finish(self, done: VectorSet) -> bool:
        """Forget unused vectors, and let search use the set where nothing of it is missing.

        What was left out does not count, unless it is everything: such a set replaces no other
        one. Then the tenant's other sets are dropped, and a large set gets indexes.

        Returns:
            Whether the set is complete.
        """
        with self._transaction() as connection:
            chunks.forget(connection)
            if not chunks.is_complete(connection, done.id, but=self._left_out):
                return False
            if self._left_out and self._would_lose(connection, done):
                return False
            dropped = embedding_sets.complete(connection, done)
            large = self._indexes.large
            build = embedding_sets.wants_index(connection, done, large)
        self._index(done, build=build, tidy=bool(dropped))
        return True

    def _would_lose(self, connection: Connection, done: VectorSet) -> bool:
        """Is nothing to be found in this set, but maybe in others?"""
        others = len(embedding_sets.all_sets(connection)) > 1
        return others and not chunks.has_vectors(connection, done.id)

    def _index(self, done: VectorSet, *, build: bool, tidy: bool) -> None:
        """See to the indexes between two transactions: building one waits for all others."""
        if tidy:
            self._indexes.tidy()
        if build and self._built(done):
            with self._transaction() as connection:
                embedding_sets.note_index(connection, done)

    def _built(self, done: VectorSet) -> bool:
        """Build the indexes in a thread, so that everybody sees that this sync is alive."""
        built: list[bool] = []
        work = threading.Thread(target=lambda: built.append(self._indexes.build(done)), daemon=True)
        work.start()
        while work.is_alive():
            work.join(BEAT_EVERY)
            self._beat()
        return built == [True]


def _first(missing: Mapping[bytes, int], most_inputs: int, most_bytes: int) -> list[bytes]:
    """As many hashes from the front as a call may have texts; one at least, where there is one."""
    total = 0

    def fits(key: bytes) -> bool:
        nonlocal total
        total += missing[key]
        return total <= most_bytes or total == missing[key]  # the first one, however long

    return list(takewhile(fits, islice(missing, most_inputs)))
