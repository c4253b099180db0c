"""What a search finds, on the way and at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sync_assets.core.errors import WrongWish

LONGEST = 10_000
"""Characters of a question."""

MOST = 100
"""Hits of a search."""


@dataclass(frozen=True, slots=True)
class SearchedSet:
    """The set of chunks that a tenant's searches look into.

    Attributes:
        id: the set's.
        model: whose vectors it has.
        dimension: of each vector.
        complete: False where the tenant's first set is still in the making.
        indexed: whether it has indexes of its own, being large.
    """

    id: int
    model: str
    dimension: int
    complete: bool
    indexed: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A record that one side of a search found, by its best chunk.

    Attributes:
        position: of the chunk in the record; the title comes first.
        title: the record's, as it is now.
        heading: the headings above the chunk, the outermost first.
        text: the chunk.
        sync_id: the sync that brought the chunk.
        score: from 0 to 1: how near the vectors are, or how much of what the question asks for
            its words say.
    """

    source_type: str
    record_id: int
    position: int
    title: str
    heading: str
    text: str
    link: str
    sync_id: UUID
    score: float

    @property
    def record(self) -> tuple[str, int]:
        """The record's key within its tenant."""
        return self.source_type, self.record_id


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides found, the best first."""

    by_vector: Sequence[Match]
    by_words: Sequence[Match]


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found, by its best chunk.

    Attributes:
        score: from 0 to 1: how far it stands out from what chance would find.
        vector_rank: its place among those that are near, from 1; None where it is none of them.
        text_rank: its place among those that have the question's words.
        position: of the chunk in the record; the title comes first.
        sync_id: the sync that brought the chunk.
    """

    source_type: str
    record_id: int
    title: str
    heading: str
    text: str
    link: str
    score: float
    vector_rank: int | None
    text_rank: int | None
    position: int
    sync_id: UUID

    def as_dict(self) -> dict[str, object]:
        """The hit for JSON."""
        return {
            "sourceType": self.source_type,
            "recordId": self.record_id,
            "title": self.title,
            "heading": self.heading,
            "text": self.text,
            "link": self.link,
            "score": round(self.score, 4),
            "vectorRank": self.vector_rank,
            "textRank": self.text_rank,
            "position": self.position,
            "syncId": str(self.sync_id),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """The answer to a question: hits, the best first, and what people should know of them."""

    hits: Sequence[Hit]
    notes: Sequence[str] = ()


def asked(question: str) -> str:
    """The question as the database and a model can take it.

    Raises:
        WrongWish: it is empty, or too long to be one.
    """
    readable = question.replace("\x00", " ").encode(errors="replace").decode()
    cleaned = " ".join(readable.split())
    if not cleaned:
        raise WrongWish('There is no question. Ask something, such as "opening hours".')
    if len(cleaned) > LONGEST:
        raise WrongWish(
            f"The question has {len(cleaned):,} characters; at most {LONGEST:,} are searched for."
        )
    return cleaned


def check_limit(limit: int) -> int:
    """The limit itself; raises `WrongWish` for one that no search has."""
    if not 1 <= limit <= MOST:
        raise WrongWish(f"The limit is {limit}; it goes from 1 to {MOST}.")
    return limit
