from collections.abc import Callable, Generator

import pytest

from sync_assets.core.ports import RequestStats
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wire import Limits
from sync_assets_tests.sources.hostile import HostileServer, hostile_server


class Impatient(Backoff):
    """Waits next to nothing, but gives up where others do."""

    def delay(
        self, attempt: int, asked: float | None, jitter: Callable[[], float] = lambda: 0.0
    ) -> float | None:
        return super().delay(attempt, asked, jitter)


QUICK = Impatient(attempts=4, base=0.001, ceiling=5.0)

Connect = Callable[..., HttpSession]


@pytest.fixture
def server() -> Generator[HostileServer]:
    with hostile_server() as server:
        yield server


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


@pytest.fixture
def stats() -> RequestStats:
    return RequestStats()


@pytest.fixture
def connect(stop: StopSignal, stats: RequestStats) -> Generator[Connect]:
    opened: list[HttpSession] = []

    def connect(
        *, allow_private: bool = True, backoff: Backoff = QUICK, limits: Limits | None = None
    ) -> HttpSession:
        session = HttpSession(
            "acme", stop, stats, allow_private=allow_private, backoff=backoff, limits=limits
        )
        opened.append(session)
        return session

    yield connect
    for session in opened:
        session.close()


@pytest.fixture
def session(connect: Connect) -> HttpSession:
    return connect()
