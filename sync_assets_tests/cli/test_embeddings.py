"""`sync-assets embeddings quote` and `status`, with the model that comes with the program."""

from collections.abc import Generator
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import cost, money
from sync_assets.demo import DemoSite
from sync_assets.embeddings.chunks import SPLITTER
from sync_assets.embeddings.local import DIMENSION, MODEL
from sync_assets.settings import Settings
from sync_assets_tests.cli.conftest import Commands, sync_quietly
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings.accounts import PRICE
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article

pytestmark = pytest.mark.postgres

TEXTS = 1 + len(PARAGRAPHS)


@pytest.fixture
def acme(
    settings: Settings, empty_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> Generator[Platform]:
    """A post of the tenant `acme`, synced while embeddings were off; now they are on."""
    empty_site.site.add("posts", title="The ferry", content=article())
    before = Platform(settings)
    register(before, "acme", empty_site)
    sync_quietly(before, "acme")
    before.close()
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS", "true")
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS_PRICES", f'{{"{MODEL}": {PRICE}}}')
    platform = Platform(Settings())
    yield platform
    platform.close()


@pytest.mark.usefixtures("acme")
def test_a_quote_tells_texts_tokens_and_money(run: Commands):
    quote = run.json("embeddings", "quote", "acme")
    tokens = quote["tokens"]
    assert quote == {
        "tenant": "acme",
        "records": 1,
        "chunks": TEXTS,
        "tokens": tokens,
        "cost": money(cost(tokens, PRICE)),
        "currency": "USD",
        "model": MODEL,
        "costState": "NORMAL",
        "left": "5.00",
        "skipReason": None,
    }
    characters = sum(map(len, ["The ferry", *PARAGRAPHS]))
    assert characters / 6 < tokens < characters / 2
    assert run.json("embeddings", "quote", "acme") == quote


def test_a_quote_of_a_synced_tenant_is_nothing(run: Commands, acme: Platform):
    sync_quietly(acme, "acme")
    quote = run.json("embeddings", "quote", "acme")
    assert (quote["records"], quote["chunks"], quote["cost"]) == (0, 0, "0.00")


@pytest.mark.usefixtures("acme")
def test_people_read_a_quote_as_a_table_and_why_nothing_would_be_done(run: Commands):
    assert run("embeddings", "quote", "acme") == 0, run.err
    assert cells(run)[-2:] == [MODEL, "NORMAL"]
    assert run.err == ""
    run("budget", "set", "acme", "--block", "--reason", "unpaid")
    assert run("embeddings", "quote", "acme") == 0, run.err
    assert cells(run)[-2:] == [MODEL, "BLOCKED"]
    assert run.err.startswith("A sync of now would not embed: Spending of acme is blocked (unpaid)")


def test_the_status_tells_what_is_embedded_by_which_model(run: Commands, acme: Platform):
    assert run.json("embeddings", "status", "acme")["sets"] == []
    sync_quietly(acme, "acme")
    status = run.json("embeddings", "status", "acme")
    assert (status["tenant"], status["costState"], status["skipReason"]) == ("acme", "NORMAL", None)
    assert status["sets"] == [
        {
            "model": MODEL,
            "dimension": DIMENSION,
            "splitter": SPLITTER,
            "live": True,
            "indexed": False,
            "records": 1,
            "chunks": TEXTS,
            "pending": 0,
            "vectors": TEXTS,
        }
    ]


def test_the_status_of_a_throttled_tenant_tells_what_is_missing(run: Commands, acme: Platform):
    run("budget", "set", "acme", "--monthly", "0.00001")
    sync_quietly(acme, "acme")
    status = run.json("embeddings", "status", "acme")
    (only,) = status["sets"]
    assert (only["live"], only["pending"], only["vectors"]) == (False, TEXTS, 0)


def test_people_read_the_status_as_a_table(run: Commands, acme: Platform):
    assert run("embeddings", "status", "acme") == 0
    assert run.err.startswith("Nothing of acme is embedded yet")
    sync_quietly(acme, "acme")
    run("budget", "set", "acme", "--block")
    assert run("embeddings", "status", "acme") == 0
    assert cells(run) == [MODEL, "yes", "1", str(TEXTS), str(TEXTS), "0"]
    assert run.err.startswith("Spending of acme is blocked")


@pytest.mark.parametrize("by", ["the operator", "the tenant"])
@pytest.mark.usefixtures("acme")
def test_who_switched_it_off_is_told(run: Commands, monkeypatch: pytest.MonkeyPatch, by: str):
    if by == "the operator":
        monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS", "false")
        said = "Embeddings are switched off by SYNC_ASSETS_EMBEDDINGS."
    else:
        assert run("tenant", "update", "acme", "--setting", "embeddings=off") == 0, run.err
        said = "Embeddings are switched off by acme's setting 'embeddings'."
    found: list[dict[str, Any]] = [run.json("embeddings", v, "acme") for v in ("quote", "status")]
    assert [each["skipReason"] for each in found] == [said, said]
    for verb in ("quote", "status"):
        assert run("embeddings", verb, "acme") == 0
        assert said in run.err


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("verb", ["quote", "status"])
def test_an_unknown_tenant_is_status_2(run: Commands, verb: str):
    assert run("embeddings", verb, "nobody") == 2
    assert "There is no tenant 'nobody'" in run.err


def cells(run: Commands) -> list[str]:
    """The last row of a table."""
    return run.out.splitlines()[-1].split()
