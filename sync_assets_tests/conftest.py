"""Fixtures that every test may use: a PostgreSQL server, a fresh database, a demo site.

Each imports what it needs when it is used: the tests of the pure core load no database driver.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties

from sync_assets.core.tenants import Credentials, Tenant

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform
    from sync_assets.demo import DemoSite
    from sync_assets.settings import Settings
    from sync_assets.store.embedded import EmbeddedServer

TEMPLATE = "sync_assets_template"

# A busy machine is slow, which says nothing of the code; and a test fails for everybody or nobody.
properties.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("steady")


def pytest_configure() -> None:
    """Let SIGINT be heard, which a script that starts us with `&` had switched off.

    Dagster treats SIGTERM as it finds SIGINT: all children would ignore that, too, and be waited
    for in vain.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _without_embeddings() -> Generator[None]:
    """Loading the model takes a second; the tests that embed switch embeddings on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNC_ASSETS_EMBEDDINGS", "false")
        yield


@pytest.fixture(scope="session")
def postgres() -> Generator[EmbeddedServer]:
    """An embedded server for this run alone; fast, because it may lose everything."""
    from sync_assets.store.embedded import ensure_running, stop

    with tempfile.TemporaryDirectory(prefix="sync-assets-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs the tests
        server = ensure_running(home, durable=False)
        try:
            yield server
        finally:
            stop(home)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer) -> str:
    """A database at the newest schema, cloned for each test."""
    from sync_assets.store.database import Database
    from sync_assets.store.migrate import migrate

    _owner(postgres, "CREATE DATABASE {name}", name=TEMPLATE)
    database = Database(postgres.url(TEMPLATE))
    migrate(database)
    database.close()
    return TEMPLATE


@pytest.fixture
def database_url(postgres: EmbeddedServer, template: str) -> Generator[str]:
    """The owner's URL of a database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    _owner(postgres, "CREATE DATABASE {name} TEMPLATE {template}", name=name, template=template)
    try:
        yield postgres.url(name)
    finally:
        _owner(postgres, "DROP DATABASE {name} WITH (FORCE)", name=name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a test: its own database and home, private addresses allowed."""
    from sync_assets.settings import Settings

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SYNC_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "true")
    monkeypatch.setenv("SYNC_ASSETS_SECRET_KEY", "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE=")
    return Settings()


@pytest.fixture
def platform(settings: Settings) -> Generator[Platform]:
    """The whole program on a database of this test's own."""
    from sync_assets.bootstrap import Platform

    platform = Platform(settings)
    yield platform
    platform.close()


@pytest.fixture
def demo_site() -> Generator[DemoSite]:
    """The bundled site, with its recorded content."""
    from sync_assets.demo import DemoSite

    with DemoSite.start() as demo:
        yield demo


@pytest.fixture
def empty_site() -> Generator[DemoSite]:
    """The bundled site without any content."""
    from sync_assets.demo import DemoSite

    with DemoSite.start(seed=False) as demo:
        yield demo


@pytest.fixture
def acme(platform: Platform, demo_site: DemoSite) -> Tenant:
    """A tenant registered for the bundled site, with an administrator's credentials."""
    return register(platform, "acme", demo_site)


def register(platform: Platform, tenant_id: str, site: DemoSite, **settings: str) -> Tenant:
    """Register a tenant of a site with an administrator's credentials."""
    credentials = Credentials(site.username, site.password)
    tenant = Tenant(tenant_id, "wordpress", "agency", site.url, credentials, settings)
    platform.tenants.add(tenant)
    return tenant


def _owner(server: EmbeddedServer, statement: LiteralString, **names: str) -> None:
    """Run a statement on the server, outside of any transaction."""
    from psycopg.sql import SQL, Identifier

    quoted = {key: Identifier(name) for key, name in names.items()}
    with server.connect() as connection:
        connection.execute(SQL(statement).format(**quoted))
