"""What a tenant may wish for its texts."""

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.text_settings import TextWishes, languages, switch


def test_who_wishes_nothing_has_public_texts_embedded_in_portuguese_and_english():
    wishes = TextWishes.parse("acme", {})
    assert (wishes.embed, wishes.unpublished) == (True, False)
    assert wishes.configurations == ("portuguese", "english")
    assert wishes == TextWishes()


def test_wishes_are_heard():
    settings = {"embeddings": "off", "embed_unpublished": "true", "language": "de"}
    wishes = TextWishes.parse("acme", settings)
    assert (wishes.embed, wishes.unpublished, wishes.configurations) == (False, True, ("german",))


@pytest.mark.parametrize(
    ("text", "codes"),
    [("pt", ("pt",)), (" EN , pt-BR", ("en", "pt")), ("pt_BR,pt", ("pt",)), ("ja", ("ja",))],
)
def test_languages_are_codes_each_once(text: str, codes: tuple[str, ...]):
    assert languages(text) == codes


@pytest.mark.parametrize("text", ["", "português", "pt,,en", "p", "pt;DROP TABLE"])
def test_what_is_no_code_is_refused(text: str):
    with pytest.raises(ValueError, match="is no language's code"):
        languages(text)


def test_more_languages_than_fit_are_refused():
    with pytest.raises(ValueError, match="6 languages"):
        languages("pt,en,es,fr,de,it")


def test_languages_without_rules_have_their_words_as_they_are():
    assert TextWishes(languages=("ja", "en", "zh")).configurations == ("simple", "english")


@pytest.mark.parametrize(
    ("text", "on"), [("on", True), (" True", True), ("no", False), ("0", False)]
)
def test_a_switch_is_on_or_off(text: str, on: bool):
    assert switch(text) is on


@pytest.mark.parametrize(
    "settings", [{"embeddings": "perhaps"}, {"embed_unpublished": ""}, {"language": "klingon!"}]
)
def test_a_wish_that_cannot_be_understood_is_for_the_tenant_to_mend(settings: dict[str, str]):
    with pytest.raises(TenantMustAct, match="A setting of acme cannot be used"):
        TextWishes.parse("acme", settings)
