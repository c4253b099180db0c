"""A shop through the whole program, as an operator has it: added, synced by Dagster, exported."""

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.sources.shopify.truth import check

parquet: Any = import_module("pyarrow.parquet")  # pyarrow has no types

pytestmark = pytest.mark.postgres


@pytest.fixture
def site(cache: Path) -> Iterator[ShopSite]:
    with ShopSite.start(sizes=Sizes(products=8, orders=12), cache=cache) as site:
        yield site


def test_a_shop_is_added_synced_and_exported(
    run: Commands, platform: Platform, site: ShopSite, tmp_path: Path
):
    account = ("--username", site.app.client_id, "--password-stdin")
    told = ("--source", "shopify", "--organization", "agency", "--url", site.url)
    assert run("tenant", "add", "loja", *told, *account, given=site.app.client_secret) == 0, run.err
    assert site.app.client_secret not in run.out + run.err
    assert run("sync", "loja") == 0, run.out + run.err
    check(platform, site)
    assert run("export", "loja", "orders") == 0
    first = json.loads(io.StringIO(run.out).readline())
    order = site.shop.orders[first["order_id"]]
    assert Decimal(first["total"]) == order.total
    assert len(first["lines"]) == len(order.lines)
    file = tmp_path / "orders.parquet"
    assert run("export", "loja", "orders", "--format", "parquet", "--output", str(file)) == 0
    column = parquet.read_table(file).column("total").to_pylist()
    assert sorted(column) == sorted(order.total for order in site.shop.orders)
    assert run("export", "loja", "products", "--format", "csv") == 0, run.err
    logs = [log.read_text() for log in platform.settings.home.glob("logs/*.log")]
    assert site.app.client_secret not in "".join(logs)


def test_the_secret_of_webhooks_is_the_platforms(run: Commands, platform: Platform):
    account = Credentials("id", "shpss_x")
    platform.tenants.add(Tenant("loja", "shopify", "agency", "https://a.myshopify.com", account))
    assert run("tenant", "hook", "loja", "--secret-stdin", given="shpss_x\n") == 0, run.err
    assert "/v1/hooks/shopify/loja" in run.out + run.err
    assert "shpss_x" not in run.out + run.err
    hook = platform.hooks.get("loja")
    assert hook is not None
    assert hook.secret == "shpss_x"  # noqa: S105
    assert run("tenant", "hook", "loja", "--secret-stdin", "--remove") == 2


def test_a_setting_that_is_no_number_is_refused(run: Commands):
    told = ("--source", "shopify", "--organization", "agency", "--url", "https://a.myshopify.com")
    wish = ("--setting", "bulk_from=many", "--public", "--no-check")
    assert run("tenant", "add", "loja", *told, *wish) == 2
    assert "no number of records" in run.err
