"""What the processes of Dagster find in their environment."""

from sync_assets.bootstrap import Platform
from sync_assets.settings import PROJECT
from sync_assets.store.address import Address
from sync_assets.store.database import Database

_SCHEMA_LOCK = 0x64616773  # "dags": two commands may come at once


def environment(platform: Platform) -> dict[str, str]:
    """The variables that Dagster's processes need, and this program's in them."""
    home = platform.settings.home
    _make_dagster_schema(platform.database)
    return {
        "DAGSTER_HOME": str(PROJECT),
        "DATABASE_URL": platform.database_url,
        "SYNC_ASSETS_HOME": str(home),
        "SYNC_ASSETS_DAGSTER_URL": _dagster_url(platform.database.address),
        "SYNC_ASSETS_COMPUTE_LOGS": str(home / "compute_logs"),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",  # a sweep stores what it has synced together
    }


def _make_dagster_schema(database: Database) -> None:
    """Make the schema for Dagster's tables, which Dagster makes itself, if it is missing."""
    with database.as_owner() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _SCHEMA_LOCK})
        # Looked for first: IF NOT EXISTS wants the right to create even where there is nothing to.
        if connection.execute("SELECT to_regnamespace('dagster')").scalar() is None:
            connection.execute("CREATE SCHEMA dagster")


def _dagster_url(address: Address) -> str:
    """The database for `dagster-postgres`: by psycopg2, in the schema `dagster`."""
    options = f"{address.options.get('options', '')} -csearch_path=dagster".strip()
    return address.url("psycopg2", options=options)
