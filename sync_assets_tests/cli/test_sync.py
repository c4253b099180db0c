"""`sync-assets sync` with the real Dagster job in a real child process."""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.cli import children
from sync_assets.cli.job import Ended
from sync_assets.cli.signals import Asked
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.run import StreamStatus
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.messages import Request
from sync_assets.store.syncs import Syncs
from sync_assets_tests.cli.conftest import Commands, sync_quietly

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
    assert report.status == "cancelled"
    assert not any(row.held for row in report.streams)


def test_a_sync_whose_child_is_killed_has_failed_at_once_and_is_not_tried_again(
    run: Commands,
    platform: Platform,
    acme: Tenant,
    demo_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really, started = children.start, list[children.Child]()

    def start(*arguments: Any, **named: Any) -> children.Child:
        started.append(really(*arguments, **named))
        return started[-1]

    def kill(request: Request) -> None:
        if "/wp/v2/media" in request.target:
            started[0].signal(signal.SIGKILL)

    monkeypatch.setattr("sync_assets.cli.children.start", start)
    demo_site.faults.add(kill)
    assert run("sync", acme.id) == 1
    [entry] = platform.history.list(tenant=acme.id).entries
    assert (entry.status, entry.attempt, entry.attempts) == ("failed", 1, 1)
    assert entry.asked_by.startswith("command:")
    assert "The process that ran the sync ended with status -9." in run.out


def test_a_sync_that_is_at_work_already_is_shown(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    with at_work(platform, acme, demo_site) as go_on:
        threading.Timer(1, go_on.set).start()
        assert run("sync", acme.id) == 0, run.err
    latest = platform.syncs.latest(acme.id)
    said = f"Sync {latest} of {acme.id} is already at work; showing that one."
    assert run.err.splitlines()[0] == said
    assert run.out.startswith(f"Sync {latest} of {acme.id}: completed")
    assert "posts: done" in run.err


def test_ctrl_c_leaves_a_sync_of_somebody_else_alone(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    with at_work(platform, acme, demo_site):
        threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        assert run("sync", acme.id) == 130
        assert ": running for " in run.out
    assert "The sync goes on without this command." in run.err


def test_only_a_sync_that_does_all_that_is_wanted_is_shown_instead(
    platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    with at_work(platform, acme, demo_site):
        full = platform.request(acme.id, options=SyncOptions(full=True))
        free = platform.request(acme.id, ["terms"])
        assert platform.syncs.instead_of(platform.request(acme.id)) is not None
        assert [platform.syncs.instead_of(full), platform.syncs.instead_of(free)] == [None, None]


def test_a_sync_that_another_one_overtook_shows_that_one(
    run: Commands, platform: Platform, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[UUID | None] = []

    def overtaken(_platform: Platform, request: SyncRequest, _asked: Asked) -> Ended:
        platform.syncs.begin(request)
        sync_quietly(platform, acme.id)
        others.append(platform.syncs.latest(acme.id))
        for stream in request.streams:
            platform.syncs.skip(request.id, acme.id, stream, "held by another sync")
        return Ended(platform.syncs.report(request.id), 1, Path(), "", interrupted=False)

    monkeypatch.setattr("sync_assets.cli.follow.run_job", overtaken)
    assert run("sync", acme.id) == 0, run.err
    assert run.out.startswith(f"Sync {others[0]} of {acme.id}: completed")


def test_a_sync_that_finds_its_streams_held_shows_the_one_that_holds_them(
    run: Commands,
    platform: Platform,
    acme: Tenant,
    demo_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really, before = Syncs.instead_of, [None]  # nobody else was at work a moment ago

    def instead_of(self: Syncs, request: SyncRequest) -> UUID | None:
        return before.pop() if before else really(self, request)

    monkeypatch.setattr(Syncs, "instead_of", instead_of)
    with at_work(platform, acme, demo_site) as go_on:
        other = platform.syncs.latest(acme.id)
        watch = threading.Thread(target=once_skipped, args=(platform, acme, go_on))
        watch.start()
        assert run("sync", acme.id) == 0, run.err
        watch.join()
    assert "media: skipped" in run.err
    # Its own request, which waited for another try, is not done later for nothing.
    assert [entry.status for entry in platform.history.list().entries] == ["cancelled"]
    assert run.out.startswith(f"Sync {other} of {acme.id}: completed")


def once_skipped(platform: Platform, tenant: Tenant, event: threading.Event) -> None:
    """Set the event when the tenant's newest sync has skipped a stream, or after half a minute."""
    for _ in range(100):
        latest = platform.syncs.latest(tenant.id)
        rows = platform.syncs.report(latest).streams if latest else ()
        if event.wait(0.3) or StreamStatus.SKIPPED in {row.status for row in rows}:
            break
    event.set()


@contextmanager
def at_work(platform: Platform, tenant: Tenant, site: DemoSite) -> Generator[threading.Event]:
    """Another sync, whose media wait for the event."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(request: Request) -> None:
        if "/wp/v2/media" in request.target:
            reached.set()
            go_on.wait(45)

    site.faults.add(wait)
    other = threading.Thread(target=sync_quietly, args=(platform, tenant.id))
    other.start()
    try:
        assert reached.wait(30)
        yield go_on
    finally:
        go_on.set()
        other.join()


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
