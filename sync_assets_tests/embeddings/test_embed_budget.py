"""A budget and the texts of a tenant: as far as it reaches, and the rest when it reaches again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, CostState, cost
from sync_assets.core.stop import StopSignal
from sync_assets.demo import DemoSite
from sync_assets.embeddings.provider import bound
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings import tricks
from sync_assets_tests.embeddings.accounts import (
    PRICE,
    allow,
    booked,
    sent,
    stored,
    sync_streams,
)
from sync_assets_tests.embeddings.fake_provider import KEY, FakeProvider, tokens_of
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article, found, synced, vectors

pytestmark = pytest.mark.postgres

OLD = ["The ferry", *PARAGRAPHS]
NEW = ["The hut", *(f"In summer: {text}" for text in PARAGRAPHS)]
TEXTS = {*OLD, *NEW}

SOME = bound(NEW[0]) + bound(NEW[1])
"""Tokens that reach for two texts, and then for no other one."""

HALF = sum(map(tokens_of, NEW[:-1])) + bound(NEW[-1])
"""Tokens that reach for the newer post, and then for no other paragraph."""


@pytest.fixture
def site(embedding: Platform, empty_site: DemoSite) -> DemoSite:
    """A site of tenant `acme` with two posts, of which the newer one is embedded first."""
    for title, *paragraphs in (OLD, NEW):
        empty_site.site.add("posts", title=title, content=article(paragraphs))
    register(embedding, "acme", empty_site)
    return empty_site


@pytest.mark.usefixtures("site")
def test_a_budget_that_reaches_for_some_texts_embeds_those_and_says_why_not_more(
    embedding: Platform, fake: FakeProvider
):
    allow(embedding, "acme", SOME)
    counts = synced(embedding, "acme")
    assert stored(embedding, "acme") == set(NEW[:2])
    assert (counts.chunks_embedded, counts.chunks_pending) == (2, len(TEXTS))
    assert counts.tokens == fake.tokens == sum(map(tokens_of, NEW[:2]))
    assert (counts.embeddings_queued, counts.embeddings_skipped) == (0, 2)
    assert counts.cost_state == "THROTTLED"
    assert "'sync-assets budget set acme --monthly AMOUNT' raises it" in str(counts.skip_reason)


def test_what_was_embedded_whole_counts_as_queued(embedding: Platform, site: DemoSite):
    allow(embedding, "acme", HALF)
    counts = synced(embedding, "acme")
    assert stored(embedding, "acme") > set(NEW)
    assert (counts.embeddings_queued, counts.embeddings_skipped) == (1, 1)
    assert found(embedding, "acme", "hut")[0] == max(site.site.ids("posts"))


@pytest.mark.usefixtures("site")
def test_raised_it_embeds_what_was_missing_and_pays_for_nothing_twice(
    embedding: Platform, fake: FakeProvider
):
    allow(embedding, "acme", SOME)
    synced(embedding, "acme")
    allow(embedding, "acme", 100_000)
    counts = synced(embedding, "acme")
    assert (counts.chunks_embedded, counts.skip_reason) == (len(TEXTS) - 2, None)
    assert (counts.embeddings_queued, counts.embeddings_skipped) == (2, 0)
    assert sent(fake) == dict.fromkeys(TEXTS, 1)
    assert set(vectors(embedding, "acme")) == TEXTS


@pytest.mark.usefixtures("site")
def test_a_sync_that_finds_the_budget_spent_asks_the_provider_nothing(
    embedding: Platform, fake: FakeProvider
):
    allow(embedding, "acme", SOME)
    synced(embedding, "acme")
    before = len(fake.seen)
    counts = synced(embedding, "acme")
    assert (counts.cost_state, counts.embeddings_skipped) == ("THROTTLED", 2)
    assert len(fake.seen) == before


@pytest.mark.usefixtures("site")
def test_the_report_of_a_throttled_sync_says_so_and_is_completed(embedding: Platform):
    allow(embedding, "acme", SOME)
    sync_id = uuid4()
    counts = synced(embedding, "acme", sync_id=sync_id)
    report = embedding.syncs.report(sync_id).as_dict()
    assert (report["status"], report["error"]) == ("completed", None)
    assert (report["embeddingsQueued"], report["embeddingsSkipped"]) == (0, 2)
    assert (report["costState"], report["skipReason"]) == ("THROTTLED", counts.skip_reason)
    jobs = {job["type"]: job for job in report["jobs"]}
    assert jobs["embeddings"]["result"] == counts.as_dict()
    assert {job["status"] for job in jobs.values()} == {"done"}  # as far as the money went
    assert report["totals"].keys() == jobs.keys() - {"embeddings"}
    assert report["metrics"]["totalProcessed"] == sum(report["totals"].values())


@pytest.mark.usefixtures("site")
def test_what_embeds_nothing_at_all_is_shown_as_skipped(embedding: Platform):
    embedding.budgets.set_tenant("acme", Change(blocked=True))
    sync_id = uuid4()
    synced(embedding, "acme", sync_id=sync_id)
    report = embedding.syncs.report(sync_id).as_dict()
    assert [job["status"] for job in report["jobs"]] == ["done"] * 4 + ["skipped"]
    assert report["status"] == "completed"


@pytest.mark.usefixtures("site")
def test_a_blocked_tenant_embeds_nothing_and_is_told_why(embedding: Platform, fake: FakeProvider):
    embedding.budgets.set_tenant("acme", Change(blocked=True, reason="unpaid"))
    counts = synced(embedding, "acme")
    assert (counts.cost_state, counts.embeddings_skipped) == ("BLOCKED", 2)
    assert "Spending of acme is blocked (unpaid)" in str(counts.skip_reason)
    assert fake.seen == []
    embedding.budgets.set_tenant("acme", Change(blocked=False))
    assert synced(embedding, "acme").chunks_embedded == len(TEXTS)


@pytest.mark.parametrize("how", ["whole", "check alone"])
def test_what_a_blocked_tenant_makes_private_is_gone_all_the_same(
    embedding: Platform, site: DemoSite, how: str
):
    synced(embedding, "acme")
    embedding.budgets.set_tenant("acme", Change(blocked=True))
    old, _ = sorted(site.site.ids("posts"))
    site.site.edit("posts", old, status="private")
    if how == "whole":
        synced(embedding, "acme")
    else:
        check(embedding)
    assert stored(embedding, "acme") == set(vectors(embedding, "acme")) == set(NEW)


def test_a_blocked_tenant_finds_new_texts_by_their_words(embedding: Platform, site: DemoSite):
    embedding.budgets.set_tenant("acme", Change(blocked=True))
    synced(embedding, "acme")
    post = site.site.add("posts", title="Bakery", content=article(["Rye bread every day."]))
    synced(embedding, "acme")
    answer = embedding.search("acme", "bread")
    assert [hit.record_id for hit in answer.hits] == [post]
    assert any("blocked" in note for note in answer.notes)


@pytest.mark.usefixtures("site")
def test_a_check_embeds_nothing_and_leaves_the_rest_to_the_next_step(
    embedding: Platform, fake: FakeProvider
):
    sync_id = uuid4()
    sync_streams(embedding, "acme", sync_id)
    request = embedding.request("acme", sync_id=sync_id)
    counts = embedding.check_embeddings(request, StopSignal())
    assert (counts.embeddings_queued, counts.skip_reason) == (2, None)
    assert fake.seen == []
    assert embedding.embed(request, StopSignal()).chunks_embedded == len(TEXTS)
    (row,) = (row for row in embedding.syncs.report(sync_id).streams if row.embedding)
    assert row.attempt == 1


def test_from_four_fifths_on_it_is_caution_and_goes_on(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    assert synced(embedding, "acme").cost_state == "NORMAL"
    more = ["The crane lifts ten tons."]
    allow(embedding, "acme", fake.tokens + bound(more[0]))
    assert embedding.budgets.standing("acme").state is CostState.CAUTION
    site.site.add("posts", title="", content=article(more))
    counts = synced(embedding, "acme")
    assert (counts.cost_state, counts.skip_reason) == ("CAUTION", None)
    assert stored(embedding, "acme") == {*TEXTS, *more}


@pytest.mark.usefixtures("site")
def test_the_state_is_told_where_there_is_nothing_to_embed(embedding: Platform, fake: FakeProvider):
    synced(embedding, "acme")
    allow(embedding, "acme", fake.tokens * 10 // 9)
    assert synced(embedding, "acme").cost_state == "CAUTION"
    allow(embedding, "acme", fake.tokens)
    counts = synced(embedding, "acme")
    assert (counts.cost_state, counts.embeddings_skipped) == ("THROTTLED", 0)
    assert counts.skip_reason is None  # nothing is left out


@pytest.mark.usefixtures("site")
def test_a_new_month_brings_new_money(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    budgets = replace(embedding.budgets, clock=lambda: now)
    monkeypatch.setitem(vars(embedding), "budgets", budgets)
    allow(embedding, "acme", HALF)
    assert synced(embedding, "acme").cost_state == "THROTTLED"
    before = sent(fake)
    now += timedelta(days=1)
    counts = synced(embedding, "acme")
    assert (counts.skip_reason, counts.embeddings_queued) == (None, 1)
    assert sent(fake) == dict.fromkeys(TEXTS, 1) != before


@pytest.mark.usefixtures("site")
def test_an_organizations_budget_holds_for_its_tenants(embedding: Platform, fake: FakeProvider):
    embedding.budgets.set_organization("agency", Change(cost(SOME, PRICE)))
    counts = synced(embedding, "acme")
    assert counts.cost_state == "THROTTLED"
    assert "budget set --organization agency --monthly" in str(counts.skip_reason)
    assert fake.tokens <= SOME


def test_a_bill_far_beyond_its_bound_blocks(
    embedding: Platform, site: DemoSite, fake: FakeProvider
):
    allow(embedding, "acme", 10_000)
    fake.play(tricks.usage({"total_tokens": 12_001}))
    counts = synced(embedding, "acme")
    assert (counts.tokens, booked(embedding, "acme")["settled"].billed) == (12_001, 12_001)
    site.site.add("posts", title="Bakery", content="")
    counts = synced(embedding, "acme")
    assert (counts.cost_state, counts.embeddings_skipped) == ("BLOCKED", 1)
    assert "far beyond" in str(counts.skip_reason)


@pytest.mark.usefixtures("site")
def test_a_provider_that_tells_no_usage_is_paid_what_was_reserved(
    embedding: Platform, fake: FakeProvider
):
    fake.play(tricks.usage(None))
    assert synced(embedding, "acme").tokens == sum(map(bound, TEXTS))
    assert embedding.budgets.standing("acme").spent == cost(sum(map(bound, TEXTS)), PRICE)
    assert fake.billed[KEY].calls == 1


def check(platform: Platform) -> None:
    """Sync, and do the first of the two steps of embedding."""
    sync_id = uuid4()
    sync_streams(platform, "acme", sync_id)
    platform.check_embeddings(platform.request("acme", sync_id=sync_id), StopSignal())
