"""An empty site on a free port, with a client for it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sync_assets.demo import DemoSite

Get = Callable[..., requests.Response]


class Clock:
    """Stands still at noon in São Paulo until told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 1, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock: Clock) -> Iterator[DemoSite]:
    with DemoSite.start(seed=False, clock=clock) as demo:
        yield demo


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def anonymous(demo: DemoSite, session: requests.Session) -> Get:
    """`anonymous("posts", page=2)` asks for `/wp-json/wp/v2/posts?page=2` without credentials."""
    return _getter(demo, session, None)


@pytest.fixture
def get(demo: DemoSite, session: requests.Session) -> Get:
    """The same as administrator."""
    return _getter(demo, session, (demo.username, demo.password))


@pytest.fixture
def get_as(demo: DemoSite, session: requests.Session) -> Callable[[str], Get]:
    """`get_as("author")` asks as a new user with that role."""

    def login(role: str) -> Get:
        demo.site.users.add(role, "pass word", role)
        return _getter(demo, session, (role, "password"))

    return login


def _getter(demo: DemoSite, session: requests.Session, auth: tuple[str, str] | None) -> Get:
    def get(route: str, **params: object) -> requests.Response:
        url = f"{demo.url}/wp-json/wp/v2/{route}"
        return session.get(
            url, params={key: str(value) for key, value in params.items()}, auth=auth, timeout=5
        )

    return get


def ids(response: requests.Response) -> list[int]:
    return [row["id"] for row in response.json()]


def error(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
