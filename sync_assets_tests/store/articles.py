"""Posts and pages with texts, written into the store without a site, and embedded by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import Page
from sync_assets.core.records import Record, Scalar
from sync_assets.core.streams import ColumnType
from sync_assets.core.text_settings import TextWishes
from sync_assets.core.texts import Chunk, Document, SetKey, VectorSet
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.store.chunk_indexes import ChunkIndexes
from sync_assets.store.connection import Connection
from sync_assets.store.embedding_store import EmbeddingStore
from sync_assets_tests.store.writing import MARCH, held, request

KEY = SetKey("model", 4, "lines")

_EMPTY: dict[ColumnType, Scalar] = {ColumnType.TEXT: "", ColumnType.BOOLEAN: False}


def article(key: int, body: str, stream: str = "posts", **values: Scalar) -> Record:
    """A public post, or a page; each line of its body is a paragraph."""
    known: dict[str, Scalar] = {
        "type": stream[:-1],
        "status": "publish",
        "title": f"T{key}",
        "content": body,
    } | values
    columns = SPEC.stream(stream).table.columns
    return Record(key, MARCH, tuple(known.get(c.name, _EMPTY.get(c.type)) for c in columns))


def put(platform: Platform, *records: Record, stream: str = "posts", tenant: str = "acme") -> None:
    """Write records as a sync would."""
    kind = stream[:-1]
    hashed = [(record, record.content_hash()) for record in records]
    with held(platform, request(tenant, stream), stream) as stored:
        stored.write(Page(kind, kind, hashed, (), None))


def bury(platform: Platform, *keys: int) -> None:
    """Give posts their tombstones."""
    with held(platform) as stored:
        stored.bury("post", keys)


def lines(document: Document) -> list[Chunk]:
    """The title, and each line of the body by itself."""
    texts = [document.title, *filter(None, document.body.split("\n"))]
    return [Chunk(position, "H", text) for position, text in enumerate(texts)]


def vectors(texts: Sequence[str], dimension: int = KEY.dimension) -> NDArray[np.float32]:
    """A unit vector for each text, always the same one."""
    raw = [list(sha256(text.encode()).digest()[:dimension]) for text in texts]
    found = np.array(raw, dtype=np.float32).reshape(len(texts), dimension) + 1
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def unsettled(_: Connection) -> None:
    """For calls that cost nothing."""


@dataclass
class Embedder:
    """Splits and embeds the texts of one tenant."""

    platform: Platform
    tenant: str = "acme"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    large: int = 1000

    def __post_init__(self) -> None:
        database = self.platform.database
        self.store = EmbeddingStore(
            lambda: database.as_tenant(self.tenant),
            SPEC.streams,
            TextWishes.parse(self.tenant, self.settings),
            ChunkIndexes(database, self.large),
        )

    def split(self, key: SetKey = KEY, sync_id: UUID | None = None) -> VectorSet:
        """Split what has changed into a set."""
        own = self.store.open(key)
        for documents in self.store.changed(own):
            batch = [(document, lines(document)) for document in documents]
            self.store.write(own, batch, sync_id or uuid4())
        return own

    def embed(self, own: VectorSet, most: int = 100) -> list[str]:
        """Embed what is pending; gives the texts that were paid for, in their order."""
        paid: list[str] = []
        while batch := self.store.next_batch(own, most, 1_000_000):
            hashes, texts = zip(*batch, strict=True)
            self.store.save(own, hashes, vectors(texts, own.key.dimension), unsettled)
            paid += texts
        return paid

    def run(self, key: SetKey = KEY) -> list[str]:
        """All that a sync does; gives the texts that were paid for, sorted."""
        self.store.prune()
        own = self.split(key)
        paid = self.embed(own)
        assert self.store.finish(own)
        return sorted(paid)

    def changed(self) -> list[tuple[str, int]]:
        """The records that are to be split anew."""
        own = self.store.open(KEY)
        batches = self.store.changed(own)
        return [(found.source_type, found.record_id) for batch in batches for found in batch]

    def ask(self, query: str) -> list[Any]:
        """The first column of what the tenant sees."""
        with self.platform.database.as_tenant(self.tenant) as connection:
            return list(connection.execute(query).scalars())
