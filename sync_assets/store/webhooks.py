"""The tenants' webhooks: how far each has heard, who sends to it, when it is tried again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sync_assets.core.changes import Cursor
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.webhooks import BACKOFF, GIVE_UP, Webhook
from sync_assets.store.connection import Row
from sync_assets.store.database import Database
from sync_assets.store.secrets import Vault

CLAIMED = 60
"""Seconds for which a sender has a webhook for itself; a killed one has it no longer."""

SLOW = 2.0
"""Seconds; a webhook whose last answer took longer is served apart from the others."""

LETTER = "webhook"
"""The collection of the dead letters of webhooks that were given up."""

_COLUMNS = """
    w.tenant_id, w.url, w.state = 'given_up' AS given_up,
    coalesce(f.position, 0) > w.position OR cms.has_new_changes(w.tenant_id) AS waiting,
    w.failures, w.failing_since, w.last_error, w.next_at, w.delivered, w.delivered_at, w.created_at
"""
_ALL = f"""
    SELECT {_COLUMNS} FROM sync.webhooks w LEFT JOIN sync.feeds f USING (tenant_id)
    WHERE %(tenant)s::text IS NULL OR w.tenant_id = %(tenant)s ORDER BY w.tenant_id
"""  # noqa: S608 - our own words
_ANY = "SELECT EXISTS (SELECT FROM sync.webhooks WHERE state = 'active')"
_SET = """
    INSERT INTO sync.webhooks (tenant_id, url, secret, cursor, position)
    VALUES (%(tenant)s, %(url)s, %(secret)s, %(cursor)s, %(position)s)
    ON CONFLICT (tenant_id) DO UPDATE SET url = excluded.url, secret = excluded.secret,
      state = 'active', failures = 0, failing_since = NULL, next_at = now(), claim = NULL,
      claimed_until = NULL, last_seconds = 0
"""
_HELD = "SELECT secret FROM sync.webhooks WHERE tenant_id = %(tenant)s"
_REMOVE = "DELETE FROM sync.webhooks WHERE tenant_id = %(tenant)s"
_RESUME = """
    UPDATE sync.webhooks SET state = 'active', failures = 0, failing_since = NULL, next_at = now()
    WHERE tenant_id = %(tenant)s
"""
_RESOLVE = """
    UPDATE sync.dead_letters SET resolved_at = now()
    WHERE tenant_id = %(tenant)s AND collection = %(letter)s AND resolved_at IS NULL
"""
# Nobody waits behind a claim: so many are taken as there are senders free for them.
_CLAIM = """
    WITH due AS (
      SELECT w.tenant_id FROM sync.webhooks w
      JOIN sync.tenants t ON t.id = w.tenant_id AND t.active
      LEFT JOIN sync.feeds f ON f.tenant_id = w.tenant_id
      WHERE w.state = 'active' AND w.next_at <= now()
        AND coalesce(w.claimed_until, '-infinity') < now()
        AND (w.failures > 0 OR w.last_seconds > %(limit)s) = %(slow)s
        AND (coalesce(f.position, 0) > w.position OR cms.has_new_changes(w.tenant_id))
      ORDER BY w.next_at, w.tenant_id LIMIT %(most)s FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE sync.webhooks AS w
    SET claim = %(claim)s, claimed_until = now() + make_interval(secs => %(claimed)s)
    FROM due WHERE due.tenant_id = w.tenant_id
    RETURNING w.tenant_id, w.url, w.secret, w.cursor, w.failures
"""
_HEARD = """
    UPDATE sync.webhooks SET cursor = %(cursor)s, position = %(position)s, failures = 0,
      failing_since = NULL, last_error = NULL, last_seconds = %(seconds)s,
      delivered = delivered + %(count)s, delivered_at = now(), next_at = now(),
      claimed_until = now() + make_interval(secs => %(claimed)s)
    WHERE tenant_id = %(tenant)s AND claim = %(claim)s
"""
_FAILED = """
    UPDATE sync.webhooks SET failures = failures + 1, last_error = %(error)s,
      last_seconds = %(seconds)s,
      failing_since = coalesce(failing_since, now()),
      next_at = now() + make_interval(secs => %(delay)s),
      state = CASE WHEN failing_since < now() - %(give_up)s::interval
        THEN 'given_up' ELSE state END,
      claim = NULL, claimed_until = NULL
    WHERE tenant_id = %(tenant)s AND claim = %(claim)s
    RETURNING state = 'given_up' AS given_up, failures, failing_since
"""
_RELEASE = """
    UPDATE sync.webhooks SET claim = NULL, claimed_until = NULL
    WHERE tenant_id = %(tenant)s AND claim = %(claim)s
"""
_BURY = """
    INSERT INTO sync.dead_letters AS letter
      (tenant_id, stream, collection, record, payload, cause, sync_id)
    VALUES (%(tenant)s, 'changes', %(letter)s, 'changes', %(payload)s, %(cause)s, %(nobody)s)
    ON CONFLICT (tenant_id, stream, collection, record) DO UPDATE SET
      payload = excluded.payload, cause = excluded.cause,
      occurrences = letter.occurrences + 1, last_seen_at = now(), resolved_at = NULL
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook that one sender has for itself.

    Attributes:
        cursor: behind what it has heard.
        failures: tries since the last one that was heard.
    """

    tenant_id: str
    url: str
    sealed: bytes
    cursor: Cursor
    failures: int
    claim: UUID


class Outcome(NamedTuple):
    """What became of a try that failed."""

    given_up: bool
    failures: int


class Webhooks:
    """Sets, shows and removes webhooks; hands them out to whoever sends."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def set(self, tenant_id: str, url: str, secret: str | None, now: Cursor) -> None:
        """Send a tenant's changes to this address.

        Args:
            tenant_id: whose.
            url: checked by `core.webhooks.checked_url`.
            secret: to sign with; None keeps the one that there is.
            now: where the feed ends; a webhook that there is already goes on where it was.
        """
        with self._database.as_control() as connection:
            held = connection.execute(_HELD, {"tenant": tenant_id}).scalar()
            if secret is None and held is None:
                raise _no_webhook(tenant_id)
            parameters = {
                "tenant": tenant_id,
                "url": url,
                "secret": held if secret is None else self._vault.seal(secret),
                **_progress(now),
            }
            connection.execute(_SET, parameters)
            connection.execute(_RESOLVE, {"tenant": tenant_id, "letter": LETTER})

    def all(self) -> Sequence[Webhook]:
        """Every tenant's webhook, in the order of their ids."""
        with self._database.as_control() as connection:
            return [_webhook(row) for row in connection.execute(_ALL, {"tenant": None})]

    def get(self, tenant_id: str) -> Webhook:
        """A tenant's webhook; raises `OperatorMustAct` where it has none."""
        with self._database.as_control() as connection:
            row = connection.execute(_ALL, {"tenant": tenant_id}).fetchone()
        if row is None:
            raise _no_webhook(tenant_id)
        return _webhook(row)

    def has(self, tenant_id: str) -> bool:
        """Does the tenant have one?"""
        with self._database.as_control() as connection:
            return connection.execute(_HELD, {"tenant": tenant_id}).scalar() is not None

    def remove(self, tenant_id: str) -> None:
        """Send nothing more; raises `OperatorMustAct` where there is none."""
        self._change(tenant_id, _REMOVE)

    def resume(self, tenant_id: str) -> None:
        """Try again at once, also one that was given up; raises `OperatorMustAct` for none."""
        self._change(tenant_id, _RESUME)

    def are_there(self) -> bool:
        """Is there any that may be sent to?"""
        with self._database.as_control() as connection:
            return bool(connection.execute(_ANY).scalar())

    def claim(self, most: int, *, slow: bool) -> list[Due]:
        """Take webhooks that have something to hear, each for one sender alone.

        Args:
            most: at most so many.
            slow: those that failed or took long the last time; otherwise the others.
        """
        claim = uuid4()
        parameters = {"most": most, "slow": slow, "limit": SLOW, "claim": claim}
        with self._database.as_control() as connection:
            rows = connection.execute(_CLAIM, {**parameters, "claimed": CLAIMED}).fetchall()
        return [
            Due(r.tenant_id, r.url, bytes(r.secret), Cursor.parse(r.cursor), r.failures, claim)
            for r in rows
        ]

    def secret(self, due: Due) -> str:
        """What it is signed with; raises `OperatorMustAct` where the key is another one."""
        return self._vault.open(due.sealed)

    def heard(self, due: Due, cursor: Cursor, count: int, seconds: float) -> bool:
        """Note what was heard; False where the webhook is no longer this sender's."""
        parameters = {**_progress(cursor), "count": count, "seconds": seconds, "claimed": CLAIMED}
        with self._database.as_control() as connection:
            return connection.execute(_HEARD, {**_mine(due), **parameters}).rowcount > 0

    def failed(self, due: Due, error: str, seconds: float) -> Outcome:
        """Note a try that failed, and when the next one is; the last one leaves a dead letter."""
        delay = BACKOFF.delay(due.failures + 1, None)
        parameters = {"error": error, "seconds": seconds, "delay": delay, "give_up": GIVE_UP}
        with self._database.as_control() as connection:
            row = connection.execute(_FAILED, {**_mine(due), **parameters}).fetchone()
            if row is None:
                return Outcome(given_up=False, failures=0)
            if row.given_up:
                cause = (
                    f"The webhook heard nothing for {_days(GIVE_UP)}: {error}. Resume it with "
                    f"'sync-assets webhook resume {due.tenant_id}'."
                )
                payload = json.dumps({"cursor": str(due.cursor), "failures": row.failures})
                letter = {"letter": LETTER, "payload": payload, "cause": cause}
                connection.execute(_BURY, {**_mine(due), **letter, "nobody": UUID(int=0)})
            return Outcome(row.given_up, row.failures)

    def release(self, due: Due) -> None:
        """Leave it to whoever comes next."""
        with self._database.as_control() as connection:
            connection.execute(_RELEASE, _mine(due))

    def _change(self, tenant_id: str, statement: Any) -> None:  # noqa: ANN401 - a str
        with self._database.as_control() as connection:
            if connection.execute(statement, {"tenant": tenant_id}).rowcount == 0:
                raise _no_webhook(tenant_id)
            connection.execute(_RESOLVE, {"tenant": tenant_id, "letter": LETTER})


def _webhook(row: Row) -> Webhook:
    return Webhook(*row)


def _mine(due: Due) -> dict[str, object]:
    return {"tenant": due.tenant_id, "claim": due.claim}


def _progress(cursor: Cursor) -> dict[str, object]:
    """The cursor, and the last position of which everything was heard."""
    return {"cursor": str(cursor), "position": cursor.position - bool(cursor.offset)}


def _no_webhook(tenant_id: str) -> OperatorMustAct:
    return OperatorMustAct(
        f"{tenant_id} has no webhook. 'sync-assets webhook set {tenant_id} --url URL' makes one."
    )


def _days(span: timedelta) -> str:
    return f"{span.days} days"
