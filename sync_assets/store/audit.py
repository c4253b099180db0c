"""Who asked the gateway for what, and what the answer was."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sync_assets.store.database import Database

_ADD = """
    INSERT INTO sync.audit (at, organization, key_id, method, route, tenant, sync_id, status,
      address, request_id)
    VALUES (%(at)s, %(organization)s, %(key_id)s, %(method)s, %(route)s, %(tenant)s, %(sync_id)s,
      %(status)s, %(address)s,
      %(request_id)s)
"""
_FORGET = """
    DELETE FROM sync.audit WHERE id IN (
      SELECT id FROM sync.audit WHERE at < %(before)s ORDER BY at LIMIT %(batch)s)
"""

BATCH = 10_000
"""Calls that are forgotten in one transaction."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call and its answer.

    Attributes:
        organization: None for who was refused; so is the key.
        route: with names in place of what was asked for, which is beside it.
        status: of the answer.
    """

    at: datetime
    organization: str | None
    key_id: str | None
    method: str
    route: str
    tenant: str | None
    sync_id: UUID | None
    status: int
    address: str | None
    request_id: UUID | None


class Audit:
    """Records calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, calls: Sequence[Call]) -> None:
        """Record these calls, in one transaction."""
        if calls:
            with self._database.as_control() as connection:
                connection.cursor().executemany(_ADD, [asdict(call) for call in calls])

    def forget(self, before: datetime) -> int:
        """Delete what is older; gives the number of calls."""
        deleted, count = 0, BATCH
        while count == BATCH:
            with self._database.as_control() as connection:
                count = connection.execute(_FORGET, {"before": before, "batch": BATCH}).rowcount
            deleted += count
        return deleted
