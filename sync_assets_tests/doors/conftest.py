"""Dagster behind the doors; every test of this folder needs packages of Debian."""

from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sync_assets.demo import DemoSite
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.doors.nginx import PASSWORD, USER, Doors, opened
from sync_assets_tests.doors.relay import Wire, tapped
from sync_assets_tests.doors.tenant_side import TenantSide, tenant_side
from sync_assets_tests.end_to_end.dagster_stack import Stack, running

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before `-m` deselects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.wordpress)


@pytest.fixture(scope="package")
def dagster(postgres: EmbeddedServer, template: str) -> Generator[Stack]:
    """The installation, with one tenant."""
    with (
        DemoSite.start(seed=False) as site,
        running(postgres, template, {"acme": site}) as stack,
    ):
        yield stack


@pytest.fixture(scope="package")
def wire(dagster: Stack) -> Generator[Wire]:
    """What nginx takes for Dagster's webserver."""
    with tapped(urlsplit(dagster.dagster.url).port or 0) as wire:
        yield wire


@pytest.fixture(scope="package")
def tenants() -> Generator[TenantSide]:
    """What nginx takes for the gateway."""
    with tenant_side() as side:
        yield side


@pytest.fixture(scope="package")
def doors(wire: Wire, tenants: TenantSide) -> Generator[Doors]:
    """The doors, with one operator."""
    gateway = tenants.server_port
    with opened(dagster=wire.port, gateway=gateway, user=(USER, PASSWORD)) as doors:
        yield doors
