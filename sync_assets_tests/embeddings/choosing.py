"""Chooses the fake provider, as an operator does."""

import pytest

from sync_assets_tests.embeddings.fake_provider import DIMENSION, KEY, MODEL, FakeProvider


def choose(fake: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Embeddings of the fake provider, at one unit of money a million tokens."""
    chosen = {
        "SYNC_ASSETS_EMBEDDINGS": "true",
        "SYNC_ASSETS_EMBEDDINGS_URL": fake.url,
        "SYNC_ASSETS_EMBEDDINGS_MODEL": MODEL,
        "SYNC_ASSETS_EMBEDDINGS_API_KEY": KEY,
        "SYNC_ASSETS_EMBEDDINGS_DIMENSION": str(DIMENSION),
        "SYNC_ASSETS_EMBEDDINGS_PRICES": f'{{"{MODEL}": 1, "use-multilingual": 0, "other": 1}}',
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
