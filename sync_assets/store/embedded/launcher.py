"""The home's server for everybody else: any number of processes and threads, one server."""

import logging
import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from sync_assets.store.embedded import locks, ports, processes
from sync_assets.store.embedded.attach import attach, complete
from sync_assets.store.embedded.place import FALLBACK, Place, find, settle
from sync_assets.store.embedded.server import HOST, ROLE, EmbeddedPostgresError, EmbeddedServer
from sync_assets.store.embedded.start import PATIENCE, start

_logger = logging.getLogger(__name__)


def ensure_running(
    home: Path, *, durable: bool = True, fallback: Path = FALLBACK
) -> EmbeddedServer:
    """Start the home's server, or attach to it; safe from several processes and threads at once.

    The server outlives this process, until `stop`.

    Args:
        home: SYNC_ASSETS_HOME; created if missing.
        durable: False trades safety after a power cut for speed, for tests. A server that runs
            already stays as it was started.
        fallback: as root only, where the cluster goes when PostgreSQL's account cannot enter home.

    Raises:
        EmbeddedPostgresError: it cannot be started or reached.
    """
    with _explained(home):
        place = find(home)
        server = attach(place)
        if server is not None:
            return complete(server)
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        place.folder.mkdir(mode=0o700, exist_ok=True)
        with locks.exclusive(place.starting):
            server = start(settle(find(home), fallback), durable=durable)
            return complete(server)


def running(home: Path) -> EmbeddedServer | None:
    """The home's server, if it accepts connections. Never starts or creates anything.

    Raises:
        EmbeddedPostgresError: there is one, but its files are not ours to read.
    """
    with _explained(home):
        return attach(find(home))


def stop(home: Path) -> bool:
    """Stop the home's server: disconnect everybody, write a checkpoint, wait for its end.

    Returns:
        Whether there was something to stop.

    Raises:
        EmbeddedPostgresError: it does not end.
    """
    with _explained(home):
        if not find(home).folder.exists():
            return False
        with locks.exclusive(find(home).starting):
            return _stop(find(home))


def owns(home: Path, url: str) -> bool:
    """Whether the URL, of any driver, points at the home's embedded server. Never starts it.

    The superuser's password tells, also while the server is stopped; the URL of another role counts
    only while the server runs, since the port alone may be a stranger's by now.
    """
    with _explained(home):
        parts = urlsplit(url)
        place = find(home)
        if not parts.scheme.startswith("postgres") or parts.hostname not in {HOST, "localhost"}:
            return False
        port = ports.kept(place.port)
        if port is None or port != _port(url):
            return False
        if parts.username == ROLE:
            return parts.password == place.password()
        return attach(place) is not None


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:  # not a number
        return None


def _stop(place: Place) -> bool:
    pid = processes.postmaster(place.data)
    if pid is not None:
        os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
    elif not processes.end_orphans(place.data):
        return False
    deadline = time.monotonic() + PATIENCE
    while processes.postmaster(place.data) or not locks.is_free(place.in_use):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"The PostgreSQL of {place.data} did not stop within {PATIENCE:.0f} s. "
                f"It may be writing a large checkpoint: wait, or read {place.log}."
            )
        time.sleep(0.02)
    _logger.info("Stopped the embedded PostgreSQL of %s.", place.home)
    return True


@contextmanager
def _explained(home: Path) -> Generator[None]:
    """Say of which home the operating system or the database complains, and what to do."""
    try:
        yield
    except (OSError, psycopg.Error) as error:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL of {home} cannot be used: {error}. Put that right, choose "
            "another SYNC_ASSETS_HOME, or set DATABASE_URL to a PostgreSQL server of yours."
        ) from error
