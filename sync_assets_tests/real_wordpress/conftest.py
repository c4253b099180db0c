"""The stack starts once a session, in a few seconds; every test of this folder is marked."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.stack import Stack

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before `-m` deselects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.wordpress)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="session")
def sao_paulo(stack: Stack) -> WordPressSite:
    """Shared by the session: three hours behind UTC, two in the summers until 2019."""
    return stack.site("sao-paulo", "America/Sao_Paulo")


@pytest.fixture(scope="session")
def tokyo(stack: Stack) -> WordPressSite:
    """Shared by the session: nine hours ahead of UTC."""
    return stack.site("tokyo", "Asia/Tokyo")


@pytest.fixture(scope="session")
def new_site(stack: Stack) -> Callable[..., WordPressSite]:
    """Makes a site that nobody else touches: `new_site(timezone="Asia/Tokyo")`, about a second."""
    numbers = count(1)

    def make(timezone: str = "America/Sao_Paulo") -> WordPressSite:
        return stack.site(f"site-{next(numbers)}", timezone)

    return make
