"""Who may send hints for a tenant: a secret that both sides know, and the calls of late."""

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sync_assets.core.errors import UnknownTenant
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database
from sync_assets.store.secrets import Vault

REMEMBERED = 660
"""Seconds for which a call is remembered: longer than its timestamp is good for, both ways."""

_GET = """
    SELECT organization, source, url, settings, hook_secret FROM sync.tenants
    WHERE id = %(tenant)s AND active AND hook_secret IS NOT NULL
"""
_SET = """
    UPDATE sync.tenants SET hook_secret = %(secret)s WHERE id = %(tenant)s AND active
"""
# What is past remembering goes in the same statement, a little at a time.
_HEAR = """
    WITH old AS (
      SELECT tenant_id, signature FROM sync.hook_calls
      WHERE at < now() - make_interval(secs => %(remembered)s)
      ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM sync.hook_calls c USING old
      WHERE (c.tenant_id, c.signature) = (old.tenant_id, old.signature)
    )
    INSERT INTO sync.hook_calls (tenant_id, signature)
    SELECT id, %(signature)s FROM sync.tenants WHERE id = %(tenant)s
    FOR SHARE  -- a purge locks the tenant first, too, and what was kept for it afterwards
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """The door for a tenant's hints.

    Attributes:
        organization: the tenant's.
        source: the tenant's.
        url: the tenant's.
        settings: the tenant's.
        secret: with which calls are signed.
    """

    organization: str
    source: str
    url: str
    settings: Mapping[str, str]
    secret: str = field(repr=False)


class Hooks:
    """Makes the secrets, and remembers the calls."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def get(self, tenant_id: str) -> Hook | None:
        """The door of an active tenant; None where there is none."""
        with self._database.as_control() as connection:
            row = connection.execute(_GET, {"tenant": tenant_id}).fetchone()
        if row is None:
            return None
        secret = self._vault.open(bytes(row.hook_secret))
        return Hook(row.organization, row.source, row.url, row.settings, secret)

    def make(self, tenant_id: str) -> str:
        """A new secret, which takes the place of an older one; it is never shown again.

        Raises:
            UnknownTenant: it is not registered, or was removed.
        """
        secret = secrets.token_urlsafe(32)
        self.keep(tenant_id, secret)
        return secret

    def keep(self, tenant_id: str, secret: str) -> None:
        """A secret that the platform made, in the place of an older one.

        Raises:
            UnknownTenant: it is not registered, or was removed.
        """
        self._set(tenant_id, self._vault.seal(secret))

    def close(self, tenant_id: str) -> None:
        """Take no hints any more; raises `UnknownTenant`."""
        self._set(tenant_id, None)

    @contextmanager
    def hearing(self, tenant_id: str, signature: bytes) -> Generator[Connection | None]:
        """The transaction in which a call is heard; None where that was done before.

        Keep in it what the call tells of: the call is forgotten where that fails, so that the next
        try to deliver it is heard. Who brings the same meanwhile waits for the end.
        """
        parameters = {"tenant": tenant_id, "signature": signature, "remembered": REMEMBERED}
        with self._database.as_control() as connection:
            yield connection if connection.execute(_HEAR, parameters).rowcount else None

    def _set(self, tenant_id: str, sealed: bytes | None) -> None:
        with self._database.as_control() as connection:
            changed = connection.execute(_SET, {"tenant": tenant_id, "secret": sealed}).rowcount
        if not changed:
            raise UnknownTenant(
                f"There is no tenant {tenant_id!r:.80}, or it was removed. 'sync-assets tenant "
                "list' shows them."
            )
