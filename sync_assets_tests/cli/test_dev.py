import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.cli.demo import what_next
from sync_assets.cli.ports import check_free, free
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.settings import PROJECT, inherited
from sync_assets.store import embedded
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


@pytest.fixture
def port() -> int:
    return other_port()


def other_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.usefixtures("settings")
def test_one_signal_stops_everything(port: int, tmp_path: Path) -> None:
    said = tmp_path / "said"
    command = [sys.executable, "-c", "from sync_assets.cli import main; main()"]
    with (
        said.open("wb") as output,
        subprocess.Popen([*command, "dev", "--port", str(port)], stderr=output) as dev,  # noqa: S603
    ):
        wait_for(lambda: "The Dagster UI is at" in said.read_text() or dev.poll() is not None)
        wait_for(lambda: len(family(dev.pid)) >= 4)  # webserver, daemon, a code server for each
        children = family(dev.pid)
        dev.send_signal(signal.SIGTERM)
        assert dev.wait(30) == 0, said.read_text()
    assert said.read_text().endswith("Stopped.\n")
    assert not any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in children)


def test_make_demo_syncs_reports_and_leaves_the_ui_running(port: int, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sync-assets-demo-") as folder:
        home, said = Path(folder), tmp_path / "said"
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs the tests
        told = {"PATH": inherited()["PATH"], "HOME": str(tmp_path), "SYNC_ASSETS_HOME": str(home)}
        command = ["make", "demo", f"PORT={port}"]
        with (
            said.open("wb") as output,
            subprocess.Popen(  # noqa: S603 - the README's own words
                command, cwd=PROJECT, env=told, stdout=output, stderr=output, start_new_session=True
            ) as demo,
        ):
            done = "The Dagster UI is at"
            wait_for(lambda: done in said.read_text() or demo.poll() is not None, seconds=240)
            text = said.read_text()
            ui = httpx.get(f"http://127.0.0.1:{port}/server_info") if done in text else None
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait(60)
        assert re.search(r"^Sync \S+ of demo: completed", text, re.MULTILINE), text
        assert re.search(r"^posts +done +\d+", text, re.MULTILINE), text
        assert ui is not None, text
        assert "dagster_version" in ui.json()
        assert "Stopped." in said.read_text()
        assert embedded.running(home) is None


def test_a_busy_port_is_said_before_anything_starts(run: Commands, platform: Platform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = server.getsockname()[1]
        assert run("dev", "--port", str(busy)) == 2
    assert f"port {busy}: Address already in use" in run.err
    assert not (platform.settings.home / "logs").exists()


def test_the_gateway_answers_with_a_key_that_ends_with_the_command(
    run: Commands, platform: Platform, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_assets.cli.children.script", lambda *_: ["/bin/sleep", "60"])
    platform.tenants.add(Tenant("acme", "wordpress", "agency", "http://demo.invalid"))
    answers: list[httpx.Response] = []

    def ask() -> bool:
        found = [key for key in platform.keys.all() if key.name == "sync-assets dev"]
        with suppress(httpx.TransportError):
            answers.append(httpx.get(f"http://127.0.0.1:{port}/healthz"))
        return bool(found and answers)

    with ctrl_c_once(ask):
        assert run("dev", "--port", str(other_port()), "--gateway-port", str(port)) == 0, run.err
    assert answers[-1].status_code == 200
    [text] = re.findall(r"sa_\S+", run.err)
    assert f"http://127.0.0.1:{port}/t/acme" in run.err
    assert [key.revoked_at is not None for key in platform.keys.all()] == [True]
    assert platform.keys.good(text) is None


def test_a_taken_port_of_the_gateway_is_said_or_another_one_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = server.getsockname()[1]
        with pytest.raises(OperatorMustAct, match="Choose another --gateway-port"):
            check_free("127.0.0.1", busy, "--gateway-port")
        assert free("127.0.0.1", busy) not in {0, busy}


@pytest.mark.usefixtures("settings")
def test_a_process_that_dies_ends_it_all(
    run: Commands, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = ["/bin/sh", "-c", "echo no luck today; exit 3"]
    monkeypatch.setattr("sync_assets.cli.children.script", lambda *_: dying)
    assert run("dev", "--port", str(port)) == 1
    assert "dagster-webserver ended with status 3" in run.err
    assert "no luck today" in run.err


def test_the_demo_registers_a_public_site_and_syncs_it(
    run: Commands,
    platform: Platform,
    demo_site: DemoSite,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync_assets.cli.children.script", lambda *_: ["/bin/sleep", "60"])
    with ctrl_c_once(lambda: synced(platform)):
        assert run("dev", "--port", str(port), "--demo", "--site", demo_site.url) == 0, run.err
    assert "completed" in run.out
    tenant = platform.tenants.get("demo")
    assert (tenant.credentials, tenant.url) == (None, demo_site.url)


def test_what_the_demo_says_to_try_works_in_another_terminal(
    run: Commands, platform: Platform, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS")
    monkeypatch.setattr("sync_assets.cli.children.script", lambda *_: ["/bin/sleep", "120"])
    lines = [line.strip() for line in what_next().splitlines() if "#" in line]
    tried: list[subprocess.CompletedProcess[str]] = []

    def try_them() -> bool:
        if synced(platform):
            tried.extend(in_another_terminal(line) for line in lines)
        return bool(tried)

    with ctrl_c_once(try_them):
        assert run("dev", "--port", str(port), "--demo") == 0, run.err
    assert all(line in run.err for line in lines)
    assert [(one.returncode, one.stderr) for one in tried if one.returncode] == []
    again, plan, report, export, _search = (one.stdout for one in tried)
    assert again.splitlines()[0].partition(": ")[2].startswith("completed")
    assert plan.endswith("Nothing was written.\n")
    assert report.splitlines()[0] == again.splitlines()[0]
    assert len(export.splitlines()) > 10


def in_another_terminal(line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line in a shell that knows where the test's data are, and nothing else of it."""
    kept = ("DATABASE_URL", "SYNC_ASSETS_HOME", "SYNC_ASSETS_SECRET_KEY")
    environment = {"PATH": "/usr/bin:/bin"} | {name: inherited()[name] for name in kept}
    return subprocess.run(  # noqa: S602 - our own line
        line, shell=True, env=environment, capture_output=True, text=True, check=False, timeout=90
    )


def test_a_site_that_is_no_address_is_refused_before_anything_starts(
    run: Commands, platform: Platform
) -> None:
    assert run("dev", "--demo", "--site", "nope") == 2
    assert run.err.startswith("Error: --site 'nope' is no address.")
    assert not (platform.settings.home / "logs").exists()


def test_site_without_demo_is_wrong_usage(run: Commands) -> None:
    assert run("dev", "--site", "https://example.org") == 2


def synced(platform: Platform) -> bool:
    try:
        latest = platform.syncs.latest("demo")
        return latest is not None and platform.syncs.report(latest).status == "completed"
    except OperatorMustAct:
        return False


@contextmanager
def ctrl_c_once(condition: Callable[[], bool]) -> Generator[None]:
    """Press Ctrl-C a moment after the condition holds, or after a minute."""

    def press() -> None:
        wait_for(condition)
        time.sleep(3)  # for the sync's process to end
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    yield
    thread.join()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def family(pid: int) -> set[int]:
    """All living descendants of a process."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, size = {pid}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
