"""Every request keeps the pace of its account."""

import threading
from dataclasses import dataclass, field, replace

import pytest

from sync_assets.core.errors import RetryLater, Stopped
from sync_assets.core.ports import RequestStats
from sync_assets.core.rate import UNPACED, Pacer, Rate
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.sources.http import HttpSession
from sync_assets.sources.pacing import host, pacer_for
from sync_assets.sources.throttle import Throttle
from sync_assets_tests.sources.conftest import QUICK
from sync_assets_tests.sources.hostile import HostileServer, redirect, reply

SHOP = SourceSpec("shop", "A shop", (), {}, rate=Rate(5.0))


@dataclass
class Patience:
    """Notes who waits; does something else meanwhile, such as failing, where it was told to."""

    waits: int = 0
    meanwhile: list[object] = field(default_factory=list[object])

    def wait(self, stop: StopSignal) -> None:
        stop.check()
        self.waits += 1
        happening = self.meanwhile.pop(0) if self.meanwhile else None
        if isinstance(happening, Exception):
            raise happening
        if callable(happening):
            happening()


@dataclass
class Known:
    """Remembers which paces were asked for."""

    asked: list[tuple[str, Rate]] = field(default_factory=list[tuple[str, Rate]])

    def pacer(self, account: str, rate: Rate) -> Pacer:
        self.asked.append((account, rate))
        return Patience()


def paced(pace: Pacer, stop: StopSignal, stats: RequestStats) -> HttpSession:
    return HttpSession("acme", stop, stats, allow_private=True, backoff=QUICK, pace=pace)


def test_redirects_and_repetitions_keep_the_pace_too(
    server: HostileServer, stop: StopSignal, stats: RequestStats
) -> None:
    server.play(reply(b"", 500), redirect("/other"), reply(b"[]"), reply(b"[]"))
    pace = Patience()
    session = paced(pace, stop, stats)
    for _ in range(2):
        session.get(server.url, expect=list)
    session.close()
    assert pace.waits == len(server.seen) == 4


def test_a_pace_that_cannot_be_asked_for_is_asked_for_again(
    server: HostileServer, stop: StopSignal, stats: RequestStats
) -> None:
    server.play(reply(b"[]"))
    session = paced(Patience(meanwhile=[RetryLater("The database is away.")]), stop, stats)
    assert session.get(server.url, expect=list).ok
    session.close()
    assert stats.requests == 1


def test_while_the_pace_cannot_be_asked_for_the_site_is_not_asked(
    server: HostileServer, stop: StopSignal, stats: RequestStats
) -> None:
    server.play(reply(b"[]"))
    away = [RetryLater("The database is away.") for _ in range(9)]
    session = paced(Patience(meanwhile=[*away]), stop, stats)
    with pytest.raises(RetryLater, match="database is away"):
        session.get(server.url, expect=list)
    session.close()
    assert server.seen == []


def test_a_stop_reaches_whoever_waits_for_the_pace_and_gives_the_place_back() -> None:
    throttle, stop = Throttle(start=1), StopSignal()
    with pytest.raises(Stopped), throttle.place(stop, Patience(meanwhile=[stop.set, None])):
        stop.check()
    with throttle.place(StopSignal()):
        pass


def test_a_site_that_asks_to_be_left_alone_meanwhile_is_left_alone_first() -> None:
    now, done = [100.0], threading.Event()
    throttle = Throttle(monotonic=lambda: now[0])
    pace = Patience(meanwhile=[lambda: throttle.struggled(asked=30)])

    def ask() -> None:
        with throttle.place(StopSignal(), pace):
            done.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert not done.wait(0.5)
    now[0] = 131.0
    assert done.wait(5)
    thread.join()
    assert pace.waits == 2  # the first slot is long gone


def test_the_lower_of_the_sources_and_the_tenants_rate_is_kept() -> None:
    known = Known()
    pacer_for(known, SHOP, "acme.example")
    pacer_for(known, SHOP, "acme.example", Rate(2.0))
    pacer_for(known, SHOP, "acme.example", Rate(50.0))
    assert known.asked == [("shop:acme.example", Rate(rate)) for rate in (5.0, 2.0, 5.0)]


def test_a_source_without_a_rate_is_not_paced() -> None:
    known = Known()
    assert pacer_for(known, replace(SHOP, rate=None), "acme.example") is UNPACED
    assert pacer_for(None, SHOP, "acme.example") is UNPACED
    assert known.asked == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Site.com/blog", "site.com"),
        ("http://site.com:80", "site.com"),
        ("https://site.com:443/", "site.com"),
        ("http://site.com.:8080", "site.com:8080"),
        ("http://[::1]:8080", "::1:8080"),
    ],
)
def test_an_account_is_a_host_however_it_is_written(url: str, name: str) -> None:
    assert host(url) == name
