"""The PostgreSQL that all write to: a database for each contender, and the server's CPU."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from sync_assets.store import embedded

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
# Rows of a program's own account of its runs, as opposed to the site's records.
BOOKKEEPING = r"schemaname = 'sync' OR relname LIKE '\_dlt%' OR relname LIKE 'alembic%'"
WRITTEN = f"""
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del) FILTER (WHERE NOT ({BOOKKEEPING})), 0),
           coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del) FILTER (WHERE {BOOKKEEPING}), 0)
    FROM pg_stat_user_tables
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Written:
    """Rows inserted, updated and deleted so far, by PostgreSQL's own count."""

    content: int
    bookkeeping: int


class Server:
    """A PostgreSQL on this machine, entered as a superuser."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url, autocommit=True) as connection:
            self.version = str(connection.execute("SHOW server_version").fetchone()[0])
            # A backend's parent is the postmaster.
            self.postmaster = _parent(connection.info.backend_pid)

    def still(self) -> None:
        """No autovacuum: it would be charged to whoever runs when it happens to wake up."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")

    def url_of(self, database: str) -> str:
        """The same server, another database, as a URL."""
        base, _, options = self.url.partition("?")
        return base.rsplit("/", 1)[0] + "/" + database + (f"?{options}" if options else "")

    def fresh(self, database: str) -> str:
        """An empty database of that name; returns its URL."""
        self.drop(database)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url_of(database)

    def drop(self, database: str) -> None:
        """Removes the database, if it is there."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(database)))

    def settle(self, database: str) -> None:
        """What an hour between two runs would do: vacuum, analyze, write dirty pages."""
        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    def written(self, database: str) -> Written:
        """Counts since the database was made."""
        with psycopg.connect(self.url_of(database)) as connection:
            content, bookkeeping = connection.execute(WRITTEN).fetchone()
            return Written(int(content), int(bookkeeping))

    def count(self, database: str, table: str) -> int:
        """How many rows the table has."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
        with psycopg.connect(self.url_of(database)) as connection:
            return connection.execute(statement).fetchone()[0]

    def cpu(self) -> float:
        """CPU seconds of the server since it started, once all its clients are gone.

        The postmaster's own, its living children's, and those of the children it has reaped.
        """
        for _ in range(100):
            if not self._has_clients():
                break
            time.sleep(0.02)
        living = [pid for pid in _processes() if _parent(pid) == self.postmaster]
        ticks = sum(_times(self.postmaster)) + sum(sum(_times(pid)[:2]) for pid in living)
        return ticks * TICK

    def _has_clients(self) -> bool:
        others = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        with psycopg.connect(self.url) as connection:
            return connection.execute(others).fetchone()[0] > 0


@contextmanager
def own_server(folder: Path, url: str | None) -> Iterator[Server]:
    """The server at `url` as it is, or a new embedded one under `folder`, until the block ends."""
    if url:
        yield Server(url)
        return
    home = folder / "server"
    home.mkdir()
    server = embedded.ensure_running(home)
    try:
        fresh = Server(server.url("postgres"))
        fresh.still()
        yield fresh
    finally:
        embedded.stop(home)


def process_cpu(pid: int) -> float:
    """CPU seconds of one living process."""
    return sum(_times(pid)[:2]) * TICK


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 20  # it ended meanwhile: its parent's sums have it
    return text.rpartition(") ")[2].split()  # fields from the third on; a name may hold spaces


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _times(pid: int) -> list[int]:
    """Ticks: user, system, and both again for reaped children."""
    return [int(field) for field in _stat(pid)[11:15]]
