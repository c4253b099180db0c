"""One pace for each upstream account, whoever asks for it, in whatever process."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater, Stopped
from sync_assets.core.rate import Rate
from sync_assets.core.stop import StopSignal
from sync_assets.demo import DemoSite
from sync_assets.demo.messages import Request, Response
from sync_assets.store.database import Database
from sync_assets.store.paces import Paces, SharedPacer
from sync_assets_tests.conftest import register
from sync_assets_tests.core.pacing import excess
from sync_assets_tests.sources.hostile import Talk, hostile_server, reply
from sync_assets_tests.store.hungry import processes
from sync_assets_tests.store.looking import Owner, one

pytestmark = pytest.mark.postgres

SLOW = Rate(1 / 60)
AHEAD = "SELECT extract(epoch FROM next_at - now())::float8 FROM sync.paces"

JITTER = 0.5
"""Seconds that one request may take longer than another from its slot to the server's clock."""


def within_rate(moments: list[float], rate: Rate) -> bool:
    """Does no window at the server see more than burst and rate, scheduling aside?"""
    return excess(moments, rate) <= rate.per_second * JITTER


def reached(moments: list[float], rate: Rate) -> float:
    """Which part of the declared rate was reached."""
    return (len(moments) - rate.burst) / ((moments[-1] - moments[0]) * rate.per_second)


# Across processes


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("rate", [Rate(20.0), Rate(20.0, burst=5)], ids=["even", "burst"])
def test_two_processes_together_keep_to_the_rate_and_use_it(platform: Platform, rate: Rate):
    moments: list[float] = []

    def page(talk: Talk) -> bool:
        moments.append(time.monotonic())
        return reply(b"{}")(talk)

    assert platform.paces.forget_idle() == 0  # the schema is there before two processes look
    with hostile_server() as server:
        server.play(page)
        command = ["asks", server.url, str(rate.per_second), str(rate.burst), "40"]
        with processes(command, command):
            pass
    assert len(moments) == 80
    assert within_rate(moments, rate)
    assert reached(moments, rate) >= 0.8


@pytest.mark.usefixtures("settings")
def test_two_tenants_of_one_host_keep_to_its_rate_together(
    platform: Platform, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
):
    moments: list[float] = []
    answer = demo_site.respond

    def respond(request: Request) -> Response:
        moments.append(time.monotonic())
        return answer(request)

    monkeypatch.setattr(demo_site, "respond", respond)
    for tenant in ("acme", "globex"):
        register(platform, tenant, demo_site, requests_per_second="20")
    with processes(["syncs", "acme"], ["syncs", "globex"]):
        pass
    assert len(moments) > 60
    assert within_rate(moments, Rate(20.0))


# Within a process


def test_threads_of_one_process_share_the_pace(platform: Platform):
    rate, stop, moments = Rate(40.0, burst=2), StopSignal(), list[float]()

    def ask(pacer: SharedPacer) -> None:
        for _ in range(10):
            pacer.wait(stop)
            moments.append(time.monotonic())

    with ThreadPoolExecutor(6) as threads:
        pacers = [platform.paces.pacer("test:account", rate) for _ in range(6)]
        list(threads.map(ask, pacers))
    assert len(set(map(id, pacers))) == 1
    assert len(moments) == 60
    assert within_rate(sorted(moments), rate)


def test_accounts_do_not_wait_for_each_other(platform: Platform, owner: Owner):
    for account in ("test:one", "test:two", "test:three"):
        platform.paces.pacer(account, SLOW).wait(StopSignal())
    assert one(owner, "SELECT count(*) FROM sync.paces") == 3


def test_after_a_pause_a_burst_goes_through_at_once_and_no_more(platform: Platform, owner: Owner):
    rate = Rate(SLOW.per_second, burst=3)
    pacer = platform.paces.pacer("test:account", rate)
    for _ in range(3):
        pacer.wait(StopSignal())
    assert 0 < one(owner, AHEAD) <= 60
    owner.execute("UPDATE sync.paces SET next_at = now() - interval '1 year'")
    for _ in range(3):
        pacer.wait(StopSignal())
    assert 0 < one(owner, AHEAD) <= 60


def test_a_request_keeps_the_next_one_away_for_its_own_interval(platform: Platform, owner: Owner):
    platform.paces.pacer("test:account", Rate(1000.0)).wait(StopSignal())
    assert one(owner, AHEAD) <= 0.001
    platform.paces.pacer("test:account", SLOW).wait(StopSignal())
    assert 50 < one(owner, AHEAD) <= 60


# Waits that end


def test_a_stop_ends_a_long_wait_at_once(platform: Platform):
    pacer, stop = platform.paces.pacer("test:account", SLOW), StopSignal()
    pacer.wait(stop)
    waiting = [threading.Thread(target=_until_stopped, args=(pacer, stop)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.2)
    assert all(thread.is_alive() for thread in waiting)
    stop.set()
    for thread in waiting:
        thread.join(timeout=3)
    assert not any(thread.is_alive() for thread in waiting)


def test_whoever_is_stopped_takes_no_slot(platform: Platform, owner: Owner):
    stop = StopSignal()
    stop.set()
    with pytest.raises(Stopped):
        platform.paces.pacer("test:account", SLOW).wait(stop)
    assert one(owner, "SELECT count(*) FROM sync.paces") == 0


def test_a_clock_that_was_set_back_holds_nobody_up_for_ever(platform: Platform, owner: Owner):
    pacer, stop = platform.paces.pacer("test:account", SLOW), StopSignal()
    pacer.wait(stop)
    owner.execute("UPDATE sync.paces SET next_at = now() + interval '1 year'")
    thread = threading.Thread(target=_until_stopped, args=(pacer, stop))
    thread.start()
    while one(owner, AHEAD) > 2 * 3600:
        time.sleep(0.01)
    stop.set()
    thread.join()


def test_without_postgresql_the_request_is_to_be_tried_later():
    paces = Paces(Database("postgresql://nobody@127.0.0.1:1/nowhere"))
    with pytest.raises(RetryLater, match="PostgreSQL does not answer"):
        paces.pacer("test:account", SLOW).wait(StopSignal())


# What is kept


def test_accounts_that_nobody_asks_any_more_are_forgotten(platform: Platform, owner: Owner):
    for account in ("test:old", "test:new"):
        platform.paces.pacer(account, SLOW).wait(StopSignal())
    owner.execute("UPDATE sync.paces SET next_at = now() - interval '25 hours' "
                  "WHERE account = 'test:old'")  # fmt: skip
    assert platform.paces.forget_idle() == 1
    assert one(owner, "SELECT account FROM sync.paces") == "test:new"


def _until_stopped(pacer: SharedPacer, stop: StopSignal) -> None:
    with pytest.raises(Stopped):
        pacer.wait(stop)
