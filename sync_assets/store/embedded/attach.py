"""Attach to a server that runs already: its pid file, a connection, and proof that it is ours."""

from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import errors, sql

from sync_assets.store.embedded import processes
from sync_assets.store.embedded.place import Place
from sync_assets.store.embedded.server import DATABASES, EmbeddedServer


def attach(place: Place) -> EmbeddedServer | None:
    """The home's server, if it accepts connections now."""
    port = processes.ready_port(place.data)
    if port is None:
        return None
    server = EmbeddedServer(home=place.home, port=port, password=place.password())
    try:
        with server.connect() as connection:
            return server if _serves(connection, place.data) else None
    except psycopg.OperationalError:  # also when it is told to stop while we look
        return None


def _serves(connection: psycopg.Connection, data: Path) -> bool:
    """Whether it is this cluster's server: a copied home has its original's port and password."""
    row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    return row is not None and Path(row[0]) == data


def complete(server: EmbeddedServer) -> EmbeddedServer:
    """Create those of the server's databases that are missing."""
    with server.connect() as connection:
        present = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in present:
                # Another process that attaches at the same time may be first.
                with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server
