"""Ten processes sync ten tenants of one organization, whose budget does not reach for all."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, cost
from sync_assets.demo import DemoSite
from sync_assets.embeddings.provider import bound
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings import fake_provider
from sync_assets_tests.embeddings.accounts import PRICE, Booked, booked, stored
from sync_assets_tests.embeddings.fake_provider import KEY, FakeProvider
from sync_assets_tests.embeddings.processes import sync_together
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article

pytestmark = pytest.mark.postgres

TENANTS = [f"tenant-{number}" for number in range(10)]
POSTS = 8
TEXTS = [f"{post}. {text}" for post in range(POSTS) for text in ("A title", *PARAGRAPHS)]


def tokens_of(text: str) -> int:
    """As many as there can be for half of the texts, and a third of that for the others."""
    return bound(text) if int(text[0]) % 2 else bound(text) // 3


TOKENS = sum(map(tokens_of, TEXTS)) * len(TENANTS) * 2 // 3
"""What the budget is enough for."""


@pytest.fixture(autouse=True)
def _tenants(embedding: Platform, empty_site: DemoSite) -> None:
    for post in range(POSTS):
        content = article([f"{post}. {text}" for text in PARAGRAPHS])
        empty_site.site.add("posts", title=f"{post}. A title", content=content)
    for tenant in TENANTS:
        register(embedding, tenant, empty_site)
    embedding.budgets.set_organization("agency", Change(cost(TOKENS, PRICE)))


def test_ten_processes_spend_no_token_too_many_and_store_all_that_they_paid_for(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fake_provider, "tokens_of", tokens_of)
    fake.most_inputs, fake.seconds = 8, 0.03
    sync_together(embedding.settings, TENANTS)
    assert fake.tokens <= TOKENS
    assert fake.tokens > TOKENS - max(map(bound, TEXTS))  # another text would not have fitted
    assert sum(len(stored(embedding, tenant)) for tenant in TENANTS) == fake.billed[KEY].inputs
    books = [booked(embedding, tenant) for tenant in TENANTS]
    assert {state for book in books for state in book} <= {"settled", "released"}
    assert sum(book.get("settled", Booked()).billed for book in books) == fake.tokens
    assert sum(book.get("settled", Booked()).calls for book in books) == fake.billed[KEY].calls
    assert embedding.budgets.of_organization("agency").spent == cost(fake.tokens, PRICE)
