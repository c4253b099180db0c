"""`sync-assets sync` with the real Dagster job in a real child process."""

import os
import signal
import threading
from pathlib import Path

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.messages import Request
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


def test_a_sync_prints_its_report(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    assert run("sync", acme.id) == 0, run.err
    latest = platform.syncs.latest(acme.id)
    assert run.out.startswith(f"Sync {latest} of {acme.id}: completed")
    assert f"posts: done, {len(demo_site.site.ids('posts'))}" in run.err
    assert len(list(platform.settings.home.glob(f"logs/sync-{latest}.log"))) == 1


def test_one_stream_with_json_for_programs(run: Commands, acme: Tenant) -> None:
    report = run.json("sync", acme.id, "--stream", "terms", "--full", "--batch-size", "10")
    assert report["status"] == "completed"
    assert [job["type"] for job in report["jobs"]] == ["terms"]


def test_a_failed_sync_is_status_1_and_says_where_its_log_is(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    demo_site.site.revoke()
    assert run("sync", acme.id, "--stream", "terms") == 1
    assert "failed" in run.out.splitlines()[0]
    assert "does not accept the credentials" in run.out
    assert Path(run.err.rstrip(".\n").rpartition(" ")[2]).exists()
    assert demo_site.password not in "".join(
        log.read_text() for log in platform.settings.home.glob("logs/*.log")
    )


def test_ctrl_c_stops_the_sync_and_keeps_what_it_wrote(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    interrupt_at(demo_site, "/wp/v2/media")
    assert run("sync", acme.id) == 130
    assert "Interrupted" in run.err
    latest = platform.syncs.latest(acme.id)
    assert latest is not None
    report = platform.syncs.report(latest)
    assert {row.stream: row.status.value for row in report.streams}["terms"] == "done"
    assert report.status in {"cancelled", "running"}  # running: it may go on for a minute
    assert not any(row.held for row in report.streams)


def interrupt_at(site: DemoSite, path: str) -> None:
    """Press Ctrl-C at the first request of that path; it gets no answer until the site stops."""
    pressed = threading.Event()

    def trouble(request: Request) -> None:
        if path in request.target:
            if not pressed.is_set():
                pressed.set()
                os.kill(os.getpid(), signal.SIGINT)
            site.stopping.wait(30)

    site.faults.add(trouble)


def test_a_job_that_cannot_start_shows_why(
    run: Commands, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_assets.cli.children.python", lambda _: ["/bin/sh", "-c", "echo boom"])
    assert run("sync", acme.id) == 1
    assert "boom" in run.err
    assert "ended before the sync began" in run.err


def test_an_unknown_stream_is_refused_before_anything_starts(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    assert run("sync", acme.id, "--stream", "comments") == 2
    assert "It has terms, media, pages, posts" in run.err
    assert not (platform.settings.home / "logs").exists()
