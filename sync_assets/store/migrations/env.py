"""Runs the migrations, for `alembic upgrade head` and for the program itself."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from sync_assets.settings import Settings
from sync_assets.store.database import driver_url


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        version_table_schema="sync",
        include_schemas=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS sync"))
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with create_engine(driver_url(Settings().required_database_url())).begin() as own:
        _migrate(own)
