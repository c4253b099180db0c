"""Failed requests that somebody has still to be told of."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sync_assets.store.connection import Row
from sync_assets.store.database import Database

# Locked until it is told and noted: of two senders each has its own. Who fell out with the hook
# for a day does not get the news of a week.
_NEXT = """
    SELECT id, tenant_id, organization, streams, attempt, error, ended_at FROM sync.requests
    WHERE state = 'failed' AND alerted_at IS NULL AND ended_at > now() - interval '1 day'
      AND id <> ALL(%(without)s)
    ORDER BY ended_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""
_TOLD = "UPDATE sync.requests SET alerted_at = now() WHERE id = ANY(%(ids)s)"


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request that failed for good.

    Attributes:
        attempts: how many it took.
        at: when it failed.
    """

    sync_id: UUID
    tenant_id: str
    organization: str
    streams: tuple[str, ...]
    attempts: int
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Which failed requests were told; none when there are no more, and nobody may have heard."""

    ids: Sequence[UUID]
    heard: bool


Tell = Callable[[Sequence[FailedRequest]], bool]
"""Tells somebody of them; gives whether it was heard."""


class Alerts:
    """Hands out failed requests, each until somebody has heard of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, tell: Tell, most: int = 1, without: Collection[UUID] = ()) -> Told:
        """Tell of the oldest ones, in a transaction of their own.

        Args:
            tell: told of those that no other sender is telling of now.
            most: so many at once.
            without: those that are left for later.
        """
        with self._database.as_control() as connection:
            rows = connection.execute(_NEXT, {"most": most, "without": list(without)}).fetchall()
            ids = [row.id for row in rows]
            heard = bool(rows) and tell([_failed(row) for row in rows])
            if heard:
                connection.execute(_TOLD, {"ids": ids})
        return Told(ids, heard)


def _failed(row: Row) -> FailedRequest:
    return FailedRequest(
        row.id,
        row.tenant_id,
        row.organization,
        tuple(row.streams),
        row.attempt,
        row.error or "",
        row.ended_at,
    )
