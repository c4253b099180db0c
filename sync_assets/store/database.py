"""Connections to PostgreSQL: as one tenant, as the control role, as the owner."""

from collections.abc import Generator
from contextlib import contextmanager, suppress

import psycopg

from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.store.address import Address
from sync_assets.store.connection import Connection
from sync_assets.store.pool import Kept, Pool

OLDEST = 15
"""PostgreSQL 15: the first with security-invoker views and UNIQUE NULLS NOT DISTINCT."""

# The role is named again, should a careless transaction have left another one on the connection.
# The lock is shared by all of a tenant's transactions; only a purge takes it for itself.
_AS_TENANT = """
    SELECT set_config('role', 'sync_assets_sync', true),
      set_config('sync_assets.tenant_id', %(tenant)s, true),
      pg_advisory_xact_lock_shared(hashtextextended(%(tenant)s, 0))
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s, 0))"
_JOINS = """
    SELECT set_config('enable_nestloop', %(others)s, true),
      set_config('enable_mergejoin', %(others)s, true)
"""
_AS_CONTROL = "SELECT set_config('role', 'sync_assets_control', true)"
_UNHURRIED = f"{_AS_CONTROL}, set_config('synchronous_commit', 'off', true)"


LOCK_TIMEOUT = 15
"""Seconds to wait for a row that somebody else has locked."""


class Database:
    """One PostgreSQL database.

    Every connection of the pool starts in the role `sync_assets_sync`, which row security binds
    and which sees no row at all until a transaction names its tenant.
    """

    def __init__(self, url: str) -> None:
        """`url`: of the owner, as in DATABASE_URL; nothing is connected yet."""
        self.address = Address.parse(url)
        self._pool = Pool(self._open)

    @contextmanager
    def as_tenant(self, tenant_id: str) -> Generator[Connection]:
        """A transaction that sees and writes this tenant's rows only."""
        with self._transaction() as connection:
            connection.execute(_AS_TENANT, {"tenant": tenant_id})
            yield connection

    @contextmanager
    def tenant_on(self, kept: Kept, tenant_id: str) -> Generator[Connection]:
        """A transaction of this tenant on a connection that is kept, reconnected where lost."""
        with _translated(), _transaction(kept.living()) as connection:
            connection.execute(_AS_TENANT, {"tenant": tenant_id})
            yield connection

    def keep(self) -> Kept:
        """A connection to be kept for a while, for `tenant_on`."""
        with _translated():
            return Kept(self._pool)

    @contextmanager
    def as_control(self, *, flush: bool = True) -> Generator[Connection]:
        """A transaction that sees tenants, syncs and statistics of all, and no content.

        Without `flush` its end does not wait for the disk; the next one that does takes it along.
        """
        with self._transaction() as connection:
            connection.execute(_AS_CONTROL if flush else _UNHURRIED)
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
        with (
            _translated(),
            _opened(self.address) as connection,
            _transaction(connection),
        ):
            yield connection

    @contextmanager
    def outside_transactions(self) -> Generator[Connection]:
        """The owner's connection for what PostgreSQL does in no transaction, each by itself."""
        with _translated(), _opened(self.address, autocommit=True) as connection:
            yield connection

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        with (
            _translated(),
            self._pool.connection() as pooled,
            _transaction(pooled) as connection,
        ):
            yield connection

    def _open(self) -> Connection:
        # A statement that waits for somebody's lock ends soon after its process, which was stopped
        # or killed; it would keep the lease's row locked until it had its turn.
        options = (
            "-c role=sync_assets_sync -c timezone=UTC -c application_name=sync_assets"
            " -c client_connection_check_interval=1000"
            # An editor's forgotten transaction must not hold up a sync, and with it a sweep.
            f" -c lock_timeout={LOCK_TIMEOUT}s"
        )
        return _open(self.address, options=options)


@contextmanager
def by_hashing(connection: Connection) -> Generator[None]:
    """Compare two tables by hashing them, also where PostgreSQL takes them for small.

    It knows nothing of a table until a minute after its first load. Nested loops then look at each
    row of one for each row of the other, and so does a merge by a column that is the same in all
    rows, such as the set: 12 s for 20,000 of them, instead of 20 ms.
    """
    connection.execute(_JOINS, {"others": "off"})
    yield
    connection.execute(_JOINS, {"others": "on"})


_CANCELLED_WITHIN = 2.0  # seconds


class _Unreachable(Exception):
    """PostgreSQL could not be connected to."""


def _open(address: Address, *, autocommit: bool = False, **options: str) -> Connection:
    try:
        return Connection.open(address, autocommit=autocommit, **options)
    except psycopg.Error as error:
        raise _Unreachable from error


@contextmanager
def _opened(address: Address, *, autocommit: bool = False) -> Generator[Connection]:
    """A connection of the block's own."""
    connection = _open(address, autocommit=autocommit)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _transaction(connection: Connection) -> Generator[Connection]:
    """A transaction on the connection, which an interrupt drops: in its body, BEGIN or COMMIT."""
    with (
        _dropped_by_interrupts(connection),
        connection.transaction(),
        _dropped_by_interrupts(connection),
    ):
        yield connection


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
            connection.cancel_safe(timeout=_CANCELLED_WITHIN)
        connection.close()
        raise


_WAITING_HELPS = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE: connection, rollback, resources, locks, shutdown and cancelling."""


@contextmanager
def _translated() -> Generator[None]:
    """Errors of PostgreSQL by who acts; a violated constraint is left to whoever expects one."""
    try:
        yield
    except psycopg.IntegrityError:
        raise
    except psycopg.Error as error:
        raise _named(error) from error
    except _Unreachable as error:
        raise _unreachable(error) from error.__cause__


def _unreachable(error: _Unreachable) -> RetryLater | OperatorMustAct:
    cause = error.__cause__
    code = str(getattr(cause, "sqlstate", None) or "")
    if code and isinstance(cause, psycopg.Error):
        return _named(cause)
    return RetryLater(
        f"PostgreSQL does not answer: {_line(cause).rstrip('.')}. Check DATABASE_URL, or unset it "
        "to use the embedded server."
    )


def _named(error: psycopg.Error) -> RetryLater | OperatorMustAct:
    code, line = error.sqlstate or "", _line(error)
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return RetryLater(
            f"Somebody's open transaction locks rows that a sync has to write ({line}). "
            "The next sync tries again; look for it in pg_stat_activity."
        )
    if not code or code.startswith(_WAITING_HELPS):
        return RetryLater(f"PostgreSQL does not answer as it should: {line}")
    return OperatorMustAct(f"PostgreSQL refused a statement ({code}): {line}")


def _line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]
