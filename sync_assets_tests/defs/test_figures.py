"""What a shop's month tells on the asset of its orders."""

import sys
from typing import Any

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.definitions import defs
from sync_assets.store.shops import Shops
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.figures.conftest import counter as counter
from sync_assets_tests.figures.conftest import site as site
from sync_assets_tests.figures.selling import ZONE, Counter, register

pytestmark = pytest.mark.postgres

FIGURES = {"month", "month_orders", "month_revenue_BRL", "month_refunded_BRL", "sold_out"}


@pytest.fixture
def shop(platform: Platform, counter: Counter) -> Counter:
    """Two orders of this month, and one of a year ago."""
    mug = counter.product("Caneca", "10.10", available=0)
    today = f"{utc_now().astimezone(ZONE):%Y-%m-01T00:00:00}"
    counter.sell(today, (mug, 1, "0"))
    counter.sell(today, (mug, 2, "0"))
    counter.sell("2025-01-01T12:00:00", (mug, 9, "0"))
    register(platform, counter.site)
    return counter


def sync(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions("shopify_tenants", ["loja"])
    return defs.resolve_job_def("shopify_sync").execute_in_process(
        instance=instance, partition_key="loja", raise_on_error=False
    )


def sweep(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    config = {"ops": {"shopify_sweep_tenants": {"config": {"tenants": ["loja"]}}}}
    return defs.resolve_job_def("shopify_sweep").execute_in_process(
        instance=instance, run_config=config, raise_on_error=False
    )


def told(instance: dg.DagsterInstance, stream: str) -> dict[str, Any]:
    """The metadata of the last materialization of an asset for the tenant."""
    key = dg.AssetKey(["shopify", stream])
    records = instance.fetch_materializations(key, limit=1).records
    materialization = records[0].asset_materialization
    assert materialization is not None
    assert materialization.partition == "loja"
    return {name: value.value for name, value in materialization.metadata.items()}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("run", [sync, sweep])
def test_a_materialization_of_orders_tells_the_present_month(
    instance: dg.DagsterInstance, run: Any
):
    assert run(instance).success
    metadata = told(instance, "orders")
    assert metadata.keys() >= FIGURES
    assert metadata["month_orders"] == 2
    assert metadata["month_revenue_BRL"] == pytest.approx(30.30)
    assert metadata["sold_out"] == 1
    assert f"| {utc_now().astimezone(ZONE):%Y-%m} | orders |" in metadata["month"]
    assert "| Caneca | 3 | 30.30 | BRL |" in metadata["month"]
    assert metadata["created"] == 3  # the counts are there as before


@pytest.mark.usefixtures("shop")
def test_other_assets_tell_nothing_of_it(instance: dg.DagsterInstance):
    assert sync(instance).success
    assert not FIGURES & (told(instance, "products").keys() | told(instance, "inventory").keys())


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("run", [sync, sweep])
def test_a_month_that_cannot_be_summed_up_fails_no_sync(
    instance: dg.DagsterInstance, run: Any, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Shops, "summary", fail)
    assert run(instance).success
    metadata = told(instance, "orders")
    assert metadata["created"] == 3
    assert not FIGURES & metadata.keys()


@pytest.mark.usefixtures("shop")
def test_a_run_loads_no_pandas(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch):
    """It takes a second, which each run would pay."""
    for name in ("pandas", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    assert sync(instance).success
    assert told(instance, "orders")["month_orders"] == 2
