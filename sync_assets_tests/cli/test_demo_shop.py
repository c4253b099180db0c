"""`sync-assets dev --demo-shop`, as a newcomer runs it."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.months import Month
from sync_assets.sources.shopify.streams import SPEC
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.cli.test_dev import ctrl_c_once, in_another_terminal, other_port
from sync_assets_tests.demo.shop.conftest import cache as cache

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _without_dagster(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webserver and daemon are others' business; private addresses need leave."""
    assert platform.tenants.all() == []
    monkeypatch.delenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS")
    monkeypatch.setattr("sync_assets.cli.children.script", lambda *_: ["/bin/sleep", "120"])


def synced(platform: Platform) -> UUID | None:
    """The shop's last sync, once it has ended well."""
    with suppress(OperatorMustAct):  # it is just being asked for
        latest = platform.syncs.latest("demo-shop")
        if latest is not None and platform.syncs.report(latest).status == "completed":
            return latest
    return None


@pytest.mark.usefixtures("cache")
def test_a_shop_is_synced_and_its_month_is_printed(run: Commands, platform: Platform):
    tried: list[subprocess.CompletedProcess[str]] = []

    def try_them() -> bool:
        if synced(platform):
            tried.append(in_another_terminal(f"{_command()} summary demo-shop --json"))
        return bool(tried)

    with ctrl_c_once(try_them):
        assert run("dev", "--port", str(other_port()), "--demo-shop") == 0, run.err
    assert "of demo-shop: completed" in run.out
    assert re.search(r"^demo-shop, \d{4}-\d{2} \(America/Sao_Paulo\)$", run.out, re.MULTILINE)
    assert "summary demo-shop --format png" in run.err
    assert [one.returncode for one in tried] == [0]
    rows = platform.export.page("demo-shop", SPEC.stream("orders"), None, 1000)
    assert len(rows) == 900
    last = max(row["processed_at"] for row in rows)
    assert platform.summary("demo-shop", "shopify", Month(last.year, last.month)).orders


@pytest.mark.usefixtures("cache")
def test_a_shop_of_another_day_is_found_at_its_new_address(run: Commands, platform: Platform):
    before: UUID | None = None
    for _ in range(2):
        with ctrl_c_once(lambda last=before: synced(platform) not in {None, last}):
            assert run("dev", "--port", str(other_port()), "--demo-shop") == 0, run.err
        assert "of demo-shop: completed" in run.out
        before = synced(platform)
    assert [tenant.id for tenant in platform.tenants.all()] == ["demo-shop"]


def test_without_the_schema_npms_reason_is_told(
    run: Commands, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    assert run("dev", "--port", str(other_port()), "--demo-shop") == 2
    last = run.err.splitlines()[-1]
    assert last.startswith("Error: The demo shop did not start: npm could not fetch @shopify/")
    assert "npm must reach its registry" in last
    assert platform.tenants.all() == []


def _command() -> str:
    from sync_assets.cli.demo import what_next

    return what_next({"summary": ""}).strip().splitlines()[-1].split()[0]
