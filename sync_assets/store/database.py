"""Connections to PostgreSQL: as one tenant, as the control role, as the owner."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.store.arrays import teach
from sync_assets.store.idle import mind_idle

Driver = psycopg.Connection[tuple[Any, ...]]
"""A connection of psycopg."""

OLDEST = 15
"""PostgreSQL 15: the first with security-invoker views and UNIQUE NULLS NOT DISTINCT."""

# The role is named again, should a careless transaction have left another one on the connection.
# The lock is shared by all of a tenant's transactions; only a purge takes it for itself.
_AS_TENANT = """
    SELECT set_config('role', 'sync_assets_sync', true),
      set_config('sync_assets.tenant_id', %(tenant)s, true),
      pg_advisory_xact_lock_shared(hashtextextended(%(tenant)s, 0))
"""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:tenant, 0))")
_JOINS = """
    SELECT set_config('enable_nestloop', %(others)s, true),
      set_config('enable_mergejoin', %(others)s, true)
"""
_AS_CONTROL = "SELECT set_config('role', 'sync_assets_control', true)"
_UNHURRIED = f"{_AS_CONTROL}, set_config('synchronous_commit', 'off', true)"


LOCK_TIMEOUT = 15
"""Seconds to wait for a row that somebody else has locked."""

_NETWORK = {  # a server that vanished without a word is noticed within half a minute
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


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
            # An editor's forgotten transaction must not hold up a sync, and with it a sweep.
            f" -c lock_timeout={LOCK_TIMEOUT}s"
        )
        self.engine: Engine = create_engine(
            self._url,
            pool_size=20,
            max_overflow=5,
            hide_parameters=True,  # they hold credentials and contents
            connect_args={"options": options, **_NETWORK},
        )
        event.listen(self.engine, "connect", teach)
        mind_idle(self.engine)

    @contextmanager
    def as_tenant(self, tenant_id: str) -> Generator[Connection]:
        """A transaction that sees and writes this tenant's rows only."""
        with self._transaction() as connection:
            driver(connection).execute(_AS_TENANT, {"tenant": tenant_id})
            yield connection

    @contextmanager
    def tenant_on(self, connection: Connection, tenant_id: str) -> Generator[None]:
        """A transaction of this tenant on a connection that is kept, reconnected where lost."""
        if connection.invalidated:
            connection.rollback()
        with _translated(), connection.begin(), _dropped_by_interrupts(connection):
            driver(connection).execute(_AS_TENANT, {"tenant": tenant_id})
            yield

    def connect(self) -> Connection:
        """A connection to be kept for a while, for `tenant_on`."""
        with _translated():
            return self.engine.connect()

    @contextmanager
    def as_control(self, *, flush: bool = True) -> Generator[Connection]:
        """A transaction that sees tenants, syncs and statistics of all, and no content.

        Without `flush` its end does not wait for the disk; the next one that does takes it along.
        """
        with self._transaction() as connection:
            driver(connection).execute(_AS_CONTROL if flush else _UNHURRIED)
            yield connection

    @contextmanager
    def as_control_on(self, transaction: Connection | None) -> Generator[Connection]:
        """The control role's transaction that is under way and its owner's to end, or a new one."""
        if transaction is not None:
            yield transaction
            return
        with self.as_control() as connection:
            yield connection

    @contextmanager
    def alone_with(self, tenant_id: str) -> Generator[Connection]:
        """A transaction of the control role, while no other works on this tenant."""
        with self.as_control() as connection:
            connection.execute(_ALONE, {"tenant": tenant_id})
            yield connection

    @contextmanager
    def as_owner(self) -> Generator[Connection]:
        """A transaction of the owner, for migrations and checks."""
        engine = create_engine(self._url, hide_parameters=True, connect_args=_NETWORK)
        try:
            with _translated(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def outside_transactions(self) -> Generator[Connection]:
        """The owner's connection for what PostgreSQL does in no transaction, each by itself."""
        engine = create_engine(
            self._url,
            hide_parameters=True,
            connect_args=_NETWORK,
            isolation_level="AUTOCOMMIT",
        )
        try:
            with _translated(), engine.connect() as connection:
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
        with (
            _translated(),
            self.engine.begin() as connection,
            _dropped_by_interrupts(connection),
        ):
            yield connection


def driver(connection: Connection) -> Driver:
    """The driver's own connection, for what is done often: SQLAlchemy takes four times as long."""
    return cast(Driver, connection.connection.driver_connection)


@contextmanager
def by_hashing(connection: Driver) -> Generator[None]:
    """Compare two tables by hashing them, also where PostgreSQL takes them for small.

    It knows nothing of a table until a minute after its first load. Nested loops then look at each
    row of one for each row of the other, and so does a merge by a column that is the same in all
    rows, such as the set: 12 s for 20,000 of them, instead of 20 ms.
    """
    connection.execute(_JOINS, {"others": "off"})
    yield
    connection.execute(_JOINS, {"others": "on"})


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


_CANCELLED_WITHIN = 2.0  # seconds


@contextmanager
def _dropped_by_interrupts(connection: Connection) -> Generator[None]:
    """An interrupt leaves the driver in the middle of a command: nothing more can be said there.

    The server is told, which otherwise would keep its locks until the command has had its turn.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException:
        with suppress(psycopg.Error):
            driver(connection).cancel_safe(timeout=_CANCELLED_WITHIN)
        connection.invalidate()
        raise


_WAITING_HELPS = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE: connection, rollback, resources, locks, shutdown and cancelling."""


@contextmanager
def _translated() -> Generator[None]:
    """Errors of PostgreSQL by who acts; a violated constraint is left to whoever expects one."""
    try:
        yield
    except (IntegrityError, psycopg.IntegrityError):
        raise
    except (DBAPIError, psycopg.Error) as error:
        raise _named(error) from error


def _named(error: DBAPIError | psycopg.Error) -> RetryLater | OperatorMustAct:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = str(getattr(cause, "sqlstate", None) or "")
    line = str(cause).strip().partition("\n")[0]
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return RetryLater(
            f"Somebody's open transaction locks rows that a sync has to write ({line}). "
            "The next sync tries again; look for it in pg_stat_activity."
        )
    if not lost and not code and isinstance(error, DBAPIError):  # it never was connected
        return RetryLater(
            f"PostgreSQL does not answer: {line.rstrip('.')}. Check DATABASE_URL, or unset it to "
            "use the embedded server."
        )
    if lost or not code or code.startswith(_WAITING_HELPS):
        return RetryLater(f"PostgreSQL does not answer as it should: {line}")
    return OperatorMustAct(f"PostgreSQL refused a statement ({code}): {line}")
