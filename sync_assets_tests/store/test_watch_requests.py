"""The watch over the syncs of a process: they hear of a cancel, and give signs of life."""

import tempfile
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OutOfTime, Stopped
from sync_assets.core.stop import StopSignal
from sync_assets.settings import Settings
from sync_assets.store import watch
from sync_assets.store.embedded import ensure_running
from sync_assets.store.embedded import stop as stop_server
from sync_assets.store.watch import Watch, watching
from sync_assets_tests.store.desk import Desk

pytestmark = pytest.mark.postgres

SECONDS = 3.0
"""Within which a sync hears that it shall end, at a look a second."""


@pytest.fixture
def over(platform: Platform) -> Generator[Watch]:
    """A watch over the syncs of a run."""
    with watching(platform.attempts, "run") as started:
        yield started


def soon(claim: Callable[[], bool], seconds: float = SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.05)
    return claim()


def stopped(stop: StopSignal) -> bool:
    try:
        stop.check()
    except Stopped:
        return True
    return False


def test_a_sync_that_is_cancelled_hears_of_it_within_seconds(
    platform: Platform, desk: Desk, over: Watch
):
    desk.register("globex")
    mine, other = StopSignal(), StopSignal()
    sync_id = desk.started()
    over.add(sync_id, mine)
    over.add(desk.started("globex"), other)
    platform.requests.cancel(sync_id, "a test")
    assert soon(lambda: stopped(mine))
    assert not stopped(other)


def test_so_does_one_that_another_run_has_taken_over(platform: Platform, desk: Desk, over: Watch):
    stop, sync_id = StopSignal(), desk.started()
    over.add(sync_id, stop)
    platform.settling.lose(sync_id, "It was taken for dead.")
    desk.again(sync_id, "another run")
    assert soon(lambda: stopped(stop))


def test_one_that_is_not_watched_any_more_hears_nothing(
    platform: Platform, desk: Desk, over: Watch
):
    desk.register("globex")
    mine, other = StopSignal(), StopSignal()
    ids = [desk.started(), desk.started("globex")]
    over.add(ids[0], mine)
    over.add(ids[1], other)
    over.remove(ids[0])
    for sync_id in ids:
        platform.requests.cancel(sync_id, "a test")
    assert soon(lambda: stopped(other))
    assert not stopped(mine)


def test_it_gives_signs_of_life_for_its_syncs_alone(
    platform: Platform, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.05)
    desk.register("globex")
    mine, other = desk.started(), desk.started("globex")
    for sync_id in (mine, other):
        desk.let_pass(sync_id, "alive_at", time=timedelta(minutes=5))
    before = {sync_id: desk.value(sync_id, "alive_at") for sync_id in (mine, other)}
    with watching(platform.attempts, "run") as over:
        over.add(mine, StopSignal())
        assert soon(lambda: desk.value(mine, "alive_at") != before[mine], seconds=10)
    assert desk.value(other, "alive_at") == before[other]


def test_it_says_whether_others_wait_for_a_place(
    platform: Platform, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.05)
    desk.register("globex")
    stop, sync_id = StopSignal(soft=0), desk.started()
    with watching(platform.attempts, "run") as over:
        over.add(sync_id, stop)
        assert not soon(lambda: out_of_time(stop), seconds=1)
        desk.ask_ago(1, "globex")
        assert soon(lambda: out_of_time(stop), seconds=10)


def out_of_time(stop: StopSignal) -> bool:
    try:
        stop.check_turn()
    except OutOfTime:
        return True
    return False


def test_connections_that_are_lost_do_not_end_it(desk: Desk, over: Watch):
    stop, sync_id = StopSignal(), desk.started()
    over.add(sync_id, stop)
    for _ in range(3):  # between the looks and in the middle of one
        desk.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        time.sleep(0.4)
    assert over.is_alive()
    assert not stopped(stop)
    desk.put(sync_id, cancel_at=desk.request(sync_id).created_at)
    assert soon(lambda: stopped(stop), seconds=5)


def test_a_restart_of_postgresql_does_not_end_it(settings: Settings):
    with tempfile.TemporaryDirectory(prefix="sync-assets-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs the tests
        try:
            url = ensure_running(home, durable=False).url()
            over_a_restart(settings.model_copy(update={"database_url": SecretStr(url)}), url, home)
        finally:
            stop_server(home)


def over_a_restart(settings: Settings, url: str, home: Path) -> None:
    platform, stop = Platform(settings), StopSignal()
    with watching(platform.attempts, "run") as over:
        with psycopg.connect(url, autocommit=True) as owner:
            desk = Desk(platform, owner)
            desk.register("acme")
            sync_id = desk.started()
        over.add(sync_id, stop)
        stop_server(home)
        assert not soon(lambda: stopped(stop), seconds=2.5)
        assert ensure_running(home, durable=False).url() == url
        assert over.is_alive()
        platform.requests.cancel(sync_id, "a test")
        assert soon(lambda: stopped(stop))
    platform.close()


def test_it_ends_with_the_run(platform: Platform):
    with watching(platform.attempts, "run") as over:
        assert over.is_alive()
    assert soon(lambda: not over.is_alive())
