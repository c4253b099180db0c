"""Requests that wait, and the sensor that starts them, played through on a made-up clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sync_assets.core.fairness import Waiting, in_turn, launches
from sync_assets.core.queues import Priority, route

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def waiting(
    number: int,
    organization: str = "agency",
    *,
    tenant: str | None = None,
    priority: Priority = Priority.NORMAL,
    minutes: float = 0,
    kind: str = "wordpress",
    alone: bool = False,
) -> Waiting:
    """A request, of a tenant of its own unless one is named, that became due after so long."""
    return Waiting(
        UUID(int=number),
        tenant or f"t{number}",
        organization,
        route((), priority).name,
        priority,
        kind,
        NOON + timedelta(minutes=minutes),
        alone,
    )


@dataclass(slots=True)
class Play:
    """The sensor's work, a minute a tick; every run takes so many minutes.

    Attributes:
        runs: every run that was started, with the minute of its start.
        left: what still waits.
    """

    places: int
    takes: int = 1
    runs: list[tuple[int, list[Waiting]]] = field(default_factory=list[tuple[int, list[Waiting]]])
    left: list[Waiting] = field(default_factory=list[Waiting])
    served: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def tick(self, minute: int, arriving: Iterable[Waiting] = ()) -> None:
        """Take in what arrives, and start what may start."""
        self.left += arriving
        now = NOON + timedelta(minutes=minute)
        running = [run for began, run in self.runs if began + self.takes > minute]
        busy_tenants = {request.tenant for run in running for request in run}
        busy: dict[str, int] = {}
        for run in running:
            busy[run[0].queue] = busy.get(run[0].queue, 0) + 1
        due = [r for r in self.left if r.since <= now and r.tenant not in busy_tenants]
        order = in_turn(due, self.served, now)
        for run in launches(order, self.places - len(running), busy):
            self.runs.append((minute, run))
            gone = {request.id for request in run}
            self.left = [request for request in self.left if request.id not in gone]
            self.served |= {request.organization: now for request in run}

    def started(self, request: Waiting) -> int | None:
        """The position of the run that a request was started in."""
        found = (place for place, (_, run) in enumerate(self.runs) if request in run)
        return next(found, None)


def names(order: Sequence[Waiting]) -> list[int]:
    """The numbers of requests."""
    return [request.id.int for request in order]
