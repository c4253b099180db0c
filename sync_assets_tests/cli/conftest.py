"""Runs commands as an operator would, in this process."""

import json
import signal
from collections.abc import Generator
from typing import Any

import pytest
from typer.testing import CliRunner

from sync_assets.bootstrap import Platform
from sync_assets.cli.commands import app
from sync_assets.core.stop import StopSignal


class Commands:
    """`run("tenant", "list")` gives the exit status; `out` and `err` hold what was printed."""

    def __init__(self) -> None:
        self.out = self.err = ""

    def __call__(self, *arguments: str, given: str | None = None) -> int:
        result = CliRunner().invoke(app, list(arguments), input=given)
        self.out, self.err = result.stdout, result.stderr
        return result.exit_code

    def json(self, *arguments: str) -> Any:
        assert self(*arguments, "--json") == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def run() -> Commands:
    return Commands()


@pytest.fixture(autouse=True)
def _signals_as_before() -> Generator[None]:
    """A command that forgot to restore the handlers would make the test run deaf to Ctrl-C."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before


def sync_quietly(platform: Platform, tenant_id: str) -> None:
    """A sync without Dagster, for tests of what comes after it."""
    platform.run_tenant(platform.request(tenant_id), StopSignal())
