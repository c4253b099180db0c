"""A shop's hours, good and bad ones: after each sync every field is the shop's."""

from pathlib import Path
from random import Random

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.budget import PLANS
from sync_assets.demo.shop.site import OAUTH
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.sources.shopify.merchant import HOURS, Merchant
from sync_assets_tests.sources.shopify.truth import check
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres

SIZES = Sizes(products=60, orders=250)


@pytest.mark.parametrize("bulk_from", ["50", "100000"], ids=["by bulk", "by pages"])
def test_every_field_is_the_shops_after_every_hour(platform: Platform, cache: Path, bulk_from: str):
    clock = Clock()
    with ShopSite.start(sizes=SIZES, clock=clock, rate=PLANS["enterprise"], cache=cache) as site:
        account = Credentials(site.app.client_id, site.app.client_secret)
        settings = {"bulk_from": bulk_from}
        platform.tenants.add(Tenant("loja", "shopify", "agency", site.url, account, settings))
        merchant = Merchant(site, clock, Random(20_261_122))  # noqa: S311 - no secret
        assert sync(platform, "loja").created
        assert check(platform, site) > 1_500
        for deed in HOURS:
            merchant.an_hour_later(deed)
            counts = sync(platform, "loja")
            check(platform, site)
            written = counts.created + counts.updated + (counts.deleted or 0)
            assert bool(written) == (deed is not Merchant.nothing), deed.__name__
        assert site.ledger.throttled
        assert sum(request.path == OAUTH for request in site.received) > 1
        failed = [operation for operation in site.bulk.all if operation.state == "FAILED"]
        assert bool(failed) == (bulk_from == "50")
