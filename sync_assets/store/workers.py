"""Who is at work: the runs and leases of one organization, and how many others have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sync_assets.store.database import Database

_RUNNING = """
    SELECT r.id, r.tenant_id, r.queue, r.run_id, r.begun_at, r.alive_at
    FROM sync.requests r JOIN sync.tenants t ON t.id = r.tenant_id
    WHERE r.state = 'launched' AND r.organization = %(organization)s
      AND t.organization = %(organization)s
    ORDER BY r.launched_at, r.id
"""
_LEASES = """
    SELECT l.tenant_id, l.stream, l.sync_id, l.expires_at
    FROM sync.leases l JOIN sync.tenants t ON t.id = l.tenant_id
    WHERE t.organization = %(organization)s AND l.expires_at > now()
    ORDER BY l.tenant_id, l.stream
"""
_ALL = """
    SELECT (SELECT count(*) FROM sync.requests WHERE state = 'launched') AS running,
      (SELECT count(*) FROM sync.requests WHERE state = 'queued') AS waiting,
      (SELECT count(*) FROM sync.requests r JOIN sync.tenants t ON t.id = r.tenant_id
        WHERE state = 'queued' AND r.organization = %(organization)s
          AND t.organization = %(organization)s) AS own_waiting,
      (SELECT count(*) FROM sync.leases WHERE expires_at > now()) AS leases
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A sync at work, or about to be; `alive_at` is its process's last sign of life."""

    sync_id: UUID
    tenant_id: str
    queue: str
    run_id: str | None
    begun_at: datetime | None
    alive_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leased:
    """A stream that a sync holds."""

    tenant_id: str
    stream: str
    sync_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Load:
    """How many syncs run and wait, and how many streams are held."""

    running: int
    waiting: int
    leases: int


@dataclass(frozen=True, slots=True)
class Workers:
    """What an organization has at work, and all others together."""

    running: Sequence[Running]
    leases: Sequence[Leased]
    waiting: int
    others: Load


def workers(database: Database, organization: str) -> Workers:
    """Who is at work at this moment."""
    whose = {"organization": organization}
    with database.as_control() as connection:
        running = [Running(*row) for row in connection.execute(_RUNNING, whose)]
        leases = [Leased(*row) for row in connection.execute(_LEASES, whose)]
        total = connection.execute(_ALL, whose).one()
    others = Load(
        max(0, total.running - len(running)),
        max(0, total.waiting - total.own_waiting),
        max(0, total.leases - len(leases)),
    )
    return Workers(running, leases, total.own_waiting, others)
