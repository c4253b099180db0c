"""Runs the migrations, for `alembic upgrade head` and for the program itself."""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, text

from sync_assets.settings import Settings
from sync_assets.store.address import Address


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


given: Address | None = context.config.attributes.get("address")
address = given or Address.parse(Settings().required_database_url())
engine = create_engine("postgresql+psycopg://", creator=address.connect, poolclass=NullPool)
with engine.begin() as connection:
    _migrate(connection)
