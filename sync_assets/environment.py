"""What the processes of Dagster find in their environment."""

from sqlalchemy import text

from sync_assets.bootstrap import Platform
from sync_assets.settings import PROJECT
from sync_assets.store.database import Database, driver_url

_SCHEMA_LOCK = 0x64616773  # "dags": two commands may come at once


def environment(platform: Platform) -> dict[str, str]:
    """The variables that Dagster's processes need, and this program's in them."""
    home = platform.settings.home
    _make_dagster_schema(platform.database)
    return {
        "DAGSTER_HOME": str(PROJECT),
        "DATABASE_URL": platform.database_url,
        "SYNC_ASSETS_HOME": str(home),
        "SYNC_ASSETS_DAGSTER_URL": _dagster_url(platform.database_url),
        "SYNC_ASSETS_COMPUTE_LOGS": str(home / "compute_logs"),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",  # a sweep stores what it has synced together
    }


def _make_dagster_schema(database: Database) -> None:
    """Make the schema for Dagster's tables, which Dagster makes itself, if it is missing."""
    with database.as_owner() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        # Looked for first: IF NOT EXISTS wants the right to create even where there is nothing to.
        if connection.execute(text("SELECT to_regnamespace('dagster')")).scalar() is None:
            connection.execute(text("CREATE SCHEMA dagster"))


def _dagster_url(url: str) -> str:
    """The database for `dagster-postgres`: by psycopg2, in the schema `dagster`."""
    parsed = driver_url(url).set(drivername="postgresql+psycopg2")
    given = " ".join(parsed.normalized_query.get("options", ()))
    options = f"{given} -csearch_path=dagster".strip()
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)
