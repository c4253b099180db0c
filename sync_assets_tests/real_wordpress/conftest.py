"""The stack starts once a session, in a few seconds; every test of this folder is marked."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.settings import Settings
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.real_wordpress.mirror import Mirror
from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.stack import Stack

HERE = Path(__file__).parent
SMALL = {"posts": 60, "pages": 8, "media": 6, "categories": 6, "tags": 4, "eventos": 4}


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


@pytest.fixture(scope="session")
def cms(
    postgres: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """The whole program on one database, for all tenants of the session."""
    create = SQL("CREATE DATABASE wordpress TEMPLATE {}").format(Identifier(template))
    with postgres.connect() as connection:
        connection.execute(create)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", postgres.url("wordpress"))
        patch.setenv("SYNC_ASSETS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "true")
        patch.setenv("SYNC_ASSETS_SECRET_KEY", "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE=")
        platform = Platform(Settings())
    yield platform
    platform.close()


@pytest.fixture(scope="session")
def mirror_of(cms: Platform) -> Callable[..., Mirror]:
    """Seeds a site and registers its tenant: `mirror_of(site, posts=50)`; nothing is synced yet."""

    def make(
        site: WordPressSite, *, public: bool = False, post_types: str = "eventos", **counts: int
    ) -> Mirror:
        credentials = None if public else Credentials(site.username, site.application_password)
        settings = {"post_types": post_types}
        tenant = Tenant(site.name, "wordpress", "agency", site.url, credentials, settings)
        cms.tenants.add(tenant)
        return Mirror(cms, site, site.seed(hostile=True, **counts), tenant)

    return make


@pytest.fixture(scope="session", params=["sao_paulo", "tokyo"])
def mirror(request: pytest.FixtureRequest, mirror_of: Callable[..., Mirror]) -> Mirror:
    """A site with more than 2,000 posts, synced; each test leaves both sides equal."""
    mirror = mirror_of(request.getfixturevalue(request.param))
    mirror.begin()
    return mirror


@pytest.fixture(scope="module")
def small(new_site: Callable[..., WordPressSite], mirror_of: Callable[..., Mirror]) -> Mirror:
    """A site of the module's own with 60 posts, synced."""
    mirror = mirror_of(new_site(), **SMALL)
    mirror.begin()
    return mirror
