"""The command that serves the gateway, as a process."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.cli import children
from sync_assets.core.keys import Scope
from sync_assets.settings import inherited
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


def test_the_gateway_serves_and_ends_with_the_signal(platform: Platform, tmp_path: Path) -> None:
    _, key = platform.keys.add("agency", [Scope.READ])
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    variables = {**inherited(), "SYNC_ASSETS_GATEWAY_PORT": str(port)}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            children.script("sync-assets", "gateway"), env=variables, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        ends = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
                break
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < ends
                time.sleep(0.1)
        header = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/v1/tenants?planted=1", headers=header).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert "GET /v1/tenants 200" in said
    assert "planted" not in said
    assert key not in said


@pytest.mark.usefixtures("platform")
def test_a_port_that_is_taken_is_said_to_be(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("SYNC_ASSETS_GATEWAY_PORT", str(taken.getsockname()[1]))
        assert run("gateway") == 2
    assert "Choose another SYNC_ASSETS_GATEWAY_PORT" in run.err
