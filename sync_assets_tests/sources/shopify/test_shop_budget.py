"""The app's points: throttled and too dear under status 200, and two runs within one budget."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater, SourceChanged, TenantMustAct
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.api.cost import linear
from sync_assets.demo.shop.budget import PLANS, Bucket
from sync_assets.demo.shop.troubles import during, internal_error, unavailable_shop
from sync_assets.settings import Settings
from sync_assets.sources.shopify import Shopify
from sync_assets.sources.shopify.connection import ShopifyConnection
from sync_assets.sources.shopify.entity import Query
from sync_assets_tests.contracts.wordpress_lab import Impatient
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.end_to_end.killable import Installation, run
from sync_assets_tests.sources.shopify.truth import check
from sync_assets_tests.store.writing import sync


def source(clock: Clock) -> Shopify:
    return Shopify(allow_private=True, backoff=Impatient(base=0.01), clock=clock)


def whole(tenant: Tenant, clock: Clock, stream: str = "products") -> int:
    with source(clock).connect(tenant, SyncOptions(), StopSignal()) as connection:
        (collection,) = connection.collections(stream)
        keys = [seen.key for page in collection.listing() for seen in page.sightings]
        return len(collection.fetch(keys[:100]).payloads)


def test_an_empty_account_is_waited_for(site: ShopSite, tenant: Tenant, clock: Clock):
    site.app.bucket = Bucket("quick", 100, site.ledger)
    site.app.bucket.drain()
    assert whole(tenant, clock) == 20
    assert site.ledger.throttled


def test_pages_become_smaller_until_they_are_not_too_dear(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.scale = linear
    site.app.bucket = Bucket("rich", 2000, site.ledger)
    assert whole(tenant, clock, "inventory") > 100 - 1
    assert site.ledger.too_dear


def test_shopifys_own_errors_are_waited_for(site: ShopSite, tenant: Tenant, clock: Clock):
    site.faults.add(during("updatedAt", internal_error(), times=2))
    assert whole(tenant, clock) == 20


def test_shopifys_own_errors_that_last_are_left_for_later(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.faults.add(during("sortKey", internal_error(), times=None))
    with pytest.raises(RetryLater, match="INTERNAL_SERVER_ERROR"):
        whole(tenant, clock)


def test_a_shop_that_is_closed_is_the_tenants_business(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.faults.add(unavailable_shop())
    with pytest.raises(TenantMustAct, match="closed"):
        whole(tenant, clock)


def test_a_schema_without_what_we_ask_is_our_business(tenant: Tenant, clock: Clock):
    with source(clock).connect(tenant, SyncOptions(), StopSignal()) as connection:
        assert isinstance(connection, ShopifyConnection)
        with pytest.raises(SourceChanged, match="Gone"):
            connection._client.ask(Query("Gone", "{ notThere }"))  # pyright: ignore[reportPrivateUsage]


@pytest.mark.postgres
def test_two_runs_of_one_shop_stay_within_its_budget(
    platform: Platform, settings: Settings, site: ShopSite, tenant: Tenant
):
    """Their own processes share nothing but the database; so do two platforms."""
    site.app.bucket = Bucket("lean", 100, site.ledger)
    site.app.bucket.drain(left=300)
    other = Tenant("loja-2", "shopify", "agency", tenant.url, tenant.credentials)
    for one in (tenant, other):
        platform.tenants.add(one)
    with closing(Platform(settings)) as second, ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(sync, platform, tenant.id),
            pool.submit(sync, second, other.id),
        ]
        for run in runs:
            run.result()
    check(platform, site)
    check(platform, site, tenant="loja-2")
    assert site.ledger.throttled == []
    assert site.ledger.spent > 500  # they had to wait for points to come back


@pytest.mark.postgres
def test_two_processes_of_one_shop_stay_within_its_budget(
    platform: Platform, settings: Settings, clock: Clock, cache: Path, tmp_path: Path
):
    """They begin at once, and the account has 300 points left of the standard plan's 2,000."""
    left, rate = 300, PLANS["standard"]
    assert settings.given_database_url is not None
    assert settings.secret_key is not None
    key = settings.secret_key.get_secret_value()
    installation = Installation(settings.given_database_url, key, tmp_path)
    sizes, names = Sizes(products=40, orders=160), ("loja", "loja-2")
    with ShopSite.start(sizes=sizes, clock=clock, rate=rate, cache=cache) as site:
        account = Credentials(site.app.client_id, site.app.client_secret)
        for name in names:
            platform.tenants.add(Tenant(name, "shopify", "agency", site.url, account))
        site.app.bucket.drain(left)
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(synced, installation, name) for name in names]:
                done.result()
        seconds = time.monotonic() - began
        for name in names:
            check(platform, site, tenant=name)
    assert site.ledger.throttled == []
    assert site.ledger.spent > 3 * left  # they had to wait for points to come back
    assert site.ledger.spent <= left + rate * seconds


def synced(installation: Installation, tenant: str) -> None:
    """Sync in a process of its own; raises unless that went well."""
    run(installation, tenant, uuid4(), SyncOptions())
