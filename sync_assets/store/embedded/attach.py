"""Attach to a server that runs already: its pid file, a connection, and proof that it is ours."""

from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import errors, sql

from sync_assets.store.embedded import processes
from sync_assets.store.embedded.place import Place
from sync_assets.store.embedded.server import DATABASES, EmbeddedServer


def attach(place: Place, *, complete: bool = False) -> EmbeddedServer | None:
    """The home's server, if it accepts connections now.

    Args:
        place: where.
        complete: also create those of its databases that are missing.
    """
    port = processes.ready_port(place.data)
    if port is None:
        return None
    server = EmbeddedServer(home=place.home, port=port, password=place.password())
    try:
        connection = server.connect()
    except psycopg.OperationalError:
        return None
    with connection:
        if not _serves(connection, place.data):
            return None
        if complete:
            _create_missing_databases(connection)
    return server


def _serves(connection: psycopg.Connection, data: Path) -> bool:
    """Whether it is this cluster's server: a copied home has its original's port and password."""
    row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    return row is not None and Path(row[0]) == data


def _create_missing_databases(connection: psycopg.Connection) -> None:
    present = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    for name in DATABASES:
        if name not in present:
            # Another process that attaches at the same time may be first.
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
