"""Wishes for the installation's upkeep to be done before its time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sync_assets.store.connection import Row
from sync_assets.store.database import Database

OFTEN = timedelta(minutes=5)
"""Upkeep that began so lately is not begun again: it is everybody's, and each run costs seconds."""

_ASK = """
    WITH lately AS (
      SELECT id, task, asked_at FROM sync.upkeep_wishes
      WHERE task = %(task)s AND taken_at > now() - %(often)s::interval
      ORDER BY taken_at DESC LIMIT 1
    ), asked AS (
      INSERT INTO sync.upkeep_wishes AS held (task, asked_by)
      SELECT %(task)s, %(by)s WHERE NOT EXISTS (SELECT FROM lately)
      ON CONFLICT (task) WHERE taken_at IS NULL DO UPDATE SET asked_by = held.asked_by
      RETURNING id, task, asked_at, xmax = 0 AS new
    )
    SELECT id, task, asked_at, new FROM asked
    UNION ALL SELECT id, task, asked_at, false FROM lately
"""
_WAITING = """
    SELECT id, task, asked_at, false AS new FROM sync.upkeep_wishes WHERE taken_at IS NULL
    ORDER BY asked_at
"""
_TAKEN = """
    UPDATE sync.upkeep_wishes SET taken_at = now()
    WHERE taken_at IS NULL AND id = ANY(%(ids)s::uuid[])
"""
_FORGET_OLD = "DELETE FROM sync.upkeep_wishes WHERE taken_at < now() - interval '30 days'"


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish; `new` is False where it joined one that waited, or was done lately."""

    id: UUID
    task: str
    asked_at: datetime
    new: bool


class Wishes:
    """Keeps wishes until a run does them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, task: str, by: str) -> Wish:
        """Wish for a task; joins a wish for the same that waits, or was taken lately."""
        parameters = {"task": task, "by": by, "often": OFTEN}
        with self._database.as_control() as connection:
            return _wish(connection.execute(_ASK, parameters).one())

    def waiting(self) -> list[Wish]:
        """What waits, oldest first."""
        with self._database.as_control() as connection:
            return [_wish(row) for row in connection.execute(_WAITING)]

    def taken(self, ids: Collection[UUID]) -> None:
        """A run does these."""
        with self._database.as_control() as connection:
            connection.execute(_TAKEN, {"ids": list(ids)})

    def forget_old(self) -> int:
        """Delete what was done long ago; gives the number of wishes."""
        with self._database.as_control() as connection:
            return connection.execute(_FORGET_OLD).rowcount


def _wish(row: Row) -> Wish:
    return Wish(row.id, row.task, row.asked_at, new=row.new)
