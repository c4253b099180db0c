"""What Dagster was last told to fail, in the store."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.store.failed_checks import Check

pytestmark = pytest.mark.postgres

POSTS, PAGES = Check("acme", "posts", "fresh"), Check("acme", "pages", "fresh")
THEIRS = Check("globex", "posts", "adds_up")


@pytest.fixture
def known(platform: Platform) -> Platform:
    """Two tenants with failed checks."""
    for tenant in ("acme", "globex"):
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "https://example.org"))
    platform.failed_checks.add([POSTS, PAGES, THEIRS])
    return platform


def test_a_failed_check_is_known_until_it_is_removed(known: Platform):
    assert known.failed_checks.of("acme") == {POSTS, PAGES}
    known.failed_checks.remove([POSTS, Check("acme", "media", "fresh")])
    assert known.failed_checks.of("acme") == {PAGES}
    assert known.failed_checks.of("globex") == {THEIRS}


def test_one_that_is_known_may_be_added_again(known: Platform):
    known.failed_checks.add([POSTS])
    assert known.failed_checks.of("acme") == {POSTS, PAGES}


def test_those_of_a_name_are_all_tenants(known: Platform):
    assert known.failed_checks.named("wordpress", "fresh") == {POSTS, PAGES}
    assert known.failed_checks.named("shopify", "fresh") == set()


def test_of_a_tenant_that_is_not_registered_nothing_is_kept(known: Platform):
    known.failed_checks.add([Check("nobody", "posts", "fresh"), PAGES])
    assert known.failed_checks.named("wordpress", "fresh") == {POSTS, PAGES}


def test_a_purged_tenant_takes_its_own_along(known: Platform):
    known.tenants.purge("acme", [])
    assert known.failed_checks.of("acme") == set()
    assert known.failed_checks.of("globex") == {THEIRS}
