"""Fixtures of the tests that look into the database."""

from collections.abc import Generator

import psycopg
import pytest

from sync_assets_tests.store.looking import Owner


@pytest.fixture
def owner(database_url: str) -> Generator[Owner]:
    """The owner of the test's database, past row security; each statement commits."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
