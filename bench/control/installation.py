"""An installation as `sync-assets dev` makes it: a database, the platform, Dagster's services."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

from bench.control import processes
from bench.postgres import Server
from sync_assets.bootstrap import Platform
from sync_assets.cli import children
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.environment import environment
from sync_assets.settings import Settings

KEY = "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS1iZW5jaCE="
ORGANIZATIONS = 10
_PATIENCE = 600  # seconds until something that does not come is given up

Found = TypeVar("Found")


class Failed(Exception):
    """Something did not do its work, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds since the processes started: Dagster's with the run workers, PostgreSQL's."""

    services: float
    postgres: float

    @property
    def total(self) -> float:
        """Both."""
        return self.services + self.postgres

    def since(self, before: "Cpu") -> "Cpu":
        """What was spent since then."""
        return Cpu(self.services - before.services, self.postgres - before.postgres)


@dataclass(slots=True)
class Installation:
    """A database of its own with tenants in it; the services are there while they are started."""

    server: Server
    platform: Platform
    url: str
    home: Path
    services: list[children.Child] = field(default_factory=list)

    def query(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """All rows, as the owner, whom row security does not bind."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            result = connection.execute(statement, parameters)
            return result.fetchall() if result.description else []

    def register(self, count: int, site: str) -> list[str]:
        """Tenants whom only this benchmark asks for: no schedule does, nor the sensor for new ones.

        Returns:
            Their ids.
        """
        credentials = Credentials("bench", "any password")
        ids = [f"tenant-{number:03}" for number in range(count)]
        for number, tenant in enumerate(ids):
            organization = f"org-{number % ORGANIZATIONS}"
            self.platform.tenants.add(
                Tenant(tenant, "wordpress", organization, f"{site}/{tenant}", credentials)
            )
        self.query("UPDATE sync.tenants SET schedule = 'off', changed_at = '-infinity'")
        return ids

    def variables(self) -> dict[str, str]:
        """What its processes find in their environment."""
        return {
            **environment(self.platform),
            "SYNC_ASSETS_ALLOW_PRIVATE_URLS": "true",
            "SYNC_ASSETS_EMBEDDINGS": "false",  # they have a benchmark of their own
            "SYNC_ASSETS_SECRET_KEY": KEY,
        }

    def cpu(self) -> Cpu:
        """What has been spent so far."""
        return Cpu(
            processes.cpu(child.process.pid for child in self.services),
            processes.cpu([self.server.postmaster]),
        )

    def workers(self) -> int:
        """How many run workers there are."""
        return processes.workers(child.process.pid for child in self.services)


@contextmanager
def installed(server: Server, folder: Path, name: str) -> Iterator[Installation]:
    """A fresh database and home, at the newest schema."""
    url, home = server.fresh(name), folder / name
    home.mkdir()
    given = {"DATABASE_URL": url, "home": home, "secret_key": KEY, "allow_private_urls": True}
    platform = Platform(Settings(**given, embeddings=False))
    try:
        yield Installation(server, platform, url, home)
    finally:
        platform.close()
        server.drop(name)


@contextmanager
def running(installation: Installation, interval: int, port: int) -> Iterator[None]:
    """The webserver and the daemon, from the first look at the requests on, until the block ends.

    Args:
        installation: whose they are.
        interval: seconds between two looks, as the operator would set them.
        port: of the webserver.
    """
    variables = {**installation.variables(), "SYNC_ASSETS_REQUEST_INTERVAL": str(interval)}

    def start(name: str, *command: str) -> None:
        log = installation.home / "logs" / f"{name}.log"
        child = children.start(name, children.script(*command), log, variables)
        installation.services.append(child)

    workspace = ("-w", "workspace.yaml")
    try:
        start("webserver", "dagster-webserver", "-h", "127.0.0.1", "-p", str(port), *workspace)
        until(lambda: _answers(port), "the webserver answers")
        ticks = _ticks(installation)
        start("daemon", "dagster-daemon", "run", *workspace)
        until(lambda: _ticks(installation) > ticks, "the sensor looks at the requests")
        yield
    finally:
        children.stop(installation.services)
        installation.services.clear()


def until(look: Callable[[], Found], what: str, every: float = 0.2) -> Found:
    """Looks again until there is something; gives it."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise Failed(f"Not within {_PATIENCE} s: {what}.")
        time.sleep(every)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ticks_since(installation: Installation, moment: float) -> Sequence[float]:
    """When the sensor `requests` looked, from a moment on (seconds since 1970)."""
    rows = installation.query(
        "SELECT extract(epoch FROM timestamp AT TIME ZONE 'UTC')::float FROM dagster.job_ticks "
        "WHERE tick_body::jsonb->>'job_name' = 'requests' ORDER BY timestamp"
    )
    return [at for (at,) in rows if at >= moment]


def _ticks(installation: Installation) -> int:
    return installation.query("""
        SELECT count(*) FROM dagster.job_ticks
        WHERE tick_body::jsonb->>'job_name' = 'requests' AND status <> 'STARTED'
    """)[0][0]


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/server_info", timeout=1) as response:
            return response.status == 200
    except (URLError, OSError):
        return False
