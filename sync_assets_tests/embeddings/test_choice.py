from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.choice import Choice, provider_of
from sync_assets.embeddings.local import LocalProvider
from sync_assets.embeddings.remote import RemoteProvider
from sync_assets_tests.embeddings.fake_provider import KEY, MODEL, fake_provider

OPENAI = "https://api.openai.com/v1"
SMALL = "text-embedding-3-small"
PRICES = {SMALL: Decimal("0.02"), "own": Decimal(0), "BAAI/bge-m3": Decimal(0)}


def remote(**told: Any) -> RemoteProvider:
    found = provider_of(replace(Choice(OPENAI, SMALL, prices=PRICES), **told))
    assert isinstance(found, RemoteProvider)
    return found


def test_without_an_address_it_is_the_model_that_comes_with_the_program():
    provider = provider_of(Choice())
    assert isinstance(provider, LocalProvider)
    assert (provider.model, provider.dimension, provider.price) == ("use-multilingual", 512, 0)


def test_the_local_model_may_have_a_price():
    prices = {"use-multilingual": Decimal("0.1")}
    assert provider_of(Choice(prices=prices)).price == Decimal("0.1")


def test_a_known_model_brings_its_dimension():
    provider = remote()
    assert (provider.model, provider.dimension, provider.price) == (SMALL, 1536, Decimal("0.02"))
    assert (provider.max_inputs, provider.max_tokens) == (2048, 300_000)
    assert remote(model="BAAI/bge-m3").dimension == 1024


def test_an_unknown_model_has_the_dimension_that_was_said():
    assert remote(model="own", dimension=100).dimension == 100


@pytest.mark.parametrize(
    ("model", "dimension", "asked"),
    [(SMALL, 256, 256), (SMALL, 1536, None), (SMALL, None, None), ("own", 100, None)],
)
def test_a_dimension_is_asked_for_only_where_it_is_not_the_models_own(model, dimension, asked):
    with fake_provider(model=model, dimension=dimension or 1536) as server:
        provider = remote(url=server.url, model=model, dimension=dimension)
        provider.embed(["text"], StopSignal())
        provider.close()
    assert server.seen[0].body.get("dimensions") == asked


@pytest.mark.parametrize("paste", ["{}", "{}/", "{}/embeddings", " {}/embeddings/ "])
def test_an_address_may_be_given_as_people_paste_it(paste):
    with fake_provider(model="own") as server:
        provider = remote(url=paste.format(server.url), model="own", dimension=8)
        assert len(provider.embed(["text"], StopSignal()).vectors) == 1
        provider.close()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"model": None}, "SYNC_ASSETS_EMBEDDINGS_MODEL"),
        ({"model": "else"}, "SYNC_ASSETS_EMBEDDINGS_DIMENSION"),
        ({"model": "else", "dimension": 9}, "SYNC_ASSETS_EMBEDDINGS_PRICES=.*else"),
        ({"dimension": 1537}, "has 1536 dimensions"),
        ({"model": "BAAI/bge-m3", "dimension": 9}, "has 1024 dimensions"),
        ({"prices": {SMALL: Decimal(-1)}}, "no price"),
        ({"prices": {SMALL: Decimal("NaN")}}, "no price"),
        ({"url": "http://embeddings.example/v1"}, "https://"),
        ({"url": "http://10.0.0.7/v1"}, "https://"),
        ({"url": "ftp://embeddings.example"}, "such as https://api.openai.com/v1"),
        ({"url": "api.openai.com"}, "such as https://api.openai.com/v1"),
        ({"url": "https://x:y/"}, "such as https://api.openai.com/v1"),
        ({"url": f"https://user:{KEY}@x/v1"}, "SYNC_ASSETS_EMBEDDINGS_API_KEY"),
        ({"url": f"https://x/v1?key={KEY}"}, "SYNC_ASSETS_EMBEDDINGS_API_KEY"),
        ({"key": f"{KEY}\nX-Else: 1"}, "SYNC_ASSETS_EMBEDDINGS_API_KEY"),
        ({"key": f"Bearer {KEY}"}, "SYNC_ASSETS_EMBEDDINGS_API_KEY"),
        ({"key": f"{KEY}é"}, "SYNC_ASSETS_EMBEDDINGS_API_KEY"),
        ({"url": None}, "does not come with the program"),
        ({"url": None, "model": None, "dimension": 256}, "has 512 dimensions"),
    ],
)
def test_settings_that_do_not_fit_are_named(told, words):
    with pytest.raises(OperatorMustAct, match=words) as error:
        remote(**told)
    assert KEY not in str(error.value)


def test_plain_http_is_for_this_machine_or_a_trusted_network():
    assert remote(url="http://localhost:8080/v1")
    assert remote(url="http://127.0.0.1:8080/v1")
    assert remote(url="http://10.0.0.7/v1", allow_private=True)


def test_a_key_from_a_file_may_end_with_a_line_break():
    with fake_provider() as server:
        told = {"url": server.url, "model": MODEL, "dimension": 8, "prices": {MODEL: Decimal(1)}}
        provider = remote(**told, key=f"{KEY}\n")
        provider.embed(["text"], StopSignal())
        provider.close()
    assert server.seen[0].key == KEY


def test_the_choice_does_not_show_the_key():
    assert KEY not in repr(Choice(key=KEY))
