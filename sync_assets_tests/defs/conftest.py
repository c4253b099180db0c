"""A Dagster instance of each test's own, and jobs run in this process."""

import logging
from collections.abc import Generator
from pathlib import Path

import dagster as dg
import pytest

from sync_assets_tests.defs.running import Dagster


@pytest.fixture(autouse=True)
def _logging_as_before() -> Generator[None]:
    """Steps set this package's logging up; other tests shall not notice."""
    package = logging.getLogger("sync_assets")
    before = package.handlers, package.propagate, package.level
    yield
    package.handlers, package.propagate, package.level = before


@pytest.fixture
def instance(tmp_path: Path) -> Generator[dg.DagsterInstance]:
    """An instance that keeps its runs in this test's folder."""
    silent = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=silent) as instance:
        yield instance


@pytest.fixture
def dagster(instance: dg.DagsterInstance) -> Dagster:
    """Runs the location's jobs on the test's instance."""
    return Dagster(instance)
