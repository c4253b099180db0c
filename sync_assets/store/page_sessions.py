"""Who is signed in on the status pages; of each session's id only a hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sync_assets.core.keys import Scope, granted
from sync_assets.store.database import Database

LASTS = timedelta(hours=12)

MOST = 50
"""Sessions of one key; the oldest one ends where there would be more."""

_ADD = """
    INSERT INTO sync.page_sessions (id_hash, key_id, expires_at)
    SELECT %(hash)s, id, least(now() + %(lasts)s, expires_at) FROM sync.api_keys WHERE id = %(key)s
"""
_FORGET = """
    DELETE FROM sync.page_sessions WHERE expires_at <= now() OR key_id = %(key)s
      AND id_hash NOT IN (
      SELECT id_hash FROM sync.page_sessions WHERE key_id = %(key)s
      ORDER BY created_at DESC, id_hash = %(hash)s DESC LIMIT %(most)s)
"""
# Revoking a key ends its sessions at once: they are good only while it is.
_FIND = """
    SELECT k.id, k.organization, k.scopes
    FROM sync.page_sessions s JOIN sync.api_keys k ON k.id = s.key_id
    WHERE s.id_hash = %(hash)s AND s.expires_at > now() AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
"""
_END = "DELETE FROM sync.page_sessions WHERE id_hash = %(hash)s"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose key a session was begun with, and what that may do."""

    key_id: str
    organization: str
    scopes: frozenset[Scope]


class PageSessions:
    """Begins, finds and ends sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, key_id: str) -> str:
        """Sign in with a key that is good; gives the session's id, which nobody can guess."""
        session = secrets.token_urlsafe(32)
        parameters = {"hash": _hash(session), "key": key_id, "lasts": LASTS, "most": MOST}
        with self._database.as_control() as connection:
            connection.execute(_ADD, parameters)
            connection.execute(_FORGET, parameters)
        return session

    def find(self, session: str) -> SignedIn | None:
        """Who is signed in; None once the session is over, or its key is good no more."""
        with self._database.as_control() as connection:
            row = connection.execute(_FIND, {"hash": _hash(session)}).fetchone()
        if row is None:
            return None
        return SignedIn(row.id, row.organization, granted(map(Scope, row.scopes)))

    def end(self, session: str) -> None:
        """Sign out."""
        with self._database.as_control() as connection:
            connection.execute(_END, {"hash": _hash(session)})


def _hash(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
