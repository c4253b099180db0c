from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest

from sync_assets.core.ports import Connection, SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import DemoSite
from sync_assets.sources.wordpress import WordPress
from sync_assets_tests.sources.conftest import QUICK

Open = Callable[..., AbstractContextManager[Connection]]


@pytest.fixture
def site() -> Generator[DemoSite]:
    """An empty demo site."""
    with DemoSite.start(seed=False) as demo:
        yield demo


@pytest.fixture
def credentials(site: DemoSite) -> Credentials:
    return Credentials(site.username, site.password)


@pytest.fixture
def tenant(site: DemoSite, credentials: Credentials) -> Tenant:
    return Tenant("acme", "wordpress", "Acme", site.url, credentials)


@pytest.fixture
def public(site: DemoSite) -> Tenant:
    return Tenant("acme", "wordpress", "Acme", site.url)


@pytest.fixture
def open_site() -> Open:
    """Connects to a tenant's site: `with open_site(tenant) as connection:`."""

    def open_site(tenant: Tenant, *, batch_size: int = 5) -> AbstractContextManager[Connection]:
        source = WordPress(allow_private=True, backoff=QUICK)
        return source.connect(tenant, SyncOptions(batch_size=batch_size), StopSignal())

    return open_site
