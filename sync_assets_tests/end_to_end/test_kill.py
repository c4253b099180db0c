"""kill -9 at 50 random moments: the next attempt goes on, and ends as an undisturbed sync does."""

from collections.abc import Generator
from random import Random

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.demo import DemoSite
from sync_assets_tests.conftest import register
from sync_assets_tests.end_to_end.changing import Editors, SiteTime
from sync_assets_tests.end_to_end.killable import Installation
from sync_assets_tests.end_to_end.killing import Pair
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres

KILLS = 50
POSTS = 350
BATCH = 6  # about 150 requests and 80 transactions a sync


@pytest.fixture
def owner(database_url: str) -> Generator[Owner]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def test_a_sync_that_is_killed_goes_on_and_ends_as_if_nothing_had_happened(
    installation: Installation, platform: Platform, owner: Owner
):
    time, random = SiteTime(), Random(20_261_122)  # noqa: S311 - no secret depends on it
    with DemoSite.start(seed=False, clock=time) as demo:
        pair = Pair(installation, platform, owner, demo, random)
        editors = Editors(demo, time, random)
        editors.found(POSTS)
        generation = 0
        while pair.struck.total() < KILLS:
            generation += 1
            whole, killed = f"whole-{generation}", f"killed-{generation}"
            for tenant in (whole, killed):
                register(platform, tenant, demo)
            for full in (False, True, False, True):  # the first one creates everything
                pair.sync(whole, killed, SyncOptions(full=full, batch_size=BATCH))
                editors.work()
    assert min(pair.counted[name] for name in ("created", "updated", "deleted")) > 50
    assert len(pair.struck) > 2, pair.struck  # not always at the same stage
    assert pair.spared > POSTS
