"""Requests of the past, of two tenants."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets_tests.upkeep.past import Past


@pytest.fixture
def past(platform: Platform) -> Past:
    """The past of the tenants acme and globex, in which nothing happened yet."""
    past = Past(platform)
    past.tenant("acme")
    past.tenant("globex")
    return past
