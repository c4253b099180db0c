"""What the tests with real processes share."""

from pathlib import Path

import pytest

from sync_assets.settings import Settings
from sync_assets_tests.end_to_end.killable import Installation


@pytest.fixture
def installation(settings: Settings, tmp_path: Path) -> Installation:
    assert settings.given_database_url is not None
    assert settings.secret_key is not None
    key = settings.secret_key.get_secret_value()
    return Installation(settings.given_database_url, key, tmp_path)
