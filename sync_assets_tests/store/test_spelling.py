"""What people write in several ways is indexed and asked in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.store.spelling import indexed, spelt, unaccented


@pytest.mark.parametrize(
    ("ways", "one"),
    [
        (["NR-35", "NR 35", "NR35"], "NR 35"),
        (["edital 45/2026", "edital 45-2026", "edital 45 2026"], "edital 45 2026"),
        (["R$ 1.200,00", "R$ 1,200.00", "R$ 1200"], "R$ 1200"),
        (["2.150.300", "2,150,300"], "2150300"),
        (["1.80 metros", "1,80 metros", "1,80metros"], "1.80 metros"),
        (["45kg", "45 kg"], "45 kg"),
        (["às 14h30", "às 14:30", "às 14H30"], "às 14:30"),
        (["das 8h-18h", "das 8-18h", "das 8 18"], "das 8 18"),
        (["99876-5432", "99876 5432"], "99876 5432"),
    ],
)
def test_a_number_or_code_is_written_in_one_way(ways: list[str], one: str):
    assert {" ".join(spelt(way).split()) for way in ways} == {one}


@pytest.mark.parametrize("text", ["31.12.2025", "v2.4.1", "10.0.0.1", "A4", "b2b", "1º", "10:30"])
def test_dots_and_letters_that_are_part_of_it_stay(text: str):
    assert spelt(text) == text


def test_a_text_without_numbers_stays_as_it_is():
    assert spelt("São-Paulo,  d'água\n") == "São-Paulo,  d'água\n"


def test_letters_and_their_accents_are_one_however_they_are_stored():
    assert spelt("ac\u0327a\u0303o") == "ação"


def test_words_with_accents_are_indexed_without_them_as_well():
    assert indexed("O horário de São João") == "O horário de São João\nhorario Sao Joao"
    assert indexed("plain") == "plain"


@pytest.mark.parametrize("text", ["北京", "각", "ß", "ø", "🛳️"])
def test_letters_that_are_no_others_with_accents_stay(text: str):
    assert unaccented(text) == text


@given(st.text())
def test_any_text_can_be_spelt_and_each_letter_keeps_its_place(text: str):
    assert len(unaccented(spelt(text))) == len(spelt(text))
    assert indexed(text).startswith(spelt(text))
