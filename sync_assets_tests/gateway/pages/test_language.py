"""Languages: which one is spoken, and that each of them has all words."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import CostState
from sync_assets.core.queues import QUEUES
from sync_assets.core.run import StreamStatus
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.enqueue import enqueue
from sync_assets.gateway.pages.english import ENGLISH
from sync_assets.gateway.pages.formats import Formats
from sync_assets.gateway.pages.list_view import asker
from sync_assets.gateway.pages.portuguese import PORTUGUESE
from sync_assets.gateway.pages.telling import said
from sync_assets.gateway.pages.words import Words
from sync_assets.sources import SOURCES
from sync_assets.store.history import STATUSES
from sync_assets_tests.gateway.conftest import Organization
from sync_assets_tests.gateway.pages.conftest import AtTheDoor, SignedIn

languages = pytest.mark.parametrize("words", [ENGLISH, PORTUGUESE], ids=lambda words: words.code)
NOON = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def entries(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every word with the names that lead to it."""
    if is_dataclass(value):
        for field in fields(value):
            yield from entries(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, Mapping):
        for name, word in value.items():
            yield from entries(word, f"{path}[{name}]")
    else:
        yield path, value


def test_both_languages_have_the_same_words():
    assert dict(entries(ENGLISH)).keys() == dict(entries(PORTUGUESE)).keys()


def test_both_languages_leave_the_same_blanks_to_be_filled():
    def blanks(words: Words) -> dict[str, int]:
        return {
            path: str(word).count("{") for path, word in entries(words) if isinstance(word, str)
        }

    assert blanks(ENGLISH) == blanks(PORTUGUESE)


def test_hardly_a_word_is_the_same_in_both():
    english, portuguese = dict(entries(ENGLISH)), dict(entries(PORTUGUESE))
    same = {str(word) for path, word in english.items() if word == portuguese[path]}
    assert {word for word in same if len(word) > 1} <= {"Site", "Normal", "Posts", "Post"}


@languages
def test_every_state_that_there_is_has_a_name(words: Words):
    assert set(STATUSES) <= words.statuses.keys()
    assert {status.value for status in StreamStatus} <= words.part_statuses.keys()
    assert {state.value for state in CostState} == words.budget.states.keys()
    assert {state.value for state in CostState} == words.budget.hints.keys()
    assert QUEUES.keys() <= words.queue.names.keys()
    streams = {stream.name for source in SOURCES.values() for stream in source.spec.streams}
    assert {*streams, EMBEDDINGS} <= words.parts.keys()


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("key abcdefghij", "API key abcdef…"),
        ("schedule:full", "Schedule"),
        ("sensor:recovery", "Automatic"),
        ("command:maria", "Operator"),
        ("wordpress", "wordpress"),
    ],
)
def test_who_asked_is_named(by: str, shown: str):
    assert asker(by, ENGLISH) == shown


# Numbers and times


def formats(words: Words) -> Formats:
    return Formats(words.writing, ZoneInfo("America/Sao_Paulo"), NOON)


def test_numbers_and_amounts_are_written_as_the_language_does():
    english, portuguese = formats(ENGLISH), formats(PORTUGUESE)
    assert [english.number(1234567), portuguese.number(1234567)] == ["1,234,567", "1.234.567"]
    assert english.amount("1234.5", "USD") == "USD 1,234.50"
    assert portuguese.amount("1234.5678901", "BRL") == "BRL 1.234,5679"
    assert portuguese.month("2026-02") == "fev 2026"


def test_times_are_those_of_the_zone():
    portuguese = formats(PORTUGUESE)
    assert portuguese.moment(NOON) == "hoje, 12:00"
    assert portuguese.moment(datetime(2026, 11, 22, 2, 30, tzinfo=UTC)) == "21 nov 2026, 23:30"
    assert portuguese.clock(NOON + timedelta(seconds=7)) == "12:00:07"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "< 1 s"), (59, "59 s"), (125, "2 min 5 s"), (7200, "2 h"), (93_784, "1 d 2 h")],
)
def test_spans_have_their_two_greatest_units(seconds: float, shown: str):
    assert formats(ENGLISH).span(seconds) == shown


# What the program says


def test_operators_commands_are_kept_from_tenants():
    text = (
        "posts: acme's WordPress does not accept the credentials (401). Make an application "
        "password and store it with 'sync-assets tenant update acme --username U "
        "--password-stdin'. If they are right, the site's web server drops the Authorization "
        "header."
    )
    assert said(text, ENGLISH) == (
        "Posts: acme's WordPress does not accept the credentials (401). Make an application "
        "password and store it. If they are right, the site's web server drops the Authorization "
        "header."
    )
    assert said(text, PORTUGUESE) == (
        "Posts: O WordPress de acme não aceita as credenciais (401). Crie uma senha de aplicativo "
        "no WordPress e guarde-a nas credenciais do site. Se elas estão certas, o servidor do site "
        "descarta o cabeçalho Authorization."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Syncing terms.", "Sincronizando Termos."),
        (
            "embeddings needs posts, which was not synced.",
            "Índice da busca: depende de Posts, que ficou sem sincronizar.",
        ),
        (
            "Attempt 1 of 3 failed: terms: a's site http://b answered 503. Look.",
            "A tentativa 1 de 3 falhou: Termos: O site de a, http://b, respondeu 503. Look.",
        ),
        (
            "The sync was stopped. What it wrote stays; the next one goes on.",
            "A sincronização foi parada. O que foi gravado fica; a próxima continua dali.",
        ),
    ],
)
def test_known_sentences_are_said_in_portuguese(text: str, shown: str):
    assert said(text, PORTUGUESE) == shown


@languages
@pytest.mark.parametrize(
    "text", ["", "Something new. And more: here", "note: " * 1000, r"\1 \g<0>"]
)
def test_other_sentences_stay_as_they_are(words: Words, text: str):
    assert (said(text, words) or "").strip() == (text.strip() or said("", words))


# Which language


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("en-US", "en"),
        ("fr,pt;q=0.5,en;q=0.6", "en"),
        ("fr, pt;q=0.1", "pt-BR"),
        ("pt;q=0", "en"),
        ("*;q=high,;;", "en"),
        ("", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(
    at_the_door: AtTheDoor, asked: str, spoken: str
):
    answer = at_the_door("any").see("/sign-in", **{"Accept-Language": asked})
    assert f'<html lang="{spoken}">' in answer.text


@pytest.mark.postgres
def test_a_choice_is_remembered_and_keeps_the_rest_of_the_address(at_the_door: AtTheDoor):
    person = at_the_door("any")
    assert 'href="?status=failed&amp;lang=pt"' in person.see("/sign-in?status=failed").text
    assert 'lang="pt-BR"' in person.see("/sign-in?status=failed&lang=pt").text
    assert '<html lang="pt-BR">' in person.see("/sign-in").text
    assert '<html lang="pt-BR">' in person.see("/sign-in?lang=tlh").text


@pytest.mark.postgres
def test_the_whole_page_is_in_portuguese(
    platform: Platform, ours: Organization, signed_in: SignedIn
):
    enqueue(platform, [ours.tenant], asked_by="schedule:full")
    person = signed_in(ours.tenant, ours.syncer)
    shown = person.see("?lang=pt&q=nada").text
    english = {word for _, word in entries(ENGLISH) if isinstance(word, str) and len(word) > 6}
    same = {word for _, word in entries(PORTUGUESE) if isinstance(word, str)}
    found = {word for word in english - same if f">{word}<" in shown}
    assert found == {"English"} - same
