"""Dagster's webserver and daemon as they are in production, on a database of their own."""

import os
import socket
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.cli import children
from sync_assets.demo import DemoSite
from sync_assets.environment import environment
from sync_assets.settings import Settings
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.conftest import register
from sync_assets_tests.end_to_end.graphql import GraphQL, until

KEY = "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE="


@dataclass(frozen=True, slots=True)
class Stack:
    """A running installation.

    Attributes:
        variables: what its processes have in their environment.
        sites: each tenant's site.
    """

    platform: Platform
    dagster: GraphQL
    variables: Mapping[str, str]
    home: Path
    sites: Mapping[str, DemoSite]
    processes: list[children.Child] = field(default_factory=list[children.Child])

    def start(self, name: str, command: Sequence[str], given: str | None = None) -> children.Child:
        """Start a process of the installation, in a group of its own."""
        child = children.start(
            name,
            command,
            self.home / "logs" / f"{name}-{len(self.processes)}.log",
            self.variables,
            given=None if given is None else given.encode(),
        )
        self.processes.append(child)
        return child

    def start_webserver(self) -> children.Child:
        """Start the webserver, at the address that it is asked at."""
        host, port = urlsplit(self.dagster.url).netloc.split(":")
        web = ("-h", host, "-p", port, "-w", "workspace.yaml")
        return self.start("webserver", children.script("dagster-webserver", *web))

    def start_daemon(self) -> children.Child:
        """Start the daemon."""
        daemon = children.script("dagster-daemon", "run", "-w", "workspace.yaml")
        return self.start("daemon", daemon)

    def rows(self, run_id: str) -> int:
        """How many rows of Dagster's event log a run has."""
        query = "SELECT count(*) FROM dagster.event_logs WHERE run_id = %(run)s"
        with self.platform.database.as_owner() as connection:
            return connection.execute(query, {"run": run_id}).scalar_one()

    def owns(self, pid: int) -> bool:
        """Does a process belong to what was started here?"""
        return os.getpgid(pid) in {child.process.pid for child in self.processes}


@contextmanager
def running(
    server: EmbeddedServer, template: str, tenants: Mapping[str, DemoSite]
) -> Generator[Stack]:
    """The installation, its location loaded, these tenants registered and its schedules off."""
    with (
        tempfile.TemporaryDirectory(prefix="sync-assets-stack-") as folder,
        cloned(server, template) as url,
        settled(url, Path(folder)) as platform,
    ):
        for tenant, site in tenants.items():
            register(platform, tenant, site)
        dagster = GraphQL(f"http://127.0.0.1:{free_port()}")
        stack = Stack(platform, dagster, environment(platform), Path(folder), tenants)
        try:
            stack.start_webserver()
            until(dagster.loaded)
            dagster.stop_schedules()
            stack.start_daemon()
            yield stack
        finally:
            children.stop(stack.processes)
        assert not any(child.alive() for child in stack.processes)


@contextmanager
def cloned(server: EmbeddedServer, template: str) -> Generator[str]:
    """The URL of a fresh database at the newest schema."""
    name = f"stack_{uuid4().hex[:12]}"
    names = {"name": Identifier(name), "template": Identifier(template)}
    with server.connect() as connection:
        connection.execute(SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
    try:
        yield server.url(name)
    finally:
        with server.connect() as connection:
            connection.execute(SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@contextmanager
def settled(url: str, home: Path) -> Generator[Platform]:
    """The platform, with the environment that it and its processes read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("SYNC_ASSETS_HOME", str(home))
        patch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "true")
        patch.setenv("SYNC_ASSETS_SECRET_KEY", KEY)
        platform = Platform(Settings())
        try:
            yield platform
        finally:
            platform.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
