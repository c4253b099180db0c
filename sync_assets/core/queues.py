"""The queues: what goes into which, and what each may take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

SOFT, HARD = 300, 600
"""Seconds that a sync may take before it lets others go first, and before it is cut off."""


class Priority(IntEnum):
    """How much a request matters to who asks, in four words."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3


@dataclass(frozen=True, slots=True)
class Queue:
    """Where requests wait.

    Attributes:
        name: as people and statistics call it.
        priority: of its runs in Dagster's own queue (`dagster/priority`); the highest goes first.
        runs: how many runs it may have at the same time.
        soft: seconds after which a sync of it ends between two pages, to go on later.
        hard: seconds after which it also gives up an answer that it waits for.
    """

    name: str
    priority: int
    runs: int
    soft: int = SOFT
    hard: int = HARD


QUEUES: Mapping[str, Queue] = {
    queue.name: queue
    for queue in (
        #      name            priority  runs
        Queue("urgent", 20, 3),
        Queue("high_priority", 10, 3),
        Queue("sync_products", 0, 3),
        Queue("sync_inventory", 0, 3),
        Queue("sync_orders", 0, 3),
        Queue("default", 0, 3),
        Queue("sync_bulk", -10, 3),
        Queue("maintenance", -20, 1),
    )
}
"""By name; one row a queue."""

BY_PRIORITY: Mapping[Priority, str] = {
    Priority.URGENT: "urgent",
    Priority.HIGH: "high_priority",
    Priority.LOW: "sync_bulk",
}
"""Where a request goes for its priority alone."""

BY_STREAM: Mapping[str, str] = {
    "products": "sync_products",
    "inventory": "sync_inventory",
    "orders": "sync_orders",
}
"""Where a request of normal priority goes when all its streams belong there."""


def queue_of(name: str) -> Queue:
    """The queue of that name; `default` for one that this release does not know."""
    return QUEUES.get(name, QUEUES["default"])


def route(streams: Sequence[str], priority: Priority) -> Queue:
    """The queue of a request."""
    if priority in BY_PRIORITY:
        return QUEUES[BY_PRIORITY[priority]]
    names = {BY_STREAM.get(stream, "default") for stream in streams}
    return QUEUES[names.pop() if len(names) == 1 else "default"]
