"""Folders to start servers in, and one server for the tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.store.embedded import EmbeddedServer, ensure_running
from sync_assets_tests.store.embedded.launching import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike tmp_path when root runs the tests."""
    yield from open_folder()


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture(scope="package")
def server() -> Iterator[EmbeddedServer]:
    """A durable server, as users have it, for tests that only look."""
    for folder in open_folder():
        yield ensure_running(folder / "home")
