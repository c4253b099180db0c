"""What embedding would take is told before it is spent, and is what is then spent."""

from collections.abc import Generator
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, cost
from sync_assets.core.embedding import Quote
from sync_assets.core.errors import SyncHeld, UnknownTenant
from sync_assets.demo import DemoSite
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings.accounts import PRICE, allow, sync_streams
from sync_assets_tests.embeddings.fake_provider import MODEL, FakeProvider, Reply
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article, synced
from sync_assets_tests.store.looking import Owner, tenant_tables

pytestmark = pytest.mark.postgres


@pytest.fixture
def owner(database_url: str) -> Generator[Owner]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def site(embedding: Platform, empty_site: DemoSite) -> DemoSite:
    """A site of tenant `acme`, synced but for its embeddings: two posts with a text in common."""
    empty_site.site.add("posts", title="The ferry", content=article())
    empty_site.site.add("posts", title="The hut", content=article(PARAGRAPHS[3:]))
    register(embedding, "acme", empty_site)
    sync_streams(embedding, "acme", uuid4())
    return empty_site


@pytest.mark.usefixtures("site")
def test_a_quote_is_what_is_then_embedded(embedding: Platform, fake: FakeProvider):
    quote = embedding.quote("acme")
    assert (quote.records, quote.chunks, quote.model) == (2, 2 + len(PARAGRAPHS), MODEL)
    assert (quote.cost_state, quote.skip_reason) == ("NORMAL", None)
    assert (quote.cost, quote.currency) == (cost(quote.tokens, PRICE), "USD")
    assert fake.seen == []
    counts = synced(embedding, "acme")
    assert (counts.embeddings_queued, counts.chunks_embedded) == (quote.records, quote.chunks)
    assert fake.tokens / 2 <= quote.tokens <= fake.tokens * 2


def test_a_quote_writes_nothing(embedding: Platform, site: DemoSite, owner: Owner):
    before = contents(owner)
    embedding.quote("acme")
    assert contents(owner) == before
    synced(embedding, "acme")
    site.site.delete("posts", min(site.site.ids("posts")))
    sync_streams(embedding, "acme", uuid4())
    before = contents(owner)
    embedding.quote("acme")
    assert contents(owner) == before


@pytest.mark.usefixtures("site")
def test_after_a_sync_nothing_is_left_to_pay(embedding: Platform):
    synced(embedding, "acme")
    quote = embedding.quote("acme")
    assert (quote.records, quote.chunks, quote.tokens, quote.cost) == (0, 0, 0, 0)


def test_an_edited_post_is_one_text(embedding: Platform, site: DemoSite):
    synced(embedding, "acme")
    edited = [PARAGRAPHS[0].replace("six", "seven"), *PARAGRAPHS[1:]]
    site.site.edit("posts", min(site.site.ids("posts")), content=article(edited))
    sync_streams(embedding, "acme", uuid4())
    quote = embedding.quote("acme")
    assert (quote.records, quote.chunks) == (1, 1)
    assert synced(embedding, "acme").chunks_embedded == 1


def test_moved_text_is_quoted_at_nothing(embedding: Platform, site: DemoSite):
    synced(embedding, "acme")
    ferry, hut = sorted(site.site.ids("posts"))
    site.site.delete("posts", ferry)
    site.site.edit("posts", hut, content=article(PARAGRAPHS))
    sync_streams(embedding, "acme", uuid4())
    assert embedding.quote("acme").chunks == 0


@pytest.mark.usefixtures("site")
def test_it_says_why_a_sync_would_not_embed(embedding: Platform):
    allow(embedding, "acme", 1)
    throttled = embedding.quote("acme")
    assert (throttled.cost_state, throttled.chunks) == ("THROTTLED", 2 + len(PARAGRAPHS))
    assert "left of its budget" in str(throttled.skip_reason)
    embedding.budgets.set_tenant("acme", Change(blocked=True))
    blocked = embedding.quote("acme")
    assert (blocked.cost_state, blocked.chunks) == ("BLOCKED", 2 + len(PARAGRAPHS))
    assert "blocked" in str(blocked.skip_reason)


def test_for_who_switched_it_off_it_says_so(embedding: Platform, empty_site: DemoSite):
    register(embedding, "acme", empty_site, embeddings="off")
    assert "acme's setting 'embeddings'" in str(embedding.quote("acme").skip_reason)


@pytest.mark.usefixtures("site")
def test_during_a_sync_it_says_that_this_holds_the_embeddings(
    embedding: Platform, fake: FakeProvider
):
    found: list[Quote | SyncHeld] = []

    def ask_meanwhile(_: FakeProvider, __: Reply) -> None:
        try:
            found.append(embedding.quote("acme"))
        except SyncHeld as held:
            found.append(held)

    fake.play(ask_meanwhile)
    sync_id = uuid4()
    counts = synced(embedding, "acme", sync_id=sync_id)
    (held,) = found
    assert str(held).startswith(f"acme's embeddings is held by sync {sync_id}.")
    assert counts.chunks_embedded == 2 + len(PARAGRAPHS)


def test_of_an_unknown_tenant_there_is_none(embedding: Platform):
    with pytest.raises(UnknownTenant, match="nobody"):
        embedding.quote("nobody")


def contents(owner: Owner) -> dict[str, set[tuple[str, ...]]]:
    """Every row of every tenant: where it lies and who wrote it, new after any write."""
    query = SQL("SELECT ctid::text, xmin::text FROM {}")
    return {
        f"{table.schema}.{table.name}": set(owner.execute(query.format(table.identifier)))
        for table in tenant_tables(owner)
    }
