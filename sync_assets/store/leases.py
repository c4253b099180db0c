"""One sync at a time for a tenant's stream: a lease of 60 seconds, renewed every 10."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.errors import LockNotAvailable

from sync_assets.core.errors import LeaseLost, SyncError, SyncHeld, UnknownTenant
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database
from sync_assets.store.pool import Kept

LIFETIME = 60
"""Seconds until a lease that nobody renews is free."""

HEARTBEAT = 10
"""Seconds between two renewals."""

_log = logging.getLogger(__name__)

# A lease is free when it has run out, or when the connection that renewed it is gone: PostgreSQL
# notices a killed holder at once. A holder that only lost its connection finds out at its next
# page, because every page's transaction renews the lease and finds the token changed.
_TAKE = """
    INSERT INTO sync.leases AS held
      (tenant_id, stream, sync_id, token, backend_pid, backend_started, expires_at)
    SELECT id, %(stream)s, %(sync)s, %(token)s, pg_backend_pid(),
      sync.backend_started(pg_backend_pid()), now() + make_interval(secs => %(lifetime)s)
    FROM sync.tenants WHERE id = %(tenant)s AND active
    ON CONFLICT (tenant_id, stream) DO UPDATE SET
      sync_id = excluded.sync_id, token = excluded.token, backend_pid = excluded.backend_pid,
      backend_started = excluded.backend_started, expires_at = excluded.expires_at
    WHERE held.expires_at < now()
      OR sync.backend_started(held.backend_pid) IS DISTINCT FROM held.backend_started
    RETURNING token
"""
_SOON = "SELECT set_config('lock_timeout', '2s', true)"
_HOLDER = """
    SELECT sync_id FROM sync.leases WHERE tenant_id = %(tenant)s AND stream = %(stream)s
"""
# The change feed says which sync wrote a record; who has no such setting wrote by hand.
_RENEW = """
    UPDATE sync.leases SET expires_at = now() + make_interval(secs => %(lifetime)s)
    WHERE tenant_id = %(tenant)s AND stream = %(stream)s AND token = %(token)s
    RETURNING set_config('sync_assets.sync_id', sync_id::text, true)
"""
_BEAT = """
    UPDATE sync.leases SET expires_at = now() + make_interval(secs => %(lifetime)s),
      backend_pid = pg_backend_pid(), backend_started = sync.backend_started(pg_backend_pid())
    WHERE tenant_id = %(tenant)s AND stream = %(stream)s AND token = %(token)s
"""
_RELEASE = """
    DELETE FROM sync.leases WHERE tenant_id = %(tenant)s AND stream = %(stream)s
      AND token = %(token)s
"""


class Lease(NamedTuple):
    """Proof that this sync holds a tenant's stream."""

    tenant_id: str
    stream: str
    sync_id: UUID
    token: UUID

    def renew(self, connection: Connection) -> None:
        """Within a page's transaction: go on only while the lease is ours.

        Raises:
            LeaseLost: another sync has taken over.
        """
        if connection.execute(_RENEW, self._parameters()).rowcount == 0:
            raise LeaseLost(
                f"Sync {self.sync_id} lost {self.tenant_id}'s {self.stream} to another sync, "
                "which goes on from the last page."
            )

    def _parameters(self) -> dict[str, object]:
        return {
            "tenant": self.tenant_id,
            "stream": self.stream,
            "sync": self.sync_id,
            "token": self.token,
            "lifetime": LIFETIME,
        }

    def take(self, connection: Connection) -> None:
        """Take the lease where it is free; raises `SyncHeld`, naming the sync that has it."""
        if not self._taken(connection):
            holder = connection.execute(_HOLDER, self._parameters()).fetchone()
            if holder is None:
                raise UnknownTenant(f"Tenant {self.tenant_id!r} was removed, or never registered.")
            raise SyncHeld(
                f"{self.tenant_id}'s {self.stream} is held by sync {holder.sync_id}. "
                f"See 'sync-assets report {holder.sync_id}', or wait for it."
            )

    def _taken(self, connection: Connection) -> bool:
        """Try to take the lease; a holder that is writing its page right now locks it."""
        connection.execute(_SOON)
        try:
            with connection.transaction():
                return connection.execute(_TAKE, self._parameters()).fetchone() is not None
        except LockNotAvailable:
            return False

    def beat(self, connection: Connection) -> None:
        """Renew the lease and say which connection renews it."""
        connection.execute(_BEAT, self._parameters())

    def release(self, connection: Connection) -> None:
        """Give the lease back."""
        connection.execute(_RELEASE, self._parameters())


@contextmanager
def hold(database: Database, tenant_id: str, stream: str, sync_id: UUID) -> Generator[Lease]:
    """Hold a tenant's stream; raises `SyncHeld` when another sync does."""
    lease = Lease(tenant_id, stream, sync_id, uuid4())
    kept = database.keep()
    heart: _Heart | None = None
    try:
        with database.tenant_on(kept, tenant_id) as connection:
            lease.take(connection)
        beating = _Heart(database, lease, kept)
        beating.start()
        heart = beating
        try:
            yield lease
        finally:
            heart.stop()
    finally:
        if heart is None:
            kept.close()
        else:
            heart.leave()


class _Heart(threading.Thread):
    """Renews a lease on the connection that took it, whose end PostgreSQL notices."""

    def __init__(self, database: Database, lease: Lease, kept: Kept) -> None:
        super().__init__(name=f"lease-{lease.tenant_id}-{lease.stream}", daemon=True)
        self._database = database
        self._lease = lease
        self._kept = kept
        self._done = threading.Event()
        self._leaving = threading.Lock()
        self._is_left = False

    def run(self) -> None:
        try:
            self._beat_on()
        finally:
            self.leave()

    def leave(self) -> None:
        """Close the connection when the other one has left, too.

        A beat may be stuck in a dead connection, or wait for a lock: closing would wait for that.
        """
        with self._leaving:
            last, self._is_left = self._is_left, True
        if last:
            self._kept.close()

    def _beat_on(self) -> None:
        while not self._done.wait(HEARTBEAT):
            try:
                self._beat()
            except (SyncError, psycopg.Error) as error:
                # The next beat reconnects; a lease lost meanwhile is noticed by the next page.
                _log.warning("A heartbeat failed: %s", error)

    def stop(self) -> None:
        """Stop beating and give the lease back, where the database still answers."""
        self._done.set()
        self.join(timeout=HEARTBEAT)
        if self.is_alive():
            return  # stuck in a dead connection; the lease runs out by itself
        try:
            with self._database.tenant_on(self._kept, self._lease.tenant_id) as connection:
                self._lease.release(connection)
        except (SyncError, psycopg.Error) as error:
            _log.warning("A lease could not be given back and will run out: %s", error)

    def _beat(self) -> None:
        with self._database.tenant_on(self._kept, self._lease.tenant_id) as connection:
            self._lease.beat(connection)
