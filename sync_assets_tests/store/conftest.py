"""Fixtures of the tests that look into the database."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets_tests.store.desk import Desk
from sync_assets_tests.store.looking import Owner
from sync_assets_tests.store.new_server import NewServer


@pytest.fixture
def owner(database_url: str) -> Generator[Owner]:
    """The owner of the test's database, past row security; each statement commits."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def desk(platform: Platform, owner: Owner) -> Desk:
    """Asks for, claims, begins and ends requests, of the tenant acme at first."""
    desk = Desk(platform, owner)
    desk.register("acme")
    return desk


@pytest.fixture(scope="package")
def another_server() -> Generator[EmbeddedServer]:
    """A second server: roles belong to a whole server, and here a test may have none."""
    with tempfile.TemporaryDirectory(prefix="sync-assets-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs the tests
        try:
            yield ensure_running(home, durable=False)
        finally:
            stop(home)


@pytest.fixture
def new_server(another_server: EmbeddedServer) -> Generator[NewServer]:
    """A server on which nothing of ours was ever set up."""
    with another_server.connect() as admin:
        server = NewServer(another_server, admin)
        yield server
        server.clear()
