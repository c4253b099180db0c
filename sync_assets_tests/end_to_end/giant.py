"""One tenant with very many media among many small ones, all in one sweep."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow
from sync_assets_tests.end_to_end.dagster_stack import Stack
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.end_to_end.many_sites import Sites, started

GIANT = "giant"

_COMPLETED = "SELECT count(*) FROM sync.requests WHERE state = 'completed'"
_ENDED = """
    SELECT r.tenant_id, r.attempt, r.run_id,
      extract(epoch FROM r.ended_at - min(r.begun_at) OVER ())::float AS seconds
    FROM sync.requests r WHERE r.id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tenant's sync ended.

    Attributes:
        seconds: from the first stream of any tenant to the end of this one.
        run_id: the run that did the last of it.
    """

    seconds: float
    attempt: int
    run_id: str


@contextmanager
def among_small_ones(small: int, media: int, *, delay: float) -> Generator[Sites]:
    """Small tenants, and one with so many media, whose contents take `delay` seconds a page."""
    with started(small, 1, delay=0.0) as sites, DemoSite.start(seed=False) as demo:
        sites.write()
        date = datetime(2026, 3, 1, tzinfo=UTC)
        for number in range(media):  # with a slug: to find a free one means to look at all others
            demo.site.add("media", title=f"Foto {number}", slug=f"foto-{number}", date=date)
        if delay:
            demo.faults.add(Fault(slow(delay), path="title", times=None))
        yield Sites({GIANT: demo, **sites.of}, sites.asked)


def sweep(stack: Stack, tenants: Sequence[str], seconds: float) -> dict[str, Ended]:
    """Sweep all in one run, and wait until all are completed, wherever."""
    run_id = stack.dagster.sweep(tenants)
    ids = {tenant: uuid5(UUID(run_id), tenant) for tenant in tenants}
    until(lambda: _completed(stack, len(ids)), seconds)
    with stack.platform.database.as_control() as connection:
        rows = connection.execute(_ENDED, {"ids": list(ids.values())}).fetchall()
    return {row.tenant_id: Ended(row.seconds, row.attempt, row.run_id) for row in rows}


def _completed(stack: Stack, many: int) -> bool:
    with stack.platform.database.as_control() as connection:
        return connection.execute(_COMPLETED).scalar_one() == many
