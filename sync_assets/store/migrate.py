"""Brings a database to the newest schema, and says clearly why where it cannot."""

from pathlib import Path

import psycopg

from sync_assets.core.errors import OperatorMustAct
from sync_assets.store.address import Address
from sync_assets.store.connection import Connection
from sync_assets.store.database import OLDEST, Database

_LOCK = 0x73796E63  # "sync": one migration at a time in one database
_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; does nothing when it is there.

    Raises:
        OperatorMustAct: the server is too old, lacks pgvector or rights, or is newer than us.
    """
    with database.outside_transactions() as connection:
        _check_version(connection)
        try:
            _upgrade(connection, database.address)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _lacks_rights(error, database.address) from error


def _upgrade(connection: Connection, address: Address) -> None:
    connection.execute("SELECT pg_advisory_lock(%(key)s)", {"key": _LOCK})
    present = revision(connection)
    if present == newest():
        return
    _check_known(present)
    _check_vector(connection)
    _run_alembic(address)


def _run_alembic(address: Address) -> None:
    """On a connection of its own, while the lock is held by ours, which ends with it."""
    # Alembic and SQLAlchemy take longer to load than most commands to run, and are rarely needed.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["address"] = address
    try:
        command.upgrade(config, "head")
    except DBAPIError as error:
        raise (error.orig or error) from error


def newest() -> str:
    """The revision that this version of the program works with."""
    return max(_revisions())


def _revisions() -> set[str]:
    """All that this version knows: the numbers that the migrations' files begin with."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return {file.name.partition("_")[0] for file in files}


def revision(connection: Connection) -> str | None:
    """The database's revision, None before the first migration."""
    exists = connection.execute("SELECT to_regclass('sync.alembic_version')").scalar()
    if exists is None:
        return None
    return connection.execute("SELECT version_num FROM sync.alembic_version").scalar()


def _check_version(connection: Connection) -> None:
    version = connection.execute("SHOW server_version_num").scalar_one()
    if int(version) < OLDEST * 10_000:
        major = int(version) // 10_000
        raise OperatorMustAct(
            f"This is PostgreSQL {major}; sync-assets needs {OLDEST} or newer. "
            "Upgrade the server, or unset DATABASE_URL to use the embedded one."
        )


def _check_vector(connection: Connection) -> None:
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
    if connection.execute(query).scalar() is None:
        raise OperatorMustAct(
            "This PostgreSQL has no pgvector. Install it on the server (Debian: "
            "postgresql-NN-pgvector), or unset DATABASE_URL to use the embedded server."
        )


def _check_known(present: str | None) -> None:
    if present is not None and present not in _revisions():
        raise OperatorMustAct(
            f"The database is at revision {present}, which this version of sync-assets does not "
            "know. It was made by a newer version: install that one."
        )


def _lacks_rights(error: psycopg.Error, address: Address) -> OperatorMustAct:
    reason = str(error).strip().partition("\n")[0]
    return OperatorMustAct(
        f"The user of {address.shown} lacks rights to set up the database ({reason}). It needs "
        "CREATE on the database, CREATEROLE, and the right to create the extension vector; or let "
        "an administrator run 'alembic upgrade head' and "
        f"'GRANT sync_assets_sync, sync_assets_control TO {address.user}' once."
    )
