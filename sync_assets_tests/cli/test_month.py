"""`sync-assets summary`, as a person and as a program call it."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.demo.shop.conftest import cache as cache
from sync_assets_tests.figures.conftest import counter as counter
from sync_assets_tests.figures.conftest import october as october
from sync_assets_tests.figures.conftest import site as site

pytestmark = pytest.mark.postgres

OCTOBER = ("summary", "loja", "--month", "2026-10")


@pytest.mark.usefixtures("october")
def test_a_table_shows_money_with_its_cents(run: Commands):
    assert run(*OCTOBER) == 0, run.err
    assert "loja, 2026-10 (America/Sao_Paulo)" in run.out
    lines = [line.split() for line in run.out.splitlines()]
    assert ["BRL", "2", "109.30", "1", "59.90", "49.40"] in lines
    assert ["USD", "Gorro", "1", "20.00"] in lines
    assert ["Camiseta", "Camiseta", "1", "NEW-1-0", "yes", "0"] in lines
    assert run.err == ""


@pytest.mark.usefixtures("october")
def test_json_has_money_as_text(run: Commands):
    found = run.json(*OCTOBER)
    assert (found["tenant"], found["month"], found["orders"]) == ("loja", "2026-10", 3)
    assert found["start"] == "2026-10-01T00:00:00-03:00"
    [reais, _] = found["currencies"]
    assert (reais["currency"], float(reais["net"])) == ("BRL", 49.4)
    assert {type(reais[name]) for name in ("revenue", "refunded", "net")} == {str}
    assert found["days"][0]["day"] == "2026-10-01"
    assert found["stock_at_zero"]["total"] == 1


@pytest.mark.usefixtures("october")
def test_a_csv_says_what_the_json_says(run: Commands):
    found = run.json(*OCTOBER)
    assert run(*OCTOBER, "--format", "csv") == 0, run.err
    rows = list(csv.DictReader(io.StringIO(run.out)))
    totals = [row for row in rows if row["section"] == "totals"]
    names = ("currency", "orders", "revenue", "refunds", "refunded", "net")
    assert [[row[name] for name in names] for row in totals] == [
        [str(each[name]) for name in names] for each in found["currencies"]
    ]


@pytest.mark.usefixtures("october")
def test_a_picture_is_written_to_a_file(run: Commands, tmp_path: Path):
    file = tmp_path / "october.png"
    assert run(*OCTOBER, "--format", "png", "--output", str(file)) == 0, run.err
    assert run.err == f"Wrote 2026-10 of loja to {file}.\n"
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 800))
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.usefixtures("october")
def test_a_month_without_orders_says_so_and_shows_what_is_sold_out(run: Commands):
    assert run("summary", "loja", "--month", "2020-02") == 0
    assert run.err == "loja has no orders in 2020-02 (America/Sao_Paulo).\n"
    assert "Sold out now" in run.out


@pytest.mark.usefixtures("october")
def test_the_present_month_is_the_usual_one(run: Commands, platform: Platform):
    assert run.json("summary", "loja")["month"] == platform.summary("loja", "shopify").month


@pytest.mark.usefixtures("platform")
def test_what_is_no_month_is_wrong_usage(run: Commands):
    assert run("summary", "loja", "--month", "2026-13") == 2
    assert run.err == "Error: '2026-13' is no month. A month looks like 2026-10.\n"


@pytest.mark.usefixtures("platform")
def test_an_unknown_tenant_is_wrong_usage(run: Commands):
    assert run("summary", "nobody") == 2
    assert "There is no tenant 'nobody'" in run.err


def test_a_tenant_without_a_shop_has_no_summary(run: Commands, acme: Tenant):
    assert run("summary", acme.id) == 2
    assert run.err == "Error: acme is no shop: WordPress has no orders to sum up. Shopify has.\n"


def test_a_shop_that_was_never_synced_says_so(run: Commands, platform: Platform):
    platform.tenants.add(Tenant("loja", "shopify", "agency", "https://a.myshopify.com"))
    assert run("summary", "loja") == 2
    assert "never synced. Start with 'sync-assets sync loja'." in run.err


@pytest.mark.parametrize(
    "wish",
    [("--json", "--format", "csv"), ("--output", "a.txt"), ("--json", "--output", "a.json")],
)
def test_wishes_that_do_not_go_together_are_refused(run: Commands, wish: tuple[str, ...]):
    assert run("summary", "loja", *wish) == 2
    assert "Invalid value" in run.err


def test_the_command_loads_neither_pandas_nor_matplotlib_before_they_are_needed():
    heavy = "{'pandas', 'matplotlib', 'numpy', 'pyarrow'}"
    code = (
        "import sys, sync_assets.cli, sync_assets.bootstrap, sync_assets.figures.markdown;"
        f"print(*({heavy} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.strip() == ""
