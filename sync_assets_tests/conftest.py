"""Fixtures that every test may use: a PostgreSQL server, a fresh database, a demo site."""

import tempfile
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.sql import SQL, Composed, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets.store.database import Database
from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.migrate import migrate

TEMPLATE = "sync_assets_template"


@pytest.fixture(scope="session")
def postgres() -> Generator[EmbeddedServer]:
    """An embedded server for this run alone; fast, because it may lose everything."""
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
    _owner(postgres, SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
    database = Database(postgres.url(TEMPLATE))
    migrate(database)
    database.close()
    return TEMPLATE


@pytest.fixture
def database_url(postgres: EmbeddedServer, template: str) -> Generator[str]:
    """The owner's URL of a database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    names = {"name": Identifier(name), "template": Identifier(template)}
    _owner(postgres, SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
    try:
        yield postgres.url(name)
    finally:
        _owner(postgres, SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a test: its own database and home, private addresses allowed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SYNC_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "true")
    monkeypatch.setenv("SYNC_ASSETS_SECRET_KEY", "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE=")
    return Settings()


@pytest.fixture
def platform(settings: Settings) -> Generator[Platform]:
    """The whole program on a database of this test's own."""
    platform = Platform(settings)
    yield platform
    platform.close()


@pytest.fixture
def demo_site() -> Generator[DemoSite]:
    """The bundled site, with its recorded content."""
    with DemoSite.start() as demo:
        yield demo


@pytest.fixture
def empty_site() -> Generator[DemoSite]:
    """The bundled site without any content."""
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


def _owner(server: EmbeddedServer, statement: Composed) -> None:
    """Run a statement on the server, outside of any transaction."""
    with server.connect() as connection:
        connection.execute(statement)
