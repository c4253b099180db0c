"""The retrieval set keeps what its README promises; needs neither a database nor a model."""

import html
import re
import unicodedata
from collections import Counter

import pytest

from sync_assets_tests.embeddings.retrieval_set import Passage, passages, questions

PASSAGES = {passage.id: passage for passage in passages()}
QUESTIONS = questions()
ASKED = {question.passage for question in QUESTIONS}
DISTRACTORS = [passage for passage in PASSAGES.values() if passage.id not in ASKED]

# Words that carry no subject: both lists hold for both languages.
ENGLISH = """
a about after all also am an and any are as at be been before being between but by can could
did do does done each even ever every for from get had has have having he her here his how i
if in into is it its just least less many may me might more most much must my never no nor
not of off on only or other our out over own same shall she should so some still such than
that the their them then there these they this those to too under until up us very was we
were what when where which who whom whose why will with without would you your
"""
# Without accents, as they are compared.
PORTUGUESE = """
ainda antes ao aos aquela aquele as ate cada com como da das de deve devem depois do dos e
ela elas ele eles em entre era essa essas esse esses esta estao estar estas este estes eu
fica ficam foi ha isso isto ja lhe mais mas menos mesma mesmo meu meus minha minhas muita
muitas muito muitos na nao nas nem no nos nossa nossas nosso nossos nunca o os ou outra
outras outro outros para pela pelas pelo pelos pode podem por porque posso poder quais qual
quando quanta quantas quanto quantos que quem sao se sem sempre sendo ser seu seus sido sob
sobre sua suas so tambem tem tenho ter tinha toda todas todo todos um uma umas uns vai vao
voce voces vou
"""
STOPWORDS = frozenset(f"{ENGLISH} {PORTUGUESE}".split())


def _plain(passage: Passage) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", f"{passage.title}. {passage.html}"))


def _words(passage: Passage) -> int:
    """Words of the body: the title does not count."""
    return len(re.sub(r"<[^>]+>", " ", passage.html).split())


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _stems(text: str) -> set[str]:
    """First five letters of each content word, a final "s" taken off so that plurals meet."""
    words = set(re.findall(r"[^\W_]+", _fold(text))) - STOPWORDS
    content = {word for word in words if len(word) > 1 or word.isdigit()}
    return {(word[:-1] if len(word) > 3 and word.endswith("s") else word)[:5] for word in content}


def _shared(kind: str) -> dict[str, set[str]]:
    """Stems that each question of the kind has in common with its passage."""
    return {
        question.id: _stems(question.question) & _stems(_plain(PASSAGES[question.passage]))
        for question in QUESTIONS
        if question.kind == kind
    }


@pytest.mark.parametrize("language", ["en", "pt"])
def test_there_are_enough_passages_and_distractors_in_each_language(language: str) -> None:
    assert sum(PASSAGES[id_].language == language for id_ in ASKED) >= 48
    assert sum(passage.language == language for passage in DISTRACTORS) >= 40


def test_each_direction_has_enough_questions_balanced_over_kind_and_part() -> None:
    cells = Counter(
        (question.language, PASSAGES[question.passage].language, question.kind, question.part)
        for question in QUESTIONS
    )
    assert len(cells) == 32, "2 languages asked in, 2 answered in, 2 kinds, 4 parts"
    for part, least in {"a": 12, "b": 12, "c": 12, "d": 20}.items():
        assert {count for cell, count in cells.items() if cell[3] == part} == {least}, cells


def test_ids_are_unique() -> None:
    assert len(PASSAGES) == len(passages())
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


def test_fields_hold_only_known_values() -> None:
    assert {passage.type for passage in PASSAGES.values()} == {"wp_page", "wp_post"}
    for record in (*PASSAGES.values(), *QUESTIONS):
        assert record.language in {"en", "pt"}
        assert f"-{record.language}" in record.id


def test_every_question_names_a_passage_that_exists() -> None:
    assert PASSAGES.keys() >= ASKED


def test_each_passage_is_asked_about_in_both_languages_in_one_part_and_once_in_c() -> None:
    for id_ in ASKED:
        asked = [question for question in QUESTIONS if question.passage == id_]
        pair = [question for question in asked if question.part != "c"]
        assert len({question.part for question in pair}) == 1, id_
        assert sorted(question.language for question in pair) == ["en", "pt"], id_
        fresh = [question for question in pair if question.part == "d"]
        assert len(asked) == (2 if fresh else 3), id_


def test_the_judging_question_asks_in_another_way_than_those_for_fitting() -> None:
    ways = Counter((question.passage, question.language, question.kind) for question in QUESTIONS)
    assert [way for way, times in ways.items() if times > 1] == []


def test_a_paraphrase_shares_no_content_word_with_its_passage() -> None:
    assert {id_: stems for id_, stems in _shared("paraphrase").items() if stems} == {}


def test_a_question_with_words_in_common_shares_at_least_two() -> None:
    assert {id_: stems for id_, stems in _shared("words").items() if len(stems) < 2} == {}


def test_passages_are_of_the_promised_length() -> None:
    lengths = {passage.id: _words(passage) for passage in PASSAGES.values()}
    odd = {
        id_: length
        for id_, length in lengths.items()
        if not (60 <= length <= 110 if id_ in ASKED else 40 <= length <= 65)
    }
    assert odd == {}


def test_no_sentence_or_question_is_written_twice() -> None:
    sentences = Counter(
        _fold(sentence).strip()
        for passage in PASSAGES.values()
        for sentence in re.split(r"(?<=[.?!])\s+", _plain(passage).strip())
    )
    asked = Counter(_fold(question.question) for question in QUESTIONS)
    assert [text for text, times in (sentences + asked).items() if times > 1] == []


def test_titles_are_unique() -> None:
    assert len({_fold(passage.title) for passage in PASSAGES.values()}) == len(PASSAGES)
