"""A platform that embeds with the fake provider, which counts what it bills."""

from collections.abc import Generator

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.settings import Settings
from sync_assets_tests.embeddings.choosing import choose
from sync_assets_tests.embeddings.fake_provider import FakeProvider, fake_provider


@pytest.fixture
def fake() -> Generator[FakeProvider]:
    """The provider."""
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def embedding(
    settings: Settings, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> Generator[Platform]:
    """The platform of a test, with embeddings at one unit of money a million tokens."""
    choose(fake, monkeypatch)
    platform = Platform(Settings())
    assert settings.given_database_url is not None
    yield platform
    platform.close()
