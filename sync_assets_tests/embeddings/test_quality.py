"""How often a question's answer is found: parts a and b of the set were for fitting, d judges.

Part c judged once, before; it stays as one more look at what nothing was fitted on.

Splitter, model, store and fusion are the product's, and either side alone is what a search without
the other one would return. Between the passages, which are of both languages, stand the demo's
articles.
"""

import logging
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray
from psycopg.sql import SQL
from pydantic import SecretStr

from sync_assets.bootstrap import Platform
from sync_assets.core.search import Sides
from sync_assets.core.stop import StopSignal
from sync_assets.demo.articles import articles
from sync_assets.embeddings.chunks import chunks_of
from sync_assets.embeddings.fusion import fused
from sync_assets.embeddings.local import LocalProvider
from sync_assets.settings import Settings
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.embeddings.retrieval_set import Question, passages, questions
from sync_assets_tests.store.searching import shelf

pytestmark = pytest.mark.postgres

_log = logging.getLogger(__name__)

DATABASE = "retrieval_quality"
VECTORS, WORDS, HYBRID = "vectors alone", "words alone", "hybrid"
DEPTHS = (1, 5)
PARTS = {"a": "fitting", "b": "fitting", "c": "judged before", "d": "judging"}

Vectors = NDArray[np.float32]
Right = Mapping[str, Sequence[bool]]
"""By way: whether the first, second and so on is the answer."""


@dataclass(frozen=True)
class Text:
    """A record: its chunks, of which the first is the title, and their vectors."""

    language: str
    chunks: Sequence[str]
    vectors: Vectors


@dataclass(frozen=True)
class Recall:
    """How many questions each way answers among its first 1 and 5, by direction."""

    found: Mapping[tuple[str, str, int], int]
    asked: Mapping[str, int]

    def total(self, way: str, depth: int) -> int:
        return sum(self.found[way, direction, depth] for direction in self.asked)

    def lines(self) -> Iterator[str]:
        """A Markdown table: recall@1 / recall@5."""
        yield f"| | {' | '.join(sorted(self.asked))} | all |"
        yield "|---" * (len(self.asked) + 2) + "|"
        for way in (VECTORS, WORDS, HYBRID):
            cells = [
                "/".join(str(self.found[way, direction, depth]) for depth in DEPTHS)
                + f" of {self.asked[direction]}"
                for direction in sorted(self.asked)
            ]
            all_ = "/".join(str(self.total(way, depth)) for depth in DEPTHS)
            yield f"| {way} | {' | '.join(cells)} | {all_} of {sum(self.asked.values())} |"


@pytest.fixture(scope="module")
def recalls(
    postgres: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Mapping[str, Recall]]:
    """The recall by what questions are for; it goes to the log as well."""
    with postgres.connect() as connection:
        connection.execute(SQL(f"CREATE DATABASE {DATABASE} TEMPLATE {template}"))  # type: ignore[arg-type]
    try:
        url = postgres.url(DATABASE)
        platform = Platform(_settings(url, tmp_path_factory.mktemp("home")))
        try:
            ranked = list(_ranked(platform, url))
        finally:
            platform.close()
        recalls = {
            use: _recall([one for one in ranked if PARTS[one[0].part] == use])
            for use in dict.fromkeys(PARTS.values())
        }
        for use, recall in recalls.items():
            _log.warning("Recall@1/@5, questions for %s\n%s", use, "\n".join(recall.lines()))
        yield recalls
    finally:
        with postgres.connect() as connection:
            connection.execute(SQL(f"DROP DATABASE {DATABASE} WITH (FORCE)"))  # type: ignore[arg-type]


def test_the_set_asks_enough_in_each_direction():
    of = {passage.id: passage.language for passage in passages()}
    for use in ("fitting", "judging"):
        asked = Counter(
            (one.language, of[one.passage]) for one in questions() if PARTS[one.part] == use
        )
        assert len(asked) == 4
        assert min(asked.values()) >= 40


@pytest.mark.parametrize("use", dict.fromkeys(PARTS.values()))
@pytest.mark.parametrize("depth", DEPTHS)
def test_hybrid_is_within_one_hit_of_the_better_side_in_every_direction(
    recalls: Mapping[str, Recall], use: str, depth: int
):
    recall = recalls[use]
    for direction in recall.asked:
        better = max(recall.found[way, direction, depth] for way in (VECTORS, WORDS))
        assert recall.found[HYBRID, direction, depth] >= better - 1, direction


@pytest.mark.parametrize("depth", DEPTHS)
def test_hybrid_is_above_both_sides_over_all(recalls: Mapping[str, Recall], depth: int):
    judged = recalls["judging"]
    assert judged.total(HYBRID, depth) > max(judged.total(way, depth) for way in (VECTORS, WORDS))


@pytest.mark.parametrize("use", ["fitting", "judged before"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_hybrid_is_below_neither_side_where_words_bring_nothing_new(
    recalls: Mapping[str, Recall], use: str, depth: int
):
    """There, vectors alone have nearly all answers that have a word in common with the question."""
    recall = recalls[use]
    assert recall.total(HYBRID, depth) >= max(recall.total(way, depth) for way in (VECTORS, WORDS))


@pytest.mark.parametrize("use", dict.fromkeys(PARTS.values()))
@pytest.mark.parametrize("way", [VECTORS, WORDS])
def test_hybrid_is_above_either_side_at_both_depths_together(
    recalls: Mapping[str, Recall], use: str, way: str
):
    recall = recalls[use]
    hybrid, alone = (sum(recall.total(one, depth) for depth in DEPTHS) for one in (HYBRID, way))
    assert hybrid > alone


# Half of part d asks about families of pages that are made alike, which no earlier part has.
@pytest.mark.parametrize(
    ("use", "share"), [("fitting", 3 / 4), ("judged before", 3 / 4), ("judging", 2 / 3)]
)
def test_most_answers_are_among_the_first_five(
    recalls: Mapping[str, Recall], use: str, share: float
):
    recall = recalls[use]
    assert recall.total(HYBRID, 5) >= share * sum(recall.asked.values())


def _ranked(platform: Platform, url: str) -> Iterator[tuple[Question, str, Right]]:
    """Each question with its direction, and where its answer is among what each way finds."""
    model = LocalProvider()
    texts = dict(enumerate(_texts(model), 1))
    filled = shelf(platform, model=model.model, dimension=model.dimension)
    for number, one in texts.items():
        vectors = dict(zip(one.chunks, one.vectors.tolist(), strict=True))
        filled.post(number, one.chunks[0], *one.chunks[1:], vectors=vectors)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ANALYZE")  # without statistics a search takes ten times as long
    numbers = {passage.id: number for number, passage in enumerate(passages(), 1)}
    asked = questions()
    embedded = _embedded(model, [one.question for one in asked])
    for one, vector in zip(asked, embedded, strict=True):
        right = numbers[one.passage]
        found = _found(filled.look(one.question, vector.tolist(), most=50))
        yield (
            one,
            f"{one.language}→{texts[right].language}",
            {way: [record == right for record in ranks] for way, ranks in found.items()},
        )


def _found(sides: Sides) -> Mapping[str, Sequence[int]]:
    """By way: records, the best first."""
    return {
        VECTORS: [match.record_id for match in sides.by_vector],
        WORDS: [match.record_id for match in sides.by_words],
        HYBRID: [hit.record_id for hit in fused(sides.by_vector, sides.by_words, max(DEPTHS))],
    }


def _recall(ranked: Sequence[tuple[Question, str, Right]]) -> Recall:
    found = Counter[tuple[str, str, int]]()
    for _, direction, right in ranked:
        for way, ranks in right.items():
            for depth in DEPTHS:
                found[way, direction, depth] += any(ranks[:depth])
    return Recall(found, Counter(direction for _, direction, _ in ranked))


def _texts(model: LocalProvider) -> Iterator[Text]:
    """The passages, and then the demo's articles as distractors."""
    sources = [(one.language, one.title, one.html) for one in passages()]
    sources += [(one.edition.language, one.title, one.content) for one in articles()]
    split = [[chunk.text for chunk in chunks_of(title, body)] for _, title, body in sources]
    known = sorted({text for texts in split for text in texts})
    vectors = dict(zip(known, _embedded(model, known), strict=True))
    for (language, _, _), texts in zip(sources, split, strict=True):
        yield Text(language, texts, np.stack([vectors[text] for text in texts]))


def _embedded(model: LocalProvider, texts: Sequence[str]) -> Vectors:
    parts = [
        model.embed(texts[start : start + model.max_inputs], StopSignal()).vectors
        for start in range(0, len(texts), model.max_inputs)
    ]
    return np.concatenate(parts)


def _settings(url: str, home: Path) -> Settings:
    key = SecretStr("bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE=")
    return Settings(database_url=SecretStr(url), home=home, secret_key=key)
