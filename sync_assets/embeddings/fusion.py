"""Merges what vectors and words found: reciprocal ranks, weighted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sync_assets.core.search import Hit, Match


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each side says; fitted on two parts of a bilingual test set, judged on the third.

    Attributes:
        words: the weight of the words' side; that of the vectors' is 1.
        sure: from this score on, a match by words counts in full; below it, by the square.
        flatness: what is added to each rank: the larger, the less the first is preferred.
        cut: matches by words below this share of the best one are noise.
    """

    words: float = 1.5
    sure: float = 0.35
    flatness: float = 2.0
    cut: float = 0.3


FITTED = Weights()
"""The middle of the values that serve both fitting parts best."""


def fused(
    by_vector: Sequence[Match],
    by_words: Sequence[Match],
    limit: int,
    weights: Weights = FITTED,
) -> list[Hit]:
    """The best `limit` records of both sides; each side comes in its own order, the best first.

    A match by words counts by how much of the question it says, too. What a question has in common
    with a text of another language, or with one that says it in other words, is a few words by
    chance, and must not displace what means the same.
    """
    near = {match.record: rank for rank, match in enumerate(by_vector, 1)}
    strong = list(_strong(by_words, weights.cut))
    said = {match.record: rank for rank, match in enumerate(strong, 1)}
    certainty = {match.record: min(1, match.score / weights.sure) ** 2 for match in strong}
    chunks = {match.record: match for match in (*strong, *by_vector)}  # the vector's is shown

    def score(record: tuple[str, int]) -> float:
        found = 0.0
        if record in near:
            found += 1 / (weights.flatness + near[record])
        if record in said:
            found += weights.words * certainty[record] / (weights.flatness + said[record])
        return found * (weights.flatness + 1) / (1 + weights.words)

    # Where nothing tells two apart, the order is still the same each time.
    ranked = sorted(chunks, key=lambda record: (-score(record), record))
    return [
        _hit(chunks[record], score(record), near.get(record), said.get(record))
        for record in ranked[:limit]
    ]


def _strong(matches: Sequence[Match], cut: float) -> Iterator[Match]:
    """Those that are no noise beside the best."""
    if matches:
        least = cut * matches[0].score
        yield from (match for match in matches if match.score >= least)


def _hit(match: Match, score: float, vector_rank: int | None, text_rank: int | None) -> Hit:
    return Hit(
        match.source_type,
        match.record_id,
        match.title,
        match.heading,
        match.text,
        match.link,
        score,
        vector_rank,
        text_rank,
        match.position,
        match.sync_id,
    )
