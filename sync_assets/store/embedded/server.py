"""The server as its users see it, and the one way in that we trust."""

from dataclasses import dataclass, field
from pathlib import Path

import psycopg

ROLE = "sync_assets"
DATABASES = ("sync_assets", "dagster")
HOST = "127.0.0.1"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do next."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running embedded PostgreSQL."""

    home: Path
    port: int
    password: str = field(repr=False)

    def url(self, database: str = "sync_assets") -> str:
        """The address of a database, for the superuser `sync_assets`; it holds the password."""
        return f"postgresql://{ROLE}:{self.password}@{HOST}:{self.port}/{database}"

    def connect(self) -> psycopg.Connection:
        """Open an autocommit connection to the maintenance database.

        Raises:
            psycopg.OperationalError: nothing there lets us in.
        """
        return psycopg.connect(
            self.url("postgres"),
            autocommit=True,
            connect_timeout=5,
            # In SCRAM the server, too, proves that it knows the password: a stranger cannot.
            require_auth="scram-sha-256",
            # The binaries have neither; an operator's PGSSLMODE must not get in the way.
            sslmode="disable",
            gssencmode="disable",
        )
