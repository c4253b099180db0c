"""`sync-assets status` and `log`."""

import json
import os
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater
from sync_assets.core.run import StreamStatus
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.store.asking import ask, begin, know

pytestmark = pytest.mark.postgres


def work(platform: Platform, sync_id: UUID) -> None:
    """Do what a run does."""
    platform.run_tenant(begin(platform, sync_id), StopSignal())
    platform.settling.settle(sync_id)


@contextmanager
def soon(act: threading.Thread) -> Generator[None]:
    """Start a thread a moment later than what is inside."""
    timer = threading.Timer(0.7, act.start)
    timer.start()
    try:
        yield
    finally:
        timer.join()
        act.join()


def fail_once(platform: Platform) -> UUID:
    """A request whose first attempt has failed in a way that waiting helps."""
    know(platform, "acme")
    wanted = begin(platform, ask(platform, "acme", "terms"))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.FAILED, "Gateway time-out.", RetryLater.__name__)
    platform.settling.settle(wanted.id)
    return wanted.id


# status


def test_all_that_wait_and_run_are_shown(run: Commands, platform: Platform) -> None:
    know(platform, "acme", "globex", "initech")
    running = begin(platform, ask(platform, "acme")).id
    waiting, over = ask(platform, "globex"), ask(platform, "initech")
    platform.requests.cancel(over, "test")
    shown = run.json("status")
    assert [(entry["syncId"], entry["status"]) for entry in shown] == [
        (str(waiting), "queued"),
        (str(running), "running"),
    ]
    assert run("status") == 0
    assert str(waiting) in run.out
    assert str(over) not in run.out


@pytest.mark.usefixtures("platform")
def test_nothing_at_all_is_said_to_be_nothing(run: Commands) -> None:
    assert run("status") == 0
    assert (run.out, run.err) == ("", "Nothing waits or runs.\n")
    assert run.json("status") == []


def test_one_that_waits_says_for_what(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    assert run("status", str(sync_id)) == 0
    assert run.out.startswith(f"Sync {sync_id} of acme: queued\n")
    assert "It waits in the queue default (normal) for its turn." in run.out
    assert run.json("status", str(sync_id)) == run.json("report", str(sync_id))


def test_a_retry_that_waits_says_why_and_until_when(run: Commands, platform: Platform) -> None:
    sync_id = fail_once(platform)
    assert run("status", str(sync_id)) == 0
    assert "Attempt 1 of 3 failed: terms: Gateway time-out. The next one starts at 2" in run.out
    assert run.json("status", str(sync_id))["attempt"] == 1


def test_a_followed_sync_is_shown_to_its_end(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    sync_id = ask(platform, acme.id)
    with soon(threading.Thread(target=work, args=(platform, sync_id))):
        assert run("status", str(sync_id), "--follow") == 0, run.err
    assert run.err.startswith("It waits in the queue default (normal) for its turn.\n")
    assert "posts: done" in run.err
    assert run.out.startswith(f"Sync {sync_id} of acme: completed")


def test_following_one_that_fails_is_status_1(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    demo_site.faults.add(Fault(status(401), path="/wp/v2/categories", times=None))
    sync_id = ask(platform, acme.id, "terms")
    with soon(threading.Thread(target=work, args=(platform, sync_id))):
        assert run("status", str(sync_id), "--follow", "--json") == 1
    assert json.loads(run.out)["failedStreams"] == ["terms"]


def test_following_one_that_is_cancelled_is_status_1(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    cancel = threading.Thread(target=platform.requests.cancel, args=(sync_id, "test"))
    with soon(cancel):
        assert run("status", str(sync_id), "--follow") == 1
    assert run.out.startswith(f"Sync {sync_id} of acme: cancelled")


def test_who_waits_in_vain_is_told_that_no_daemon_is_there(
    run: Commands, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_assets.cli.follow._PATIENCE", 0)
    know(platform, "acme")
    sync_id = ask(platform)
    with soon(threading.Thread(target=platform.requests.cancel, args=(sync_id, "test"))):
        assert run("status", str(sync_id), "--follow") == 1
    assert "no daemon of Dagster is at work" in run.err + run.out


def test_ctrl_c_ends_the_looking_only(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    with soon(threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))):
        assert run("status", str(sync_id), "--follow") == 130
    assert "The sync goes on without this command." in run.err
    assert platform.syncs.report(sync_id).status == "queued"


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("status", "--follow"), "--follow needs a SYNC_ID"),
        (("status", str(uuid4())), "There is no sync"),
        (("status", "abc"), "not a valid UUID"),
        (("log", str(uuid4())), "There is no sync"),
        (("log",), "Missing argument"),
    ],
)
def test_a_sync_that_is_not_there_is_status_2(
    run: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    assert run(*arguments) == 2
    assert complaint in run.err


# log


def test_a_log_can_be_read(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    platform.requests.cancel(sync_id, "test")
    assert run("log", str(sync_id)) == 0
    assert [line.split("INFO")[1].strip() for line in run.out.splitlines()] == [
        "Asked by test.",
        "Cancelled (by test).",
    ]
    assert run.json("log", str(sync_id))[0]["message"] == "Asked by test."


def test_a_followed_log_has_each_line_once_up_to_the_last(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    sync_id = ask(platform, acme.id)
    with soon(threading.Thread(target=work, args=(platform, sync_id))):
        assert run("log", str(sync_id), "--follow", "--json") == 0
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert [line["id"] for line in lines] == [line["id"] for line in platform.syncs.log(sync_id)]
    assert lines[-1]["message"] == "The sync is completed."


def test_a_long_log_is_read_to_its_end(
    run: Commands, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    platform.requests.reschedule(sync_id)
    really = platform.syncs.log

    def a_line(_self: object, sync: UUID, after: int = 0) -> object:
        return really(sync, after)[:1]

    monkeypatch.setattr("sync_assets.store.syncs.Syncs.log", a_line)
    assert len(run.json("log", str(sync_id))) == 2


def test_ctrl_c_ends_a_followed_log(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    begun = time.monotonic()
    with soon(threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))):
        assert run("log", str(ask(platform)), "--follow") == 130
    assert time.monotonic() - begun < 10
