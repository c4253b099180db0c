"""Who goes next: by priority, with ageing, in turns between organizations and their tenants."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sync_assets.core.queues import Priority, queue_of

AGEING = timedelta(minutes=5)
"""Waiting for so long counts as much as one step of priority."""

MOST_TENANTS = 150
"""Tenants of one sweep."""

FEWEST_TENANTS = 10
"""As long as a sweep has fewer, another run would cost more than it spares."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits, as far as its turn depends on it.

    Attributes:
        id: the request's, which is the sync's.
        kind: source, streams and options; requests of one kind can share a sweep.
        since: when it became due.
        alone: it outgrew a sweep and gets a run of its own.
    """

    id: UUID
    tenant: str
    organization: str
    queue: str
    priority: Priority
    kind: str
    since: datetime
    alone: bool = False


_Entry = tuple[datetime, int, datetime, datetime, UUID, Waiting]
"""What a request is sorted by, and the request."""


def in_turn(
    waiting: Iterable[Waiting], served: Mapping[str, datetime], now: datetime
) -> list[Waiting]:
    """The requests that may start now, the next one first; one a tenant.

    The organizations take turns: only the first request of each counts from when it became due, or
    from when its organization was served last, where that is later. All others behind it count
    from now. So one that floods keeps the single request of another waiting for one turn.

    Args:
        waiting: what is due.
        served: when something of an organization was started last.
        now: for the ageing.
    """
    queues: dict[str, list[Waiting]] = {}
    for request in _one_a_tenant(sorted(waiting, key=_place)):
        queues.setdefault(request.organization, []).append(request)
    order = [
        entry
        for organization, queue in queues.items()
        for entry in _turns(queue, served.get(organization, _NEVER), now)
    ]
    return [entry[-1] for entry in sorted(order)]


def launches(order: Sequence[Waiting], slots: int, busy: Mapping[str, int]) -> list[list[Waiting]]:
    """What starts now: at most `slots` runs, each with one tenant or with many of one kind.

    Args:
        order: the next one first.
        slots: free places for runs.
        busy: runs at work, by queue; a queue takes no more than its own limit.
    """
    left: list[Waiting] = list(order)
    running = Counter(busy)
    started: list[list[Waiting]] = []
    while left and len(started) < slots:
        head, left = left[0], left[1:]
        free = min(slots - len(started), queue_of(head.queue).runs - running[head.queue])
        if free <= 0:
            continue
        running[head.queue] += 1
        alike = [request for request in left if _together(head, request)]
        company = [] if head.alone else alike[: _share(len(alike) + 1, free) - 1]
        gone = {request.id for request in company}
        left = [request for request in left if request.id not in gone]
        started.append([head, *company])
    return started


def _share(alike: int, slots: int) -> int:
    """How many of the requests that could share a sweep go into the next run.

    So many that one place is left for whoever comes next; a run less is also a start less.
    """
    if alike <= slots:
        return 1
    return min(MOST_TENANTS, max(FEWEST_TENANTS, -(-alike // max(1, slots - 1))))


def _together(head: Waiting, other: Waiting) -> bool:
    """Can they share a sweep? Its run has one priority and counts for one queue."""
    return not other.alone and (head.kind, head.queue) == (other.kind, other.queue)


def _one_a_tenant(requests: Iterable[Waiting]) -> list[Waiting]:
    first: dict[str, Waiting] = {}
    for request in requests:
        first.setdefault(request.tenant, request)
    return list(first.values())


def _turns(queue: Sequence[Waiting], served: datetime, now: datetime) -> list[_Entry]:
    """The requests of an organization, to be sorted among those of the others.

    Its first turn is worth its most urgent request, and is taken by the one that is first in its
    own queue: otherwise a stream of urgent ones would keep an old one behind for ever.
    """
    head = queue[0]
    began = min(now, max(head.since, served))
    behind = [_aged(now, other.priority) for other in queue[1:]]
    ranks = [min([_aged(began, head.priority), *behind]), *behind]
    return [
        (rank, turn, served, request.since, request.id, request)
        for turn, (rank, request) in enumerate(zip(ranks, queue, strict=True))
    ]


def _place(request: Waiting) -> tuple[datetime, datetime, UUID]:
    """Its place among those of its own organization."""
    return _aged(request.since, request.priority), request.since, request.id


def _aged(since: datetime, priority: Priority) -> datetime:
    """When a request of the lowest priority would have had to become due to be as urgent."""
    return since - priority * AGEING
