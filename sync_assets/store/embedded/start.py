"""Start the home's server, from whatever state the last one was left in."""

import logging
import time
from pathlib import Path
from typing import IO

from sync_assets.store.embedded import binaries, cluster, locks, ports, processes
from sync_assets.store.embedded.account import Account
from sync_assets.store.embedded.attach import attach
from sync_assets.store.embedded.place import Place
from sync_assets.store.embedded.server import HOST, EmbeddedPostgresError, EmbeddedServer

PATIENCE = 120.0  # seconds: recovery after a crash in the middle of a large load takes its time

_logger = logging.getLogger(__name__)


def start(place: Place, *, durable: bool) -> EmbeddedServer:
    """Start the server, or attach to one that was starting already. Only under the starting lock.

    Raises:
        EmbeddedPostgresError: it does not start, or what runs does not let us in.
    """
    begin = _log_size(place)
    for _ in range(3):
        with locks.opened(place.in_use) as in_use:
            server = _attach_unless_taken(place, in_use)
            if server is not None:
                return server
            port = _launch(place, in_use.fileno(), durable=durable)
        server = _wait_until_ready(place)
        if server is not None:
            _logger.info("Started the embedded PostgreSQL of %s on port %d.", place.home, port)
            return server
        if ports.is_free(port):
            break  # It was not that somebody took the port between our look and PostgreSQL's.
    raise EmbeddedPostgresError(
        f"PostgreSQL did not start in {place.data}. Put right what its log says and try again. "
        f"{place.log} ends with:\n{place.log_since(begin)}"
    )


def _log_size(place: Place) -> int:
    place.log.touch(mode=0o600)
    return place.log.stat().st_size


def _attach_unless_taken(place: Place, in_use: IO[bytes]) -> EmbeddedServer | None:
    """Take the lock, so that no process of this cluster lives, or return the server that does."""
    deadline = time.monotonic() + PATIENCE
    while not locks.taken(in_use):
        server = attach(place)
        if server is not None:
            return server
        processes.end_orphans(place.data)
        if time.monotonic() > deadline:
            raise _unreachable(place)
        time.sleep(0.05)
    return None


def _unreachable(place: Place) -> EmbeddedPostgresError:
    pid = processes.postmaster(place.data)
    who = f"as process {pid}" if pid else "where we do not see it, perhaps in another container"
    return EmbeddedPostgresError(
        f"The PostgreSQL of {place.data} runs {who}, but accepts no connection on {HOST}. "
        "If it is still recovering, wait and try again; else stop it. "
        f"{place.log} ends with:\n{place.log_since(0)}"
    )


def _launch(place: Place, in_use: int, *, durable: bool) -> int:
    """Make what is missing, leave PostgreSQL starting in the background and return its port."""
    place.remove_unfinished()
    account = Account.of(place.data)
    programs = binaries.usable(binaries.locate(), account, place)
    if not place.data.exists():
        cluster.create(place, programs, account, in_use)
    cluster.check_version(place.data, programs)
    processes.forget_dead_postmaster(place.data)
    port = ports.choose(place.port)
    command = _postgres(programs.program("postgres"), place.data, port, durable=durable)
    with place.log.open("ab") as log:
        # The shell leaves it to init, so it never is our zombie. pg_ctl does the same, but pastes
        # the paths into a shell command, which a path with a quote or a dollar breaks.
        account.run(["/bin/sh", "-c", '"$@" &', "sh", *command], output=log, inherit=[in_use])
    return port


def _postgres(program: Path, data: Path, port: int, *, durable: bool) -> list[str | Path]:
    """The command, with the settings that nobody may override in postgresql.conf."""
    settings = {"port": str(port), "listen_addresses": HOST, "unix_socket_directories": ""}
    if not durable:
        # Commits stay synchronous: that costs nothing without fsync, and they survive a kill.
        settings |= {"fsync": "off", "full_page_writes": "off"}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [program, "-D", data, *options]


def _wait_until_ready(place: Place) -> EmbeddedServer | None:
    """The server, or None if it has ended instead."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        server = attach(place)
        if server is not None:
            return server
        if locks.is_free(place.in_use):
            return None
        time.sleep(0.02)
    raise _unreachable(place)
