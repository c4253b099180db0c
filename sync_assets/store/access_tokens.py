"""Tokens that platforms granted, sealed."""

import json

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tokens import Token
from sync_assets.store.database import Database
from sync_assets.store.secrets import Vault

_GET = "SELECT sealed, ends_at FROM sync.access_tokens WHERE tenant_id = %(tenant)s"
_PUT = """
    INSERT INTO sync.access_tokens (tenant_id, sealed, ends_at) VALUES (%(tenant)s, %(sealed)s,
      %(ends)s)
    ON CONFLICT (tenant_id) DO UPDATE SET sealed = excluded.sealed, ends_at = excluded.ends_at
"""


class AccessTokens:
    """The tokens of all tenants; see `core.tokens.Tokens`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def get(self, tenant_id: str) -> Token | None:
        """The tenant's token; None also when it was sealed with a key that is gone."""
        with self._database.as_tenant(tenant_id) as connection:
            row = connection.execute(_GET, {"tenant": tenant_id}).fetchone()
        if row is None:
            return None
        try:
            opened = json.loads(self._vault.open(bytes(row.sealed)))
        except OperatorMustAct:
            return None
        return Token(opened["value"], row.ends_at, opened["proof"])

    def put(self, tenant_id: str, token: Token) -> None:
        """Keep a token in the place of an older one."""
        sealed = self._vault.seal(json.dumps({"value": token.value, "proof": token.proof}))
        row = {"tenant": tenant_id, "sealed": sealed, "ends": token.ends}
        with self._database.as_tenant(tenant_id) as connection:
            connection.execute(_PUT, row)
