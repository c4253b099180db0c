"""Connections to PostgreSQL: as one tenant, as the control role, as the owner."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from sync_assets.core.errors import OperatorMustAct, RetryLater

OLDEST = 15
"""PostgreSQL 15: the first with security-invoker views and UNIQUE NULLS NOT DISTINCT."""

# The role is named again, should a careless transaction have left another one on the connection.
_AS_TENANT = text("""
    SELECT set_config('role', 'sync_assets_sync', true),
      set_config('sync_assets.tenant_id', :tenant, true)
""")
_AS_CONTROL = text("SELECT set_config('role', 'sync_assets_control', true)")


class Database:
    """One PostgreSQL database.

    Every connection of the pool starts in the role `sync_assets_sync`, which row security binds
    and which sees no row at all until a transaction names its tenant.
    """

    def __init__(self, url: str) -> None:
        """`url`: of the owner, as in DATABASE_URL; nothing is connected yet."""
        self._url = driver_url(url)
        # A statement that waits for somebody's lock ends soon after its process, which was stopped
        # or killed; it would keep the lease's row locked until it had its turn.
        options = (
            "-c role=sync_assets_sync -c timezone=UTC -c application_name=sync_assets"
            " -c client_connection_check_interval=1000"
        )
        self.engine: Engine = create_engine(
            self._url,
            pool_size=5,
            max_overflow=20,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 10},
        )

    @contextmanager
    def as_tenant(self, tenant_id: str) -> Generator[Connection]:
        """A transaction that sees and writes this tenant's rows only."""
        with self._transaction() as connection:
            connection.execute(_AS_TENANT, {"tenant": tenant_id})
            yield connection

    @contextmanager
    def tenant_on(self, connection: Connection, tenant_id: str) -> Generator[None]:
        """A transaction of this tenant on a connection that is kept, reconnected where lost."""
        if connection.invalidated:
            connection.rollback()
        with _translated(), connection.begin():
            connection.execute(_AS_TENANT, {"tenant": tenant_id})
            yield

    @contextmanager
    def as_control(self) -> Generator[Connection]:
        """A transaction that sees tenants, syncs and statistics of all, and no content."""
        with self._transaction() as connection:
            connection.execute(_AS_CONTROL)
            yield connection

    @contextmanager
    def as_owner(self) -> Generator[Connection]:
        """A transaction of the owner, for migrations and checks."""
        engine = create_engine(self._url, connect_args={"connect_timeout": 10})
        try:
            with _translated(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def user(self) -> str:
        """Who connects, as the address names it."""
        return self._url.username or ""

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        with _translated(), self.engine.begin() as connection:
            yield connection


def driver_url(url: str) -> URL:
    """The URL for psycopg 3, whatever driver it named; raises `OperatorMustAct`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise OperatorMustAct(
            "DATABASE_URL cannot be read. It looks like postgresql://user:password@host/database."
        ) from error
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise OperatorMustAct(
            f"DATABASE_URL names {parsed.get_backend_name()}; only PostgreSQL is supported."
        )
    return parsed.set(drivername="postgresql+psycopg")


@contextmanager
def _translated() -> Generator[None]:
    """A lost or refused connection is nobody's mistake: it may be back in a moment."""
    try:
        yield
    except OperationalError as error:
        if error.connection_invalidated or not _has_code(error):
            raise RetryLater(f"PostgreSQL does not answer: {_first_line(error)}") from error
        raise
    except DBAPIError as error:
        if error.connection_invalidated:
            raise RetryLater(f"PostgreSQL went away: {_first_line(error)}") from error
        raise


def _has_code(error: DBAPIError) -> bool:
    """Did the server itself say what is wrong, other than that it is shutting down?"""
    code = getattr(error.orig, "sqlstate", None)
    return code is not None and not str(code).startswith(("08", "57P", "53"))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
