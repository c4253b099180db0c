"""The change feed is kept for a week, or as long as the operator says."""

from contextlib import closing

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.settings import Settings
from sync_assets.upkeep.cleaning import clean_rows
from sync_assets_tests.store.writing import held, page, post

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("keep", "age", "gone"), [(None, 6, 0), (None, 9, 1), ("30", 9, 0), ("30", 32, 1), ("0", 99, 0)]
)
def test_old_changes_go(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, keep: str | None, age: int, gone: int
):
    with held(platform) as stream:
        stream.write(page(post(1)))
    with platform.database.as_owner() as owner:
        older = "UPDATE cms.changes SET at = at - make_interval(days => %(age)s)"
        owner.execute(older, {"age": age})
    if keep is not None:
        monkeypatch.setenv("SYNC_ASSETS_KEEP_CHANGES_DAYS", keep)
    with closing(Platform(Settings())) as cleaned:
        assert clean_rows(cleaned, utc_now())["changes"] == gone
