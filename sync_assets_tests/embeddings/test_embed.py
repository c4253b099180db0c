"""A tenant's texts through the whole program: synced, split, embedded, found, forgotten."""

import math
from dataclasses import replace
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct, RetryLater, SourceChanged
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets.store.embedding_sets import SetSize
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings import tricks
from sync_assets_tests.embeddings.fake_provider import KEY, FakeProvider, Refusal, Trick, vector_of
from sync_assets_tests.embeddings.syncing import (
    PARAGRAPHS,
    article,
    billed,
    found,
    synced,
    vectors,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def site(embedding: Platform, empty_site: DemoSite) -> DemoSite:
    """A site of tenant `acme` with one post."""
    empty_site.site.add("posts", title="The ferry", content=article())
    register(embedding, "acme", empty_site)
    return empty_site


def only_post(site: DemoSite) -> int:
    (post,) = site.site.ids("posts")
    return post


@pytest.mark.usefixtures("site")
def test_each_text_has_the_vector_that_the_provider_gave_it(embedding: Platform):
    counts = synced(embedding, "acme")
    assert counts.chunks_embedded == 1 + len(PARAGRAPHS)
    stored = vectors(embedding, "acme")
    assert set(stored) == {"The ferry", *PARAGRAPHS}
    for text, vector in stored.items():
        assert vector == pytest.approx(unit(vector_of(text)), abs=2e-3)


def test_the_ledger_adds_up_to_what_the_provider_counted(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    synced(embedding, "acme")
    site.site.add("posts", title="Another one", content=article(["Something else."]))
    synced(embedding, "acme")
    assert billed(embedding, "acme") == (fake.billed[KEY].calls, fake.billed[KEY].tokens)


@pytest.mark.usefixtures("site")
def test_a_second_sync_pays_for_nothing(embedding: Platform, fake: FakeProvider):
    synced(embedding, "acme")
    before = fake.billed[KEY].calls
    assert synced(embedding, "acme").chunks_pending == 0
    assert fake.billed[KEY].calls == before


def test_an_edited_paragraph_costs_one_text(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    synced(embedding, "acme")
    before = fake.billed[KEY].inputs
    edited = [PARAGRAPHS[0], PARAGRAPHS[1].replace("three", "four"), *PARAGRAPHS[2:]]
    site.site.edit("posts", only_post(site), content=article(edited))
    synced(embedding, "acme")
    assert fake.billed[KEY].inputs == before + 1
    assert set(vectors(embedding, "acme")) == {"The ferry", *edited}


def test_moved_and_repeated_paragraphs_cost_nothing(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    synced(embedding, "acme")
    before = fake.billed[KEY].inputs
    site.site.edit("posts", only_post(site), content=article(PARAGRAPHS[::-1]))
    site.site.add("pages", title="The ferry", content=article(PARAGRAPHS[1:3]))
    assert synced(embedding, "acme").chunks_pending == 0
    assert fake.billed[KEY].inputs == before


def test_what_moved_from_a_deleted_record_to_a_new_one_costs_nothing(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    synced(embedding, "acme")
    before = fake.billed[KEY].inputs
    site.site.delete("posts", only_post(site))
    site.site.add("pages", title="The ferry", content=article())
    synced(embedding, "acme")
    assert fake.billed[KEY].inputs == before


@pytest.mark.parametrize(
    "change", [{"status": "draft"}, {"status": "private"}, {"password": "secret"}, None]
)
def test_what_is_no_longer_public_loses_its_vectors(
    embedding: Platform, site: DemoSite, change: dict[str, Any] | None
):
    kept = site.site.add("posts", title="Bakery", content=article(["Fresh bread every day."]))
    gone = next(id for id in site.site.ids("posts") if id != kept)
    synced(embedding, "acme")
    assert gone in found(embedding, "acme", "When does the first ferry leave?")
    if change is None:
        site.site.trash("posts", gone)
    else:
        site.site.edit("posts", gone, **change)
    synced(embedding, "acme")
    assert set(vectors(embedding, "acme")) == {"Bakery", "Fresh bread every day."}
    assert found(embedding, "acme", "When does the first ferry leave?") == [kept]


def test_drafts_are_embedded_for_who_asks_for_it(embedding: Platform, empty_site: DemoSite):
    empty_site.site.add("posts", title="A secret", content=article(), status="draft")
    register(embedding, "open", empty_site, embed_unpublished="on")
    register(embedding, "usual", empty_site)
    assert synced(embedding, "open").chunks_embedded == 1 + len(PARAGRAPHS)
    assert synced(embedding, "usual").chunks_embedded == 0


def test_who_switched_it_off_is_told_so(
    embedding: Platform, empty_site: DemoSite, fake: FakeProvider
):
    empty_site.site.add("posts", title="The ferry", content=article())
    register(embedding, "acme", empty_site, embeddings="off")
    assert "switched off" in (synced(embedding, "acme").skip_reason or "")
    assert fake.seen == []


def test_who_switched_it_off_keeps_nothing_that_is_no_longer_public(
    embedding: Platform, site: DemoSite
):
    synced(embedding, "acme")
    tenant = embedding.tenants.get("acme")
    embedding.tenants.update(replace(tenant, settings={**tenant.settings, "embeddings": "off"}))
    synced(embedding, "acme")
    assert len(vectors(embedding, "acme")) == 1 + len(PARAGRAPHS)
    site.site.edit("posts", only_post(site), content=article(PARAGRAPHS[1:]))
    synced(embedding, "acme")
    assert vectors(embedding, "acme") == {}  # nobody can say which paragraph is gone
    assert found(embedding, "acme", "When does the first ferry leave?") == []


def test_a_provider_that_cannot_be_keeps_nothing_that_is_no_longer_public(
    embedding: Platform, site: DemoSite, monkeypatch: pytest.MonkeyPatch
):
    synced(embedding, "acme")
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS_PRICES", "{}")
    wrong = Platform(Settings())
    site.site.edit("posts", only_post(site), status="private")
    with pytest.raises(OperatorMustAct, match="PRICES"):
        synced(wrong, "acme")
    wrong.close()
    assert vectors(embedding, "acme") == {}


def test_who_switches_it_on_again_gets_all_back(embedding: Platform, site: DemoSite):
    synced(embedding, "acme")
    tenant = embedding.tenants.get("acme")
    embedding.tenants.update(replace(tenant, settings={**tenant.settings, "embeddings": "off"}))
    site.site.edit("posts", only_post(site), content=article(PARAGRAPHS[1:]))
    synced(embedding, "acme")
    embedding.tenants.update(tenant)
    synced(embedding, "acme")
    assert set(vectors(embedding, "acme")) == {"The ferry", *PARAGRAPHS[1:]}


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    "trick",
    [
        tricks.short,
        tricks.doubled,
        tricks.last(lambda vector: vector[:-1]),
        tricks.last(lambda vector: [float("nan"), *vector[1:]]),
        tricks.hang_up,
        tricks.half,
        tricks.broken(500),
    ],
    ids=["short", "doubled", "dimension", "NaN", "no answer", "half an answer", "500"],
)
def test_a_bad_answer_stores_nothing_and_the_next_sync_mends_it(
    embedding: Platform, fake: FakeProvider, trick: Trick
):
    fake.play(trick)
    with pytest.raises((SourceChanged, RetryLater)):
        synced(embedding, "acme")
    assert vectors(embedding, "acme") == {}
    synced(embedding, "acme")
    for text, vector in vectors(embedding, "acme").items():
        assert vector == pytest.approx(unit(vector_of(text)), abs=2e-3)


@pytest.mark.usefixtures("site")
def test_answers_in_another_order_are_sorted(embedding: Platform, fake: FakeProvider):
    fake.play(tricks.shuffled)
    synced(embedding, "acme")
    for text, vector in vectors(embedding, "acme").items():
        assert vector == pytest.approx(unit(vector_of(text)), abs=2e-3)


@pytest.mark.usefixtures("site")
def test_a_wrong_key_is_the_operators(embedding: Platform, fake: FakeProvider):
    fake.play(Refusal(401))
    with pytest.raises(OperatorMustAct, match="401"):
        synced(embedding, "acme")
    assert embedding.budgets.standing("acme").spent == 0


@pytest.mark.usefixtures("site")
def test_another_model_gets_a_set_of_its_own_and_search_goes_on_meanwhile(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    synced(embedding, "acme")
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS_MODEL", "other")
    changed = Platform(Settings())
    try:
        with pytest.raises(OperatorMustAct):  # the provider does not know it yet
            synced(changed, "acme")
        live = [size.known.set.key.model for size in sizes(changed) if size.known.live]
        assert live == ["fake-embedding"]
        fake.model = "other"
        assert synced(changed, "acme").chunks_embedded == 1 + len(PARAGRAPHS)
        assert [size.known.set.key.model for size in sizes(changed)] == ["other"]
    finally:
        changed.close()


def sizes(platform: Platform) -> list[SetSize]:
    return platform.texts.sizes(platform.tenants.active("acme"))


def unit(vector: list[float]) -> list[float]:
    return [part / math.hypot(*vector) for part in vector]
