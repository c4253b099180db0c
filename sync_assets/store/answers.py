"""The first answer to a call, kept for whoever repeats the call with the same idempotency key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from sync_assets.store.connection import Row
from sync_assets.store.database import Database

KEPT = timedelta(hours=24)

ABANDONED = timedelta(minutes=3)
"""A call that is under way for so long has lost its process: whoever repeats it does it. To ask
a slow site may take a minute."""

_BEGIN = """
    INSERT INTO sync.answers AS held (key_id, idempotency_key, request_hash)
    VALUES (%(key)s, %(name)s, %(hash)s)
    ON CONFLICT (key_id, idempotency_key) DO UPDATE SET request_hash = excluded.request_hash,
      at = now(), status = NULL, headers = NULL, body = NULL
    WHERE held.at < now() - %(kept)s::interval
      OR held.status IS NULL AND held.at < now() - %(abandoned)s::interval
    RETURNING at
"""
_FIND = """
    SELECT request_hash, status, headers, body FROM sync.answers
    WHERE key_id = %(key)s AND idempotency_key = %(name)s
"""
_FINISH = """
    UPDATE sync.answers SET status = %(status)s, headers = %(headers)s::jsonb, body = %(body)s
    WHERE key_id = %(key)s AND idempotency_key = %(name)s AND at = %(at)s
"""
_FORGET = """
    DELETE FROM sync.answers WHERE key_id = %(key)s AND idempotency_key = %(name)s AND at = %(at)s
"""
_FORGET_OLD = "DELETE FROM sync.answers WHERE at < now() - %(kept)s::interval"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the first such call.

    Attributes:
        request_hash: of the first call, which may have been another one.
        status: of the answer, None while the call is under way.
    """

    request_hash: bytes
    status: int | None
    headers: Mapping[str, str]
    body: bytes


class Answers:
    """Keeps the answers to calls.

    None of them waits for the disk: what a call does, and its entry in the audit, flush them too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, key_id: str, name: str, request_hash: bytes) -> datetime | Stored:
        """The moment, by which this call is told from others, or what another one answered."""
        parameters = {
            "key": key_id,
            "name": name,
            "hash": request_hash,
            "kept": KEPT,
            "abandoned": ABANDONED,
        }
        while True:
            with self._database.as_control(flush=False) as connection:
                at: datetime | None = connection.execute(_BEGIN, parameters).scalar()
                if at is not None:
                    return at
                row = connection.execute(_FIND, parameters).fetchone()
            if row is not None:  # else it was given up this very moment
                return _stored(row)

    def finish(
        self,
        key_id: str,
        name: str,
        at: datetime,
        answer: tuple[int, Mapping[str, str], bytes],
    ) -> None:
        """Keep the answer (status, headers, body) to the call that began at that moment."""
        status, headers, body = answer
        parameters = {
            "key": key_id,
            "name": name,
            "at": at,
            "status": status,
            "headers": orjson.dumps(dict(headers)).decode(),
            "body": body,
        }
        with self._database.as_control(flush=False) as connection:
            connection.execute(_FINISH, parameters)

    def forget(self, key_id: str, name: str, at: datetime) -> None:
        """Keep nothing of a call that failed: it may be repeated."""
        with self._database.as_control(flush=False) as connection:
            connection.execute(_FORGET, {"key": key_id, "name": name, "at": at})

    def forget_old(self) -> int:
        """Delete what is kept no more; gives the number of answers."""
        with self._database.as_control() as connection:
            return connection.execute(_FORGET_OLD, {"kept": KEPT}).rowcount


def _stored(row: Row) -> Stored:
    return Stored(bytes(row.request_hash), row.status, row.headers or {}, bytes(row.body or b""))
