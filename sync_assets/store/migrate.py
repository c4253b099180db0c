"""Brings a database to the newest schema, and says clearly why where it cannot."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sync_assets.core.errors import OperatorMustAct
from sync_assets.store.database import OLDEST, Database

_LOCK = 0x73796E63  # "sync": one migration at a time in one database
_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; does nothing when it is there.

    Raises:
        OperatorMustAct: the server is too old, lacks pgvector or rights, or is newer than us.
    """
    with database.as_owner() as connection:
        _check_version(connection)
        try:
            _upgrade(connection)
        except DBAPIError as error:
            raise _explained(error, database) from error


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    present = revision(connection)
    if present == newest():
        return
    _check_known(present)
    _check_vector(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newest() -> str | None:
    """The revision that this version of the program works with."""
    return _script().get_current_head()


def revision(connection: Connection) -> str | None:
    """The database's revision, None before the first migration."""
    exists = connection.execute(text("SELECT to_regclass('sync.alembic_version')")).scalar()
    if exists is None:
        return None
    return connection.execute(text("SELECT version_num FROM sync.alembic_version")).scalar()


def _check_version(connection: Connection) -> None:
    version = connection.execute(text("SHOW server_version_num")).scalar_one()
    if int(version) < OLDEST * 10_000:
        major = int(version) // 10_000
        raise OperatorMustAct(
            f"This is PostgreSQL {major}; sync-assets needs {OLDEST} or newer. "
            "Upgrade the server, or unset DATABASE_URL to use the embedded one."
        )


def _check_vector(connection: Connection) -> None:
    query = text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
    if connection.execute(query).scalar() is None:
        raise OperatorMustAct(
            "This PostgreSQL has no pgvector. Install it on the server (Debian: "
            "postgresql-NN-pgvector), or unset DATABASE_URL to use the embedded server."
        )


def _check_known(present: str | None) -> None:
    if present is not None and present not in {s.revision for s in _script().walk_revisions()}:
        raise OperatorMustAct(
            f"The database is at revision {present}, which this version of sync-assets does not "
            "know. It was made by a newer version: install that one."
        )


def _explained(error: DBAPIError, database: Database) -> OperatorMustAct | DBAPIError:
    if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
        return error
    reason = str(error.orig).strip().partition("\n")[0]
    return OperatorMustAct(
        f"The user of {database.shown} lacks rights to set up the database ({reason}). It needs "
        "CREATE on the database, CREATEROLE, and the right to create the extension vector; or let "
        "an administrator run 'alembic upgrade head' and "
        f"'GRANT sync_assets_sync, sync_assets_control TO {database.user}' once."
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
