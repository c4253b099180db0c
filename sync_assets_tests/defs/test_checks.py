"""Each asset check fails when it should, and for the tenant alone whose stream is ill."""

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.demo import DemoSite
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import Dagster, evaluations, failed_steps

pytestmark = pytest.mark.postgres

POSTS = dg.AssetKey(["wordpress", "posts"])

SPOIL = {
    "adds_up": """
        UPDATE sync.streams SET counts = counts || '{"seen": 999}' WHERE stream = 'posts'
    """,
    "own_rows_only": """
        ALTER TABLE cms.wordpress_posts DISABLE ROW LEVEL SECURITY;
        UPDATE cms.wordpress_posts SET tenant_id = 'globex' WHERE wp_id =
          (SELECT min(wp_id) FROM cms.wordpress_posts)
    """,
    "fresh": """
        UPDATE sync.streams SET finished_at = now() - interval '61 minutes'
        WHERE stream = 'posts'
    """,
    "nothing_refused": """
        UPDATE sync.streams SET counts = counts || '{"refused": 1}' WHERE stream = 'posts'
    """,
}
DEAD_LETTER = """
    INSERT INTO sync.dead_letters (tenant_id, stream, collection, record, payload, cause, sync_id)
    SELECT tenant_id, 'posts', 'post', '7', '{}', 'a test', sync_id FROM sync.streams LIMIT 1
"""


def spoil(platform: Platform, statement: str) -> None:
    with platform.database.as_owner() as connection:
        connection.execute(statement)


def check_alone(dagster: Dagster, tenant: str) -> dict[tuple[str, str], bool]:
    """The checks of posts, without another sync."""
    dagster.know(tenant)
    job = defs.resolve_implicit_global_asset_job_def()
    checks = {dg.AssetCheckKey(POSTS, name) for name in SPOIL}
    subset = job.get_subset(asset_selection=set(), asset_check_selection=checks)
    tags = {"dagster/partition": tenant}  # as the UI does; `partition_key` wants assets selected
    return evaluations(subset.execute_in_process(instance=dagster.instance, tags=tags))


def test_checks_run_without_a_sync(dagster: Dagster, acme: Tenant):
    dagster.sync(acme.id)
    assert check_alone(dagster, acme.id) == {("posts", name): True for name in SPOIL}


@pytest.mark.parametrize(
    ("check", "statement"),
    [*SPOIL.items(), ("nothing_refused", DEAD_LETTER)],
    ids=[*SPOIL, "dead_letter"],
)
def test_a_check_fails_when_it_should(
    dagster: Dagster, platform: Platform, acme: Tenant, check: str, statement: str
):
    dagster.sync(acme.id)
    spoil(platform, statement)
    assert [name for (_, name), ok in check_alone(dagster, acme.id).items() if not ok] == [check]


def test_one_tenants_ill_stream_is_not_anothers(
    dagster: Dagster, platform: Platform, acme: Tenant, empty_site: DemoSite
):
    register(platform, "globex", empty_site)
    dagster.sweep([acme.id, "globex"])
    spoil(platform, SPOIL["adds_up"] + " AND tenant_id = 'globex'")
    assert not check_alone(dagster, "globex")["posts", "adds_up"]
    assert check_alone(dagster, acme.id)["posts", "adds_up"]


def test_a_stream_that_was_never_synced_is_not_fresh(dagster: Dagster, acme: Tenant):
    assert not check_alone(dagster, acme.id)["posts", "fresh"]


def test_a_sync_that_failed_after_its_first_pages_makes_nothing_fresh(
    dagster: Dagster, platform: Platform, acme: Tenant
):
    dagster.sync(acme.id)
    spoil(platform, SPOIL["fresh"])
    spoil(platform, "UPDATE sync.checkpoints SET updated_at = now()")
    later = platform.request(acme.id)
    platform.syncs.begin(later)
    failed = "UPDATE sync.streams SET status = 'failed', finished_at = now() WHERE sync_id = "
    spoil(platform, f"{failed}'{later.id}'")
    assert not check_alone(dagster, acme.id)["posts", "fresh"]


def test_a_collection_that_disappeared_from_the_site_makes_nothing_stale(
    dagster: Dagster, platform: Platform, acme: Tenant
):
    dagster.sync(acme.id)
    spoil(platform, "UPDATE sync.checkpoints SET updated_at = now() - interval '1 year'")
    assert check_alone(dagster, acme.id)["posts", "fresh"]


def test_checks_of_no_tenant_fail_in_one_sentence(dagster: Dagster):
    job = defs.resolve_implicit_global_asset_job_def()
    checks = {dg.AssetCheckKey(POSTS, name) for name in SPOIL}
    subset = job.get_subset(asset_selection=set(), asset_check_selection=checks)
    result = subset.execute_in_process(instance=dagster.instance, raise_on_error=False)
    [sentence] = failed_steps(result).values()
    assert "'dagster/partition'" in sentence
