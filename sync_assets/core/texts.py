"""What is embedded: documents, the chunks they are split into, and sets of vectors."""

from dataclasses import dataclass
from hashlib import blake2b
from unicodedata import normalize

HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one record.

    Attributes:
        source_type: what kind of text it is, see `core.streams.Text`.
        record_id: the source's own id.
        title: as text.
        body: as HTML or text.
        version: of the record; another one means that the text may be another.
    """

    source_type: str
    record_id: int
    title: str
    body: str
    version: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document.

    Attributes:
        position: among the document's chunks, from 0.
        heading: the headings above it, outermost first; empty where there are none.
        text: what is embedded, and nothing of the chunk's neighbours.
    """

    position: int
    heading: str
    text: str

    @property
    def hash(self) -> bytes:
        """16 bytes, the same for the same text wherever it stands."""
        text = normalize("NFC", self.text).encode()
        return blake2b(text, digest_size=HASH_BYTES).digest()


@dataclass(frozen=True, slots=True)
class SetKey:
    """What vectors must have in common to be compared, and chunks to be called the same.

    Attributes:
        model: the model's name.
        dimension: how many numbers its vectors have.
        splitter: the version of the rules by which texts are split.
    """

    model: str
    dimension: int
    splitter: str


@dataclass(frozen=True, slots=True)
class VectorSet:
    """One tenant's chunks of one splitter, with the vectors that one model gave them."""

    id: int
    key: SetKey


@dataclass(frozen=True, slots=True)
class Pending:
    """What is still to be embedded; a text that several chunks share counts once.

    Attributes:
        records: how many records have a chunk without a vector.
        chunks: how many texts there are to embed.
        bytes: how long these are together, in UTF-8.
    """

    records: int
    chunks: int
    bytes: int
