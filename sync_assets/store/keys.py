"""The API keys of organizations; of each secret only a hash is kept."""

import hmac
from collections.abc import Iterable
from datetime import datetime

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.keys import ApiKey, Scope, digest, granted, make, parse, text_of
from sync_assets.store.connection import Row
from sync_assets.store.database import Database

_COLUMNS = "id, organization, name, scopes, created_at, expires_at, last_used_at, revoked_at"
_ADD = f"""
    INSERT INTO sync.api_keys (id, organization, name, scopes, secret_hash, expires_at)
    VALUES (%(id)s, %(organization)s, %(name)s, %(scopes)s, %(hash)s, %(expires)s)
      RETURNING {_COLUMNS}
"""  # noqa: S608 - our own words
_ALL = f"""
    SELECT {_COLUMNS} FROM sync.api_keys
    WHERE %(organization)s::text IS NULL OR organization = %(organization)s
    ORDER BY created_at, id
"""  # noqa: S608 - names of our own
_FIND = f"""
    SELECT {_COLUMNS}, secret_hash, now() AS now FROM sync.api_keys WHERE id = %(id)s
"""  # noqa: S608 - names of our own
_USED = """
    UPDATE sync.api_keys SET last_used_at = now() WHERE id = %(id)s
      AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""
_REVOKE = f"""
    UPDATE sync.api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %(id)s
    RETURNING {_COLUMNS}
"""  # noqa: S608 - names of our own

_NOBODY = digest("")  # an unknown id takes as long as a wrong secret


class Keys:
    """Makes, checks, lists and revokes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        organization: str,
        scopes: Iterable[Scope],
        *,
        name: str = "",
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; gives it and its text, which nobody can read again later."""
        key_id, secret = make()
        parameters = {
            "id": key_id,
            "organization": organization,
            "name": name,
            "scopes": sorted(scope.value for scope in scopes),
            "hash": digest(secret),
            "expires": expires_at,
        }
        with self._database.as_control() as connection:
            row = connection.execute(_ADD, parameters).one()
        return _key(row), text_of(key_id, secret)

    def good(self, given: str) -> ApiKey | None:
        """The key of this text; None where it is none, wrong, expired or revoked."""
        parsed = parse(given)
        key_id, secret = parsed or ("", "")
        with self._database.as_control() as connection:
            row = connection.execute(_FIND, {"id": key_id}).fetchone()
            right = hmac.compare_digest(bytes(row.secret_hash) if row else _NOBODY, digest(secret))
            if row is None or not right or not (key := _key(row)).is_good(row.now):
                return None
            if key.last_used_at is None or (row.now - key.last_used_at).total_seconds() > 60:
                connection.execute(_USED, {"id": key_id})
        return key

    def all(self, organization: str | None = None) -> list[ApiKey]:
        """The keys, oldest first; those of one organization where it is named."""
        with self._database.as_control() as connection:
            return [_key(row) for row in connection.execute(_ALL, {"organization": organization})]

    def revoke(self, key_id: str) -> ApiKey:
        """Let a key be used no more, from this moment on; raises `OperatorMustAct` if unknown."""
        with self._database.as_control() as connection:
            row = connection.execute(_REVOKE, {"id": key_id}).fetchone()
        if row is None:
            raise OperatorMustAct(
                f"There is no key {key_id!r:.40}. 'sync-assets key list' shows them all; the id "
                "is what stands between 'sa_' and the second '_'."
            )
        return _key(row)


def _key(row: Row) -> ApiKey:
    return ApiKey(
        row.id,
        row.organization,
        row.name,
        granted(map(Scope, row.scopes)),
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
