"""Two organizations with a tenant and keys each, and the app."""

import socket
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.gateway.app import create_app
from sync_assets.gateway.knocks import Knocks
from sync_assets.gateway.limits import Limits
from sync_assets.gateway.server import Protocol, config

SECRET = "planted-secret-of-the-site"  # noqa: S105 - looked for in answers and logs


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization with one tenant, and the texts of its keys."""

    name: str
    tenant: str
    reader: str
    syncer: str
    admin: str


def organization(platform: Platform, name: str, tenant: str) -> Organization:
    """Register a tenant of a new organization, and make keys."""
    credentials = Credentials(f"user-of-{name}", SECRET)
    url = f"http://{tenant}.invalid"
    platform.tenants.add(Tenant(tenant, "wordpress", name, url, credentials))

    def key(scope: Scope) -> str:
        return platform.keys.add(name, [scope], name=scope.value)[1]

    return Organization(name, tenant, key(Scope.READ), key(Scope.SYNC), key(Scope.ADMIN))


def bearer(key: str) -> dict[str, str]:
    """The header that a call with this key has."""
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def ours(platform: Platform) -> Organization:
    """The organization `ours` with the tenant `ours-site`."""
    return organization(platform, "ours", "ours-site")


@pytest.fixture
def theirs(platform: Platform) -> Organization:
    """Another one."""
    return organization(platform, "theirs", "theirs-site")


@pytest.fixture
def app(platform: Platform) -> FastAPI:
    """The app over the platform of this test."""
    return create_app(platform)


@pytest.fixture
def still(app: FastAPI) -> None:
    """Limits that are filled up again at no time, however slow the machine."""
    app.state.limits = Limits(600, lambda: 0.0)
    app.state.knocks = Knocks(lambda: 0.0)


@pytest.fixture
def address(app: FastAPI) -> Generator[str]:
    """Where the app is served, by the real server."""
    with served(app) as url:
        yield url


@contextmanager
def served(app: ASGIApp, protocol: type[Protocol] = Protocol) -> Generator[str]:
    """Serve an app in a thread; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        server = uvicorn.Server(config(app, host, port, protocol))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()


Client = Callable[[str], httpx.Client]


@pytest.fixture
def client(address: str) -> Generator[Client]:
    """Makes clients with a key; without one for ''."""
    with ExitStack() as stack:

        def make(key: str) -> httpx.Client:
            headers = bearer(key) if key else {}
            return stack.enter_context(httpx.Client(base_url=address, headers=headers, timeout=30))

        yield make
