"""Merges what vectors and words found, by how far each match stands out from chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp

from sync_assets.core.search import Hit, Match

TAIL = 50
"""Nearest records by which it is told how near things are by chance."""

_SURE = 10.0
"""Evidence that makes a score of 0.63."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much words say; fitted on two parts of a bilingual test set, judged on another.

    Attributes:
        words: what the whole question, said word for word, counts beside one step of nearness.
        noise: what texts say of a question by chance, about one of its words.
        cut: matches by words below this share of the best one are left out.
    """

    words: float = 24.0
    noise: float = 0.07
    cut: float = 0.3


FITTED = Weights()
"""Of the values that serve both fitting parts best, as they are and with vectors made poorer."""


def fused(
    by_vector: Sequence[Match],
    by_words: Sequence[Match],
    limit: int,
    weights: Weights = FITTED,
) -> list[Hit]:
    """The best `limit` records of both sides; each side comes in its own order, the best first.

    Ranks would not do: the first of a list may be far ahead, or one of many alike. What a question
    has in common with a text of another language, or with one that says it in other words, is a
    word by chance, and must not displace what means the same.
    """
    strong = list(_strong(by_words, weights.cut))
    near, said = _ranks(by_vector), _ranks(strong)
    chunks = {match.record: match for match in (*strong, *by_vector)}  # the vector's is shown
    evidence = dict.fromkeys(chunks, 0.0)
    for match, steps in zip(by_vector, _nearness(by_vector), strict=True):
        evidence[match.record] += steps
    for match in strong:
        # What is no more than chance tells two apart only where nothing else does.
        beyond = max(match.score - weights.noise, match.score / 100)
        evidence[match.record] += weights.words * beyond

    # Where nothing tells two apart, the order is still the same each time.
    ranked = sorted(chunks, key=lambda record: (-evidence[record], record))
    return [
        _hit(chunks[record], 1 - exp(-evidence[record] / _SURE), near.get(record), said.get(record))
        for record in ranked[:limit]
    ]


def _nearness(matches: Sequence[Match]) -> list[float]:
    """How far each is above the last of the tail, in steps of the mean of those before that.

    A step is what a model's similarities differ by: the tail of what is near by chance falls off
    by a factor of e with each.
    """
    if not matches:
        return []
    tail = [match.score for match in matches[:TAIL]]
    step = sum(score - tail[-1] for score in tail[:-1]) / max(1, len(tail) - 1)
    return [max(0.0, match.score - tail[-1]) / step if step else 1.0 for match in matches]


def _ranks(matches: Sequence[Match]) -> dict[tuple[str, int], int]:
    return {match.record: rank for rank, match in enumerate(matches, 1)}


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
