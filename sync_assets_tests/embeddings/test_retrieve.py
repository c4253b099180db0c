"""A question's way: to a vector where that can be, to both sides, to hits."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from sync_assets.core.errors import (
    BudgetSpent,
    OperatorMustAct,
    RetryLater,
    SourceChanged,
    Stopped,
)
from sync_assets.core.search import Findings, Match, SearchedSet, Sides
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.fusion import Weights, fused
from sync_assets.embeddings.retrieve import Retriever

SYNC = UUID(int=7)
LIVE = SearchedSet(1, "toy", 2, complete=True, indexed=False)


def found(record_id: int, score: float = 1.0, text: str = "text", position: int = 1) -> Match:
    return Match("wp_post", record_id, position, "Title", "", text, "link", SYNC, score)


# Merging


def ids(
    by_vector: Sequence[Match], by_words: Sequence[Match], limit: int = 9, **weights: float
) -> list[int]:
    hits = fused(by_vector, by_words, limit, replace(Weights(), **weights))
    return [hit.record_id for hit in hits]


def test_what_both_sides_find_comes_first():
    assert ids([found(1), found(2)], [found(3), found(2)])[0] == 2


def test_one_side_alone_keeps_its_order():
    ranked = [found(3, 0.9), found(1, 0.8), found(2, 0.7)]
    assert ids(ranked, []) == ids([], ranked) == [3, 1, 2]


def test_words_that_say_little_of_the_question_do_not_displace_the_nearest():
    near = [found(1), found(2)]
    assert ids(near, [found(9, 0.05)]) == [1, 2, 9]
    assert ids(near, [found(9, 0.9)])[0] != 2


def test_one_of_many_that_are_near_alike_comes_first_if_it_says_the_words():
    near = [found(number, 0.3 - number / 100) for number in range(10)]
    assert ids(near, [found(7, 0.3)])[0] == 7


def test_one_far_ahead_of_the_others_stays_first():
    near = [found(1, 0.6), *(found(number, 0.2) for number in range(2, 50))]
    assert ids(near, [found(9, 0.3)])[:2] == [1, 9]


def test_how_much_a_models_similarities_differ_does_not_matter():
    near = [found(number, 1 / number) for number in range(1, 20)]
    alike = [found(match.record_id, 0.8 + match.score / 10) for match in near]
    for share in (0.1, 0.2, 0.3, 0.4):
        assert ids(near, [found(12, share)], 20) == ids(alike, [found(12, share)], 20)


def test_how_many_records_were_looked_for_does_not_matter():
    near = [found(number, 1 / number) for number in range(1, 201)]
    said = [found(150, 0.3)]
    assert ids(near[:50], said, 5) == ids(near, said, 5)


def test_matches_far_below_the_best_are_noise():
    said = [found(1, 0.9), found(2, 0.5), found(3, 0.1)]
    assert ids([], said, cut=0.5) == [1, 2]


def test_each_record_is_there_once_and_no_more_than_the_limit():
    both = [found(number) for number in range(20)]
    assert ids(both, both, limit=3) == [0, 1, 2]


def test_the_same_number_of_another_type_is_another_record():
    page = replace(found(1), source_type="wp_page")
    assert len(fused([found(1)], [page], 9)) == 2


def test_a_hit_shows_the_nearest_chunk_and_its_ranks():
    (hit,) = fused([found(1, text="near", position=3)], [found(1, 0.8, "said")], 1)
    assert (hit.text, hit.position, hit.vector_rank, hit.text_rank) == ("near", 3, 1, 1)
    assert (hit.sync_id, hit.title, hit.link) == (SYNC, "Title", "link")


def test_scores_go_from_0_to_1_and_fall():
    near = [found(number, 1 / number) for number in range(1, 60)]
    scores = [hit.score for hit in fused(near, [found(1), found(99, 0.4), found(98, 0.3)], 9)]
    assert 1 > scores[0] > 0.9
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 9
    assert scores[-1] > 0


def test_what_nothing_tells_apart_comes_in_the_same_order_each_time():
    one, two = found(1, 0.5), found(2, 0.5)
    assert ids([one], [two], words=2, noise=0) == ids([two], [one], words=2, noise=0) == [1, 2]


# Asking


@dataclass
class Store:
    """Answers with what it is given, and keeps what it was asked."""

    sides: Sides | None = field(default_factory=lambda: Sides([found(1)], [found(2)]))
    sets: list[SearchedSet | None] = field(default_factory=lambda: [LIVE])
    source_types: Sequence[str] = ("wp_page", "wp_post")
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def newest(self) -> SearchedSet | None:
        return self.sets[0]

    def look(
        self,
        searched: SearchedSet,  # noqa: ARG002 - as the port has it
        question: str,
        vector: Sequence[float] | None,
        source_types: Sequence[str],
        most: int,
    ) -> Sides | None:
        self.asked.append((question, vector, source_types, most))
        if len(self.sets) > 1:  # replaced meanwhile
            self.sets.pop(0)
            return None
        return self.sides


@dataclass
class Answer:
    vectors: Any
    tokens: int | None


@dataclass
class Provider:
    model: str = "toy"
    dimension: int = 2
    error: Exception | None = None
    texts: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        stop.check()
        self.texts += texts
        if self.error is not None:
            raise self.error
        return Answer(np.array([[1, 0]], dtype=np.float32), 5)


@dataclass
class Purse:
    """Pays for questions; `log` says what became of each."""

    spent: bool = False
    log: list[object] = field(default_factory=list)

    @contextmanager
    def __call__(self, tenant_id: str, _: Any, question: str) -> Generator[Any]:
        if self.spent:
            raise BudgetSpent("acme's budget is spent.")
        self.log.append((tenant_id, question))
        try:
            yield self.log.append
        except BaseException as error:
            self.log.append(type(error))
            raise


@dataclass
class Desk:
    store: Store = field(default_factory=Store)
    provider: Provider | None = field(default_factory=Provider)
    purse: Purse = field(default_factory=Purse)

    def search(
        self, question: str = "ferry", *more: Any, stop: StopSignal | None = None
    ) -> Findings:
        retriever = Retriever(lambda _: self.store, self._of_model, self.purse)
        return retriever.search("acme", question, *more, stop=stop)

    def _of_model(self, model: str, dimension: int) -> Any:
        known = self.provider
        return known if known and (known.model, known.dimension) == (model, dimension) else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_question_is_embedded_paid_for_and_looked_for_on_both_sides(desk: Desk):
    answer = desk.search("  When does\nthe ferry leave? ")
    asked = "When does the ferry leave?"
    assert desk.provider is not None
    assert desk.provider.texts == [asked]
    assert desk.purse.log == [("acme", asked), 5]
    assert desk.store.asked == [(asked, [1.0, 0.0], (), 50)]
    assert sorted(hit.record_id for hit in answer.hits) == [1, 2]
    assert answer.notes == []


@pytest.mark.parametrize(
    "error", [RetryLater("It is down."), OperatorMustAct("401."), SourceChanged("No vector.")]
)
def test_where_the_model_does_not_answer_words_answer_alone_and_it_says_so(
    desk: Desk, error: Exception
):
    desk.provider = Provider(error=error)
    answer = desk.search()
    assert desk.store.asked[0][1] is None
    assert answer.notes == [f"Found by words only: {error}"]
    assert desk.purse.log == [("acme", "ferry"), type(error)]


def test_a_spent_budget_leaves_the_words(desk: Desk):
    desk.purse.spent = True
    answer = desk.search()
    assert answer.hits
    assert answer.notes == ["Found by words only: acme's budget is spent."]
    assert desk.provider is not None
    assert desk.provider.texts == []


@pytest.mark.parametrize("provider", [None, Provider("other"), Provider(dimension=3)])
def test_a_model_that_is_configured_no_more_is_not_taken_for_another(
    desk: Desk, provider: Provider | None
):
    desk.provider = provider
    (note,) = desk.search().notes
    assert "toy in 2 dimensions, which is configured no more" in note
    assert desk.purse.log == []


def test_a_stop_is_no_reason_to_go_on_by_words(desk: Desk):
    stop = StopSignal()
    stop.set()
    with pytest.raises(Stopped):
        desk.search(stop=stop)
    assert desk.store.asked == []


def test_nothing_embedded_yet_is_said(desk: Desk):
    desk.store.sets = [None]
    answer = desk.search()
    assert answer.hits == ()
    assert "'sync-assets sync acme'" in answer.notes[0]
    assert desk.purse.log == []


def test_an_incomplete_set_is_said(desk: Desk):
    desk.store.sets = [replace(LIVE, complete=False)]
    assert desk.search().notes == [
        "Not everything is embedded yet: some of it is found by its words only."
    ]


def test_a_set_replaced_meanwhile_is_asked_for_anew_with_its_own_model(desk: Desk):
    desk.store.sets = [replace(LIVE, id=1, model="old"), LIVE]
    answer = desk.search()
    assert [vector for _, vector, *_ in desk.store.asked] == [None, [1.0, 0.0]]
    assert answer.hits
    assert answer.notes == []


def test_a_set_replaced_again_and_again_is_asked_for_later(desk: Desk):
    desk.store.sides = None
    with pytest.raises(RetryLater, match="Ask again"):
        desk.search()


def test_a_high_limit_looks_deeper(desk: Desk):
    desk.search("ferry", 80, ["wp_page"])
    assert desk.store.asked[0][2:] == (["wp_page"], 160)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("",), "There is no question"),
        ((" \n\t\x00 ",), "There is no question"),
        (("x" * 10_001,), "10,001 characters; at most 10,000"),
        (("ferry", 0), "The limit is 0; it goes from 1 to 100"),
        (("ferry", 101), "The limit is 101"),
        (("ferry", 5, ["wp_post", "product"]), "no texts of the type 'product'. It has wp_page"),
    ],
)
def test_what_cannot_be_asked_is_said_and_costs_nothing(
    desk: Desk, arguments: tuple[Any, ...], complaint: str
):
    with pytest.raises(OperatorMustAct, match=complaint):
        desk.search(*arguments)
    assert (desk.purse.log, desk.store.asked) == ([], [])


@pytest.mark.parametrize(
    ("question", "cleaned"),
    [
        ("a\x00b", "a b"),
        ("x" * 10_000, "x" * 10_000),
        ("half \ud800 a pair", "half ? a pair"),
        ("ação\u2003🛳️", "ação 🛳️"),
    ],
)
def test_any_text_can_be_asked(desk: Desk, question: str, cleaned: str):
    desk.search(question)
    assert desk.store.asked[0][0] == cleaned
