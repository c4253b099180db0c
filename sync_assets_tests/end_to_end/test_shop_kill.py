"""kill -9 at 30 random moments of a shop's syncs: the next attempt goes on, and ends in step."""

from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.budget import PLANS
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.end_to_end.killable import Installation, run
from sync_assets_tests.sources.shopify.truth import check

pytestmark = pytest.mark.postgres

KILLS = 30
KILLS_A_SYNC = 4
OPTIONS = SyncOptions(batch_size=10)


def test_a_shops_sync_that_is_killed_goes_on_and_ends_in_step(
    installation: Installation, platform: Platform, cache: Path
):
    clock, random, kills, shop = Clock(), Random(20_261_122), 0, 0  # noqa: S311 - no secret
    sizes, rate = Sizes(products=40, orders=160), PLANS["enterprise"]
    with ShopSite.start(sizes=sizes, clock=clock, rate=rate, cache=cache) as site:
        while kills < KILLS:
            shop += 1
            names = (f"whole-{shop}", f"killed-{shop}")
            for name in names:
                account = Credentials(site.app.client_id, site.app.client_secret)
                platform.tenants.add(
                    Tenant(name, "shopify", "agency", site.url, account, {"bulk_from": "30"})
                )
            for _ in range(3):  # the first one creates everything
                kills += synced(installation, names, random)
                for name in names:
                    check(platform, site, tenant=name)
                work(site, clock, random)


def synced(installation: Installation, names: tuple[str, str], random: Random) -> int:
    """Sync one tenant undisturbed and the other with kills; gives the number of kills."""
    whole, killed = names
    seconds, sync_id = run(installation, whole, uuid4(), OPTIONS).seconds, uuid4()
    for kills in range(KILLS_A_SYNC):
        moment = random.uniform(0, seconds)
        if not run(installation, killed, sync_id, OPTIONS, moment).killed:
            return kills
    run(installation, killed, sync_id, OPTIONS)
    return KILLS_A_SYNC


def work(site: ShopSite, clock: Clock, random: Random) -> None:
    """An hour of a merchant's."""
    clock.forward(hours=1)
    for product in random.sample(list(site.shop.products), 4):
        site.desk.edit_product(product.id, title=f"Novo {random.random()}")
        level = site.shop.stock.levels(product.variants[0])[0]
        site.desk.restock(level.item_id, level.location_id, 3)
    for order in random.sample([x for x in site.shop.orders if not x.refunds], 4):
        site.desk.refund(order.id, None)
    site.desk.delete_product(random.choice(list(site.shop.products)).id)
    site.desk.delete_order(random.choice(list(site.shop.orders)).id)
    site.desk.add_product("Novidade", variants=2)
    site.desk.add_order(lines=2)
