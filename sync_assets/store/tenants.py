"""The registered tenants, their credentials sealed."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg

from sync_assets.core.errors import OperatorMustAct, UnknownTenant
from sync_assets.core.known import NO_VERSION
from sync_assets.core.tenants import Credentials, Tenant, is_tenant_id
from sync_assets.store import embedding_sets
from sync_assets.store.connection import Row
from sync_assets.store.database import Database
from sync_assets.store.secrets import Vault

_COLUMNS = "id, source, organization, url, username, secret, settings, active, schedule, created_at"
_INSERT = """
    INSERT INTO sync.tenants
      (id, source, organization, url, username, secret, settings, schedule)
    VALUES (%(id)s, %(source)s, %(organization)s, %(url)s, %(username)s, %(secret)s,
      %(settings)s::jsonb,
      %(schedule)s)
"""
_UPDATE = """
    UPDATE sync.tenants SET organization = %(organization)s, url = %(url)s, username = %(username)s,
      secret = %(secret)s, settings = %(settings)s::jsonb, active = %(active)s, updated_at = now(),
      schedule = %(schedule)s, changed_at = CASE WHEN %(changed)s THEN now() ELSE changed_at END
    WHERE id = %(id)s
"""

# A page that is being written is waited for; the next one finds the tenant changed.
_BETWEEN_PAGES = """
    SELECT FROM sync.leases WHERE tenant_id = %(id)s ORDER BY stream FOR UPDATE
"""
_READ_AGAIN = """
    UPDATE sync.checkpoints SET reread_from = %(start)s
    FROM sync.tenants AS old WHERE tenant_id = old.id AND old.id = %(id)s
      AND (old.url, old.secret IS NULL, old.settings)
        IS DISTINCT FROM (%(url)s, %(secret)s::bytea IS NULL, %(settings)s::jsonb)
"""
_DEACTIVATE = """
    UPDATE sync.tenants SET active = false, updated_at = now() WHERE id = %(id)s
"""

_FOR_ITSELF = "SELECT FROM sync.tenants WHERE id = %(id)s FOR UPDATE"

_FORGET_WAITING = """
    UPDATE sync.requests SET state = 'cancelled', ended_at = now(),
      error = 'The tenant was removed.'
    WHERE tenant_id = %(id)s AND state = 'queued'
"""


class Tenants:
    """Adds, finds, changes and removes tenants."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(self, tenant: Tenant) -> None:
        """Register a tenant; raises `OperatorMustAct` when its id is taken."""
        try:
            with self._database.as_control() as connection:
                connection.execute(_INSERT, self._row(tenant))
        except psycopg.IntegrityError as error:
            raise OperatorMustAct(
                f"There is a tenant {tenant.id!r} already, perhaps a removed one. Ids are never "
                f"used twice; see 'sync-assets tenant show {tenant.id}'."
            ) from error

    def get(self, tenant_id: str) -> Tenant:
        """The tenant of that id; raises `UnknownTenant`."""
        query = f"SELECT {_COLUMNS} FROM sync.tenants WHERE id = %(id)s"  # noqa: S608 - names of our own
        with self._database.as_control() as connection:
            row = connection.execute(query, {"id": tenant_id}).fetchone()
        if row is None:
            raise UnknownTenant(
                f"There is no tenant {tenant_id!r:.80}. 'sync-assets tenant list' shows them all; "
                "'sync-assets tenant add' registers one."
            )
        return _tenant(row, self._vault.open(bytes(row.secret)) if row.secret else "")

    def active(self, tenant_id: str) -> Tenant:
        """The tenant of that id, ready to be synced; raises `UnknownTenant`."""
        tenant = self.get(tenant_id)
        if not tenant.active:
            raise UnknownTenant(
                f"Tenant {tenant_id!r} was removed. 'sync-assets tenant update {tenant_id} "
                "--restore' brings it back."
            )
        return tenant

    def owned(self, tenant_id: str, organization: str) -> Tenant:
        """An active tenant of an organization, without its secret.

        Raises:
            UnknownTenant: it is not registered, was removed, or is somebody else's; who asks
                cannot tell which.
        """
        query = f"""
            SELECT {_COLUMNS} FROM sync.tenants
            WHERE id = %(id)s AND organization = %(organization)s AND active
        """  # noqa: S608 - names of our own
        unknown = UnknownTenant(f"There is no tenant {tenant_id!r:.80} of {organization!r:.80}.")
        if not is_tenant_id(tenant_id):
            raise unknown
        parameters = {"id": tenant_id, "organization": organization}
        with self._database.as_control() as connection:
            row = connection.execute(query, parameters).fetchone()
        if row is None:
            raise unknown
        return _tenant(row, secret="")

    def all(self, source: str | None = None, *, active: bool | None = None) -> list[Tenant]:
        """The tenants in the order of their ids, without their secrets."""
        query = f"""
            SELECT {_COLUMNS} FROM sync.tenants
            WHERE (%(source)s::text IS NULL OR source = %(source)s)
              AND (%(active)s::boolean IS NULL OR active = %(active)s) ORDER BY id
        """  # noqa: S608 - names of our own
        with self._database.as_control() as connection:
            rows = connection.execute(query, {"source": source, "active": active}).fetchall()
        return [_tenant(row, secret="") for row in rows]

    def ids(self, source: str) -> list[str]:
        """The ids of a source's active tenants; opens no credential."""
        query = "SELECT id FROM sync.tenants WHERE source = %(source)s AND active ORDER BY id"
        with self._database.as_control() as connection:
            return list(connection.execute(query, {"source": source}).scalars())

    def ids_of(self, organization: str) -> list[str]:
        """The ids of an organization's active tenants."""
        query = "SELECT id FROM sync.tenants WHERE organization = %(organization)s AND active"
        with self._database.as_control() as connection:
            return list(connection.execute(query, {"organization": organization}).scalars())

    def page_of(self, organization: str, after: str, limit: int) -> list[Tenant]:
        """An organization's active tenants behind an id, in the order of ids, without secrets."""
        query = f"""
            SELECT {_COLUMNS} FROM sync.tenants
            WHERE organization = %(organization)s AND active AND id > %(after)s ORDER BY id
              LIMIT %(limit)s
        """  # noqa: S608 - names of our own
        parameters = {"organization": organization, "after": after, "limit": limit}
        with self._database.as_control() as connection:
            return [_tenant(row, secret="") for row in connection.execute(query, parameters)]

    def update(self, tenant: Tenant) -> None:
        """Store a changed tenant; raises `UnknownTenant`.

        Another address, other settings, or credentials where there were none show other contents
        under the same modified times: the next sync reads everything again, and a sensor asks
        for it. One that is at work ends where it would store its next checkpoint.
        """
        row = {**self._row(tenant), "changed": self._needs_sync(tenant)}
        with self._database.as_control() as connection:
            connection.execute(_BETWEEN_PAGES, row)
            connection.execute(_READ_AGAIN, {**row, "start": NO_VERSION})
            if connection.execute(_UPDATE, row).rowcount == 0:
                raise UnknownTenant(f"There is no tenant {tenant.id!r:.80}.")

    def deactivate(self, tenant_id: str) -> None:
        """Sync a tenant no longer; its rows and its sealed credentials stay."""
        with self._database.as_control() as connection:
            connection.execute(_DEACTIVATE, {"id": tenant_id})
            connection.execute(_FORGET_WAITING, {"id": tenant_id})

    def purge(self, tenant_id: str, tables: list[str]) -> int:
        """Delete the tenant and all its rows, for good.

        Args:
            tenant_id: whose rows.
            tables: the tables of the schema `cms` that its source fills.

        Returns:
            The number of content rows deleted.
        """
        deleted = 0
        contents = [f"cms.{name}" for name in tables]
        own = ["requests", "syncs", "leases", "checkpoints", "dead_letters", "log"]
        own += ["hints", "hook_calls", "access_tokens"]
        derived = [f"cms.{name}" for name in (*embedding_sets.TABLES, "changes")]  # last: triggers
        with self._database.alone_with(tenant_id) as connection:
            # Who asks for a sync of it this very moment is waited for, or asks in vain.
            connection.execute(_FOR_ITSELF, {"id": tenant_id})
            for table in [*contents, *derived, *(f"sync.{name}" for name in own)]:
                statement = f"DELETE FROM {table} WHERE tenant_id = %(id)s"  # noqa: S608 - names of our own
                count = connection.execute(statement, {"id": tenant_id}).rowcount
                deleted += count if table in contents else 0
            connection.execute("DELETE FROM sync.tenants WHERE id = %(id)s", {"id": tenant_id})
        return deleted

    def _needs_sync(self, after: Tenant) -> bool:
        """Does the change let a sync find something else?"""
        try:
            before = self.get(after.id)
        except UnknownTenant:
            raise
        except OperatorMustAct:  # its secret was sealed with another key
            return True
        return (before.url, before.credentials, dict(before.settings), before.active) != (
            after.url,
            after.credentials,
            dict(after.settings),
            after.active,
        )

    def _row(self, tenant: Tenant) -> Mapping[str, Any]:
        credentials = tenant.credentials
        return {
            "id": tenant.id,
            "source": tenant.source,
            "organization": tenant.organization,
            "url": tenant.url,
            "username": credentials and credentials.username,
            "secret": credentials and self._vault.seal(credentials.secret),
            "settings": json.dumps(dict(tenant.settings)),
            "active": tenant.active,
            "schedule": tenant.schedule,
        }


def _tenant(row: Row, secret: str) -> Tenant:
    return Tenant(
        row.id,
        row.source,
        row.organization,
        row.url,
        Credentials(row.username or "", secret) if row.secret else None,
        row.settings,
        active=row.active,
        schedule=row.schedule,
        created_at=row.created_at,
    )
