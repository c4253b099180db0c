"""A small shop with one October, made by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.demo.shop import ShopSite
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.figures.selling import NOTHING, Counter, register, sync


@pytest.fixture
def site(cache: Path) -> Iterator[ShopSite]:
    with ShopSite.start(sizes=NOTHING, cache=cache) as site:
        yield site


@pytest.fixture
def counter(site: ShopSite) -> Counter:
    return Counter(site)


@pytest.fixture
def october(platform: Platform, counter: Counter) -> Counter:
    """Two orders in reais and one in dollars that count, and all those that do not.

    BRL: 0.30 + 109.00 sold, 59.90 given back. USD: 20.00 sold.
    """
    mug = counter.product("Caneca", "0.10")
    shirt = counter.product("Camiseta", "59.90", available=0)
    cap = counter.product("Gorro", "20.00")
    earlier = counter.sell("2026-09-30T23:59:59", (shirt, 1, "0"))
    counter.sell("2026-10-01T00:00:00", (mug, 3, "0"))
    order = counter.sell("2026-10-15T12:00:00", (shirt, 2, "19.80"), (mug, 1, "0"), shipping="8.90")
    counter.sell("2026-10-31T23:59:59", (cap, 1, "0"), currency="USD")
    counter.sell("2026-11-01T00:00:00", (mug, 2, "0"))
    counter.sell("2026-10-10T10:00:00", (shirt, 7, "0"), test=True)
    cancelled = counter.sell("2026-10-11T10:00:00", (shirt, 7, "0"))
    gone = counter.sell("2026-10-12T10:00:00", (shirt, 7, "0"))
    counter.refund("2026-10-20T09:00:00", earlier)
    counter.cancel("2026-10-21T09:00:00", cancelled)
    counter.refund("2026-11-03T09:00:00", order, first=1)
    register(platform, counter.site)
    sync(platform)
    counter.site.desk.delete_order(gone)
    counter.site.desk.delete_product(cap.product_id)
    sync(platform)
    return counter
