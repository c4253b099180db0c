"""A simulated shop of twenty products and forty orders, and two ways to ask it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.api.schema_file import SchemaUnavailable, default_cache, schema_file

Ask = Callable[..., dict[str, Any]]

SIZES = Sizes(products=20, orders=40)  # number 5 has 120 variants, order 7 has 75 lines


class Clock:
    """Stands at the end of the shop's history until told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder with the published schema, which npm fetches the first time."""
    try:
        schema_file(default_cache())
    except SchemaUnavailable as error:
        pytest.skip(str(error))
    return default_cache()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(cache: Path, clock: Clock) -> Iterator[ShopSite]:
    with ShopSite.start(sizes=SIZES, clock=clock, cache=cache) as site:
        yield site


@pytest.fixture
def session(site: ShopSite) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["X-Shopify-Access-Token"] = site.token
        yield session


@pytest.fixture
def ask(site: ShopSite, session: requests.Session) -> Ask:
    """`ask("{shop{name}}")` is the whole answer: data, errors and extensions."""

    def ask(query: str, /, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = session.post(site.graphql, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def data(ask: Ask) -> Ask:
    """The same, where no error is expected."""

    def data(query: str, /, **variables: Any) -> dict[str, Any]:
        answer = ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    return data


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
