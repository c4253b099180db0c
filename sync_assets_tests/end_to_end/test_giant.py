"""A tenant too large for its turn in a sweep of fifty holds up nobody, and is done by itself."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest

from sync_assets.core.requests import State
from sync_assets.demo.faults import Fault, slow
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.giant import GIANT, Ended, among_small_ones, sweep
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.end_to_end.many_sites import Sites

pytestmark = pytest.mark.postgres

SMALL = 49
MEDIA = 4000
"""Up to 8 pages that were asked for ahead, when the turn is over, are asked for again."""
PAGE = 100
TURN = 20.0
"""Seconds, instead of the 60 that are the default, so that the test takes one minute."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What is left.

    Attributes:
        ended: how each tenant's sync ended.
        pages: how often the contents of a page of the giant's media were asked for.
    """

    stack: Stack
    sites: Sites
    ended: Mapping[str, Ended]
    pages: int


@pytest.fixture(scope="module")
def swept(postgres: EmbeddedServer, template: str) -> Generator[Swept]:
    with pytest.MonkeyPatch.context() as patch, among_small_ones(SMALL, MEDIA, delay=2) as sites:
        patch.setenv("SYNC_ASSETS_REQUEST_INTERVAL", "1")
        patch.setenv("SYNC_ASSETS_SWEEP_TURN", str(TURN))
        with running(postgres, template, {}) as stack:
            stack.dagster.stop_sensors(but="requests")
            sites.register(stack.platform)
            ended = sweep(stack, list(sites.of), 240)
            received = sites.of[GIANT].received
            asked = [r for r in received if "/media" in r.target and "title" in r.target]
            yield Swept(stack, sites, ended, len(asked))


def test_the_others_are_done_in_the_sweep_as_if_it_were_not_there(swept: Swept):
    others = [ended for tenant, ended in swept.ended.items() if tenant != GIANT]
    [run] = swept.stack.dagster.runs("wordpress_sweep")
    assert {ended.run_id for ended in others} == {run["runId"]}
    assert [ended.attempt for ended in others] == [1] * SMALL
    assert max(ended.seconds for ended in others) < TURN


def test_it_is_finished_in_a_run_of_its_own_from_where_its_turn_ended(swept: Swept):
    giant = swept.ended[GIANT]
    assert giant.seconds > TURN
    [run] = swept.stack.dagster.runs("wordpress_sync")
    assert run["runId"] == giant.run_id
    with swept.stack.platform.database.as_tenant(GIANT) as connection:
        query = "SELECT count(*) FROM cms.wordpress_media"
        assert connection.execute(query).scalar_one() == MEDIA
    assert swept.pages < 1.3 * MEDIA / PAGE


def test_a_cancelled_tenant_leaves_the_others_of_its_sweep_alone(swept: Swept):
    stack, site, tenants = swept.stack, swept.sites.of["tenant-0"], ["tenant-0", "tenant-1"]
    swept.sites.write()
    site.faults.add(Fault(slow(6), path="/posts", times=None))
    run_id = stack.dagster.sweep(tenants)
    cancelled, other = (uuid5(UUID(run_id), tenant) for tenant in tenants)
    until(lambda: at_work(stack, cancelled) and at_work(stack, other))
    stack.platform.requests.cancel(cancelled, "a test")
    until(lambda: stack.platform.requests.get(cancelled).state is State.CANCELLED, 5)
    assert stack.platform.requests.get(other).state is State.LAUNCHED
    assert stack.dagster.ended(run_id) == "SUCCESS"
    assert stack.platform.requests.get(other).state is State.COMPLETED
    assert stack.platform.requests.get(cancelled).state is State.CANCELLED


def at_work(stack: Stack, sync_id: UUID) -> bool:
    query = "SELECT count(*) FROM sync.streams WHERE sync_id = %(id)s AND status = 'running'"
    with stack.platform.database.as_control() as connection:
        return connection.execute(query, {"id": sync_id}).scalar_one() == 1
