"""`sync-assets search`."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.local import DIMENSION, MODEL, LocalProvider
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.store.searching import Shelf, shelf

pytestmark = pytest.mark.postgres

BODY = "Dogs are welcome in the garden.\x1b[31m"


@pytest.fixture
def acme(platform: Platform) -> Shelf:
    """Two posts and a page, embedded by the model that comes with the program."""
    texts = [BODY, "The ferry leaves at nine.", "Write to us."]
    answer = LocalProvider().embed(texts, StopSignal())
    vectors = dict(zip(texts, answer.vectors.tolist(), strict=True))
    acme = shelf(platform, model=MODEL, dimension=DIMENSION)
    acme.post(1, "Pets", BODY, vectors=vectors)
    acme.post(2, "Island", "The ferry leaves at nine.", vectors=vectors)
    acme.post(3, "Contact", "Write to us.", vectors=vectors, page=True)
    return acme


def test_it_finds_by_meaning_and_by_words(run: Commands, acme: Shelf):
    found = run.json("search", "acme", "Posso levar o meu cachorro?", "--limit", "1")
    assert found["notes"] == []
    (hit,) = found["hits"]
    assert (hit["sourceType"], hit["recordId"], hit["vectorRank"]) == ("wp_post", 1, 1)
    assert (hit["link"], hit["syncId"]) == ("http://demo.invalid/1", str(acme.sync_id))
    assert hit["textRank"] is None
    (hit,) = run.json("search", "acme", "ferry", "--limit", "1")["hits"]
    assert (hit["recordId"], hit["textRank"]) == (2, 1)


@pytest.mark.usefixtures("acme")
def test_people_read_it_and_a_text_steers_no_terminal(run: Commands):
    assert run("search", "acme", "dogs in the garden", "--limit", "1") == 0
    assert "1. Pets" in run.out
    assert "Dogs are welcome in the garden." in run.out
    assert "\x1b" not in run.out
    assert "wp_post 1, score" in run.out


@pytest.mark.usefixtures("acme")
def test_only_the_types_that_were_asked_for(run: Commands):
    found = run.json("search", "acme", "ferry", "--type", "wp_page")
    assert [hit["sourceType"] for hit in found["hits"]] == ["wp_page"]


@pytest.mark.usefixtures("acme")
def test_each_question_is_in_the_ledger(run: Commands, platform: Platform):
    run.json("search", "acme", "ferry")
    query = "SELECT purpose, model, inputs, state FROM sync.ledger"
    with platform.database.as_tenant("acme") as connection:
        rows = connection.execute(query).fetchall()
    assert rows == [("query", MODEL, 1, "settled")]


def test_a_blocked_tenant_is_answered_by_words(run: Commands, acme: Shelf):
    assert run("budget", "set", acme.tenant, "--block") == 0, run.err
    found = run.json("search", "acme", "ferry")
    assert [hit["vectorRank"] for hit in found["hits"]] == [None]
    assert found["notes"][0].startswith("Found by words only: ")
    assert run("search", "acme", "ferry") == 0
    assert "Found by words only: " in run.err


def test_a_model_that_is_configured_no_more_leaves_the_words(run: Commands, platform: Platform):
    shelf(platform, model="bge-m3", dimension=1024).post(1, "Ferry", "It leaves.")
    found = run.json("search", "acme", "ferry")
    assert len(found["hits"]) == 1
    assert "bge-m3" in found["notes"][0]


def test_nothing_embedded_yet_is_said(run: Commands, platform: Platform):
    acme = shelf(platform)
    with platform.database.as_tenant(acme.tenant) as connection:
        connection.execute("DELETE FROM sync.embedding_sets")
    assert run("search", "acme", "ferry") == 0
    assert "Nothing of acme is embedded yet" in run.err


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nobody", "ferry"), "There is no tenant 'nobody'"),
        (("acme", ""), "There is no question"),
        (("acme", "x" * 10_001), "at most 10,000"),
        (("acme", "ferry", "--limit", "0"), "1<=x<=100"),
        (("acme", "ferry", "--type", "product"), "It has wp_page, wp_post."),
    ],
)
def test_what_cannot_be_asked_is_status_2(
    run: Commands, arguments: tuple[str, ...], complaint: str
):
    assert run("search", *arguments) == 2
    assert complaint in run.err
