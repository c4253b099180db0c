"""One sync at a time for a tenant's stream, and no lease outlives its holder."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.errors import LeaseLost, RetryLater, SyncHeld
from sync_assets.core.ports import Checkpoint
from sync_assets.core.run import StreamStatus
from sync_assets.store import database, leases, pool
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, begin, held, page, post, request

pytestmark = pytest.mark.postgres

HOLDER = """
import sys, time
from sync_assets.bootstrap import Platform
from sync_assets_tests.store.writing import held, request
with held(Platform(), request("acme")):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_process() -> Generator[subprocess.Popen[str]]:
    """A process that holds acme's posts until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)  # noqa: S603
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def eventually(claim: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def free(platform: Platform, stream: str = "posts", tenant: str = "acme") -> bool:
    try:
        with held(platform, request(tenant, stream), stream):
            return True
    except SyncHeld:
        return False


def expire(owner: Owner) -> None:
    owner.execute("UPDATE sync.leases SET expires_at = now() - interval '1 second'")


# Who may hold


def test_a_second_sync_is_told_who_holds_the_stream(platform: Platform):
    holder = UUID(int=7)
    with (
        held(platform, request(sync_id=holder)),
        pytest.raises(SyncHeld, match=f"acme's posts is held by sync {holder}.*sync-assets report"),
        held(platform),
    ):
        pass


def test_other_streams_and_other_tenants_are_not_disturbed(platform: Platform):
    with held(platform):
        assert not free(platform)
        assert free(platform, "pages")
        assert free(platform, tenant="globex")


def test_a_stream_is_free_once_its_holder_is_done(platform: Platform, owner: Owner):
    with held(platform):
        pass
    assert free(platform)
    with pytest.raises(ValueError, match="oops"), held(platform):
        raise ValueError("oops")
    assert free(platform)
    assert one(owner, "SELECT count(*) FROM sync.leases") == 0


# Holders that are gone


@pytest.mark.usefixtures("settings")
def test_the_lease_of_a_killed_process_is_free_at_once(platform: Platform):
    with another_process() as holder:
        assert not free(platform)
        holder.kill()
        killed = time.monotonic()
        eventually(lambda: free(platform))
    assert time.monotonic() - killed < 5 < leases.LIFETIME


def test_a_lease_that_ran_out_is_free_though_its_connection_lives(platform: Platform, owner: Owner):
    with held(platform):
        expire(owner)
        assert free(platform)


def test_a_lease_is_not_taken_for_another_process_that_got_the_same_id(
    platform: Platform, owner: Owner
):
    with held(platform):
        owner.execute("UPDATE sync.leases SET backend_started = now() - interval '1 day'")
        assert free(platform)


def test_a_heartbeat_renews_the_lease(
    platform: Platform, owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leases, "HEARTBEAT", 0.02)
    expires = "SELECT expires_at FROM sync.leases"
    with held(platform):
        first = one(owner, expires)
        eventually(lambda: one(owner, expires) > first)
        expire(owner)
        eventually(lambda: one(owner, "SELECT expires_at > now() FROM sync.leases"))
        assert not free(platform)


def test_a_holder_that_lost_only_its_connection_keeps_the_lease(
    platform: Platform, owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leases, "HEARTBEAT", 0.02)
    backend = "SELECT backend_pid FROM sync.leases"
    with held(platform) as stream:
        lost = one(owner, backend)
        owner.execute("SELECT pg_terminate_backend(%s)", [lost])
        eventually(lambda: one(owner, backend) != lost)
        assert not free(platform)
        assert stream.write(page(post(1))).created == 1


def test_a_heartbeat_that_is_stuck_gives_its_connection_back_once_it_is_through(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leases, "HEARTBEAT", 0.02)
    monkeypatch.setattr(pool, "_PATIENCE", 0.1)
    stuck, release = threading.Event(), threading.Event()

    def beat(*_: object) -> None:
        stuck.set()
        release.wait(10)

    monkeypatch.setattr(leases.Lease, "beat", beat)
    with held(platform):
        assert stuck.wait(10)
    places = [platform.database.keep() for _ in range(24)]
    with pytest.raises(RetryLater, match="All 25 connections"):
        platform.database.keep()
    release.set()
    eventually(lambda: not any(one.name.startswith("lease-") for one in threading.enumerate()))
    places.append(platform.database.keep())
    for place in places:
        place.close()


# Holders that were overtaken


@pytest.mark.parametrize("checkpoint", [None, Checkpoint(overlap_from=APRIL)])
def test_an_overtaken_sync_stops_at_its_next_page_and_writes_nothing(
    platform: Platform, owner: Owner, checkpoint: Checkpoint | None
):
    with held(platform) as old:
        old.write(page(post(1)))
        expire(owner)
        with held(platform) as new:
            new.write(page(post(2)))
            for attempt in (lambda: old.write(page(post(3), checkpoint=checkpoint)),
                            lambda: old.bury("post", [1, 2])):  # fmt: skip
                with pytest.raises(LeaseLost, match="lost acme's posts to another sync"):
                    attempt()
            assert new.checkpoint("post") == Checkpoint()
        rows = owner.execute("SELECT wp_id, deleted_at FROM cms.wordpress_posts ORDER BY wp_id")
        assert rows.fetchall() == [(1, None), (2, None)]


def test_an_overtaken_sync_does_not_give_back_the_lease_of_the_new_one(
    platform: Platform, owner: Owner
):
    begin(platform, request())
    with leases.hold(platform.database, "acme", "posts", uuid4()):
        expire(owner)
        new = leases.hold(platform.database, "acme", "posts", uuid4())
        new.__enter__()
    try:
        assert not free(platform)
    finally:
        new.__exit__(None, None, None)


def test_an_overtaken_attempt_does_not_speak_for_the_one_that_goes_on(
    platform: Platform, owner: Owner
):
    wanted = request()
    with held(platform, wanted) as old:
        expire(owner)
        with held(platform, wanted) as new:
            new.write(page(post(1)))
            old.progress(Counts(seen=99, created=99))
            old.finish(StreamStatus.FAILED, "The old attempt failed.")
            (row,) = platform.syncs.report(wanted.id).streams
            assert (row.status, row.error) == (StreamStatus.RUNNING, None)
            assert (row.counts.seen, row.counts.created) == (0, 1)


def test_an_editors_open_transaction_holds_up_neither_a_sync_nor_the_answer_to_a_second_one(
    platform: Platform, owner: Owner, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 1)
    hurried = Platform(platform.settings)
    with held(hurried) as stream:
        stream.write(page(post(1, "old")))
        with psycopg.connect(database_url) as editor:
            editor.execute("SELECT FROM cms.wordpress_posts FOR UPDATE")
            with pytest.raises(RetryLater, match="open transaction locks rows"):
                stream.write(page(post(1, "new", modified=APRIL)))
        with pytest.raises(SyncHeld), held(platform):
            pass
        stream.write(page(post(1, "new", modified=APRIL)))
    hurried.close()
    assert one(owner, "SELECT title FROM cms.wordpress_posts") == "new"
