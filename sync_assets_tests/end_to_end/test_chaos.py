"""Everything is killed and restarted while many syncs are asked for; all of them end well.

It takes some minutes: a run that lost its process and its code server is missed after one.
"""

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.requests import Asked, State
from sync_assets.core.stop import StopSignal
from sync_assets.enqueue import enqueue
from sync_assets.store.database import Database
from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.migrate import migrate
from sync_assets_tests.end_to_end import ledger
from sync_assets_tests.end_to_end.chaos import HITS, Chaos
from sync_assets_tests.end_to_end.comparing import differing
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.end_to_end.many_sites import Sites, started
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres

TENANTS, SITES = 20, 5
BATCH = 6
TEMPLATE = "template_of_chaos"

_log = logging.getLogger(__name__)  # shown when a test fails


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left when all is quiet.

    Attributes:
        rounds: what was asked for, round by round.
        struck: how often each thing was.
        owner: of the database, past row security.
    """

    stack: Stack
    sites: Sites
    rounds: Sequence[Sequence[Asked]]
    struck: Counter[str]
    owner: Owner

    @property
    def ids(self) -> list[UUID]:
        """All requests; some were asked for a second time while they waited."""
        return list(dict.fromkeys(asked.sync_id for one in self.rounds for asked in one))


@pytest.fixture(scope="module")
def own_server() -> Generator[EmbeddedServer]:
    """A server that nobody else uses, because it is stopped in between."""
    with tempfile.TemporaryDirectory(prefix="sync-assets-chaos-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL runs as `nobody` when root runs the tests
        server = ensure_running(home, durable=False)
        try:
            with server.connect() as connection:
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
            database = Database(server.url(TEMPLATE))
            migrate(database)
            database.close()
            yield server
        finally:
            stop(home)


@pytest.fixture(scope="module")
def aftermath(own_server: EmbeddedServer) -> Generator[Aftermath]:
    """60 requests of 20 tenants, asked for while everything is killed, and all of them ended."""
    seed = Random().randrange(10**6)  # noqa: S311 - no secret depends on it
    _log.warning("The seed of the chaos is %s.", seed)
    with (
        pytest.MonkeyPatch.context() as patch,
        started(TENANTS, SITES, delay=0.06) as sites,
    ):
        patch.setenv("SYNC_ASSETS_REQUEST_INTERVAL", "1")
        patch.setenv("SYNC_ASSETS_RETRY_AFTER", "2")
        with running(own_server, TEMPLATE, {}) as stack:
            stack.dagster.stop_sensors(but="requests")
            sites.register(stack.platform)
            with connected(stack) as owner:
                ledger.keep(owner)
            work = Work(stack.platform, sites)
            chaos = Chaos(stack, own_server, Random(seed), work.go_on)  # noqa: S311
            ask_under_fire(work, chaos)
            _log.warning("All was asked for and struck.")
            until(lambda: chaos.supervise() or work.is_done(), 300)
            with connected(stack) as owner:
                yield Aftermath(stack, sites, work.rounds, chaos.struck, owner)


def test_everything_was_struck(aftermath: Aftermath):
    assert aftermath.struck == Counter(HITS)


def test_each_request_ended_once_completed_or_failed_with_a_cause(aftermath: Aftermath):
    assert len(aftermath.ids) >= 3 * TENANTS
    ends = ledger.ends(aftermath.owner, aftermath.ids)
    assert {sync_id: len(states) for sync_id, states in ends.items()} == dict.fromkeys(
        aftermath.ids, 1
    )
    found = [aftermath.stack.platform.requests.get(sync_id) for sync_id in aftermath.ids]
    _log.warning("They ended so: %s", Counter((r.state.value, r.attempt, r.error) for r in found))
    handed_on = ledger.handed_on(aftermath.owner)
    assert set(handed_on.values()) <= set(aftermath.ids)
    for request in found:
        if request.id in handed_on:
            assert request.state in {State.FAILED, State.CANCELLED}
            assert f"Sync {handed_on[request.id]}, asked for since" in (request.error or "")
            continue
        assert request.state in {State.COMPLETED, State.FAILED}
        assert (request.state is State.FAILED) == bool(request.error), request
        assert request.attempt == request.attempts or request.state is State.COMPLETED
    assert sum(request.state is State.COMPLETED for request in found) > 2 * len(found) // 3


def test_no_tenant_had_two_syncs_at_work_at_a_time(aftermath: Aftermath):
    assert ledger.at_work_together(aftermath.owner) == []
    assert ledger.held_together(aftermath.owner) == []


def test_no_site_was_asked_but_for_an_attempt_under_way(aftermath: Aftermath):
    asked = list(aftermath.sites.asked)
    assert len(asked) > 10 * len(aftermath.ids)
    assert ledger.uncalled_for(aftermath.owner, asked) == []


def test_no_run_is_left_over(aftermath: Aftermath):
    def left() -> set[str]:
        found = [*aftermath.stack.dagster.runs("wordpress_sync")]
        found += aftermath.stack.dagster.runs("wordpress_sweep")
        return {run["status"] for run in found} - {"SUCCESS", "FAILURE", "CANCELED"}

    until(lambda: not left(), 240)


def test_the_rows_are_those_of_an_undisturbed_sync(aftermath: Aftermath):
    platform, sites = aftermath.stack.platform, aftermath.sites
    again = [asked for asked in aftermath.rounds[-1] if not completed(platform, asked.sync_id)]
    for asked in again:
        platform.requests.retry(asked.sync_id, "a test")
    until(lambda: all(completed(platform, asked.sync_id) for asked in again), 120)
    for number, demo in enumerate(sites.all()):
        whole = sites.join(platform, f"undisturbed-{number}", demo)
        outcomes = platform.run_tenant(platform.request(whole), StopSignal())
        assert all(outcome.counts for outcome in outcomes)
        for tenant in (name for name, site in sites.of.items() if site is demo):
            assert differing(aftermath.owner, whole, tenant) == {}


def ask_under_fire(work: "Work", chaos: Chaos) -> None:
    """Three rounds, of streams that differ, so that no two requests become one."""
    strikes = chaos.strikes()
    for ask in (bulk, singles, everything):
        work.ask(ask)
        for _ in islice(strikes, -(-sum(HITS.values()) // 3)):
            pass


@dataclass(slots=True)
class Work:
    """What is asked for, round by round."""

    platform: Platform
    sites: Sites
    rounds: list[list[Asked]] = field(default_factory=list[list[Asked]])

    def ask(self, ask: Callable[[Platform, Sequence[str]], list[Asked]]) -> None:
        """Ask for one more round, of sites that were written to meanwhile."""
        self.sites.write()
        self.rounds.append(ask(self.platform, list(self.sites.of)))

    def go_on(self) -> None:
        """A quick machine has done all before everything was struck: there is more to do then."""
        if self.is_done():
            self.ask(everything)

    def is_done(self) -> bool:
        """Have all requests ended?"""
        ids = [asked.sync_id for one in self.rounds for asked in one]
        return not any(
            self.platform.requests.get(sync_id).state in {State.QUEUED, State.LAUNCHED}
            for sync_id in ids
        )


def bulk(platform: Platform, tenants: Sequence[str]) -> list[Asked]:
    return wish(platform, tenants, "terms", "media")


def singles(platform: Platform, tenants: Sequence[str]) -> list[Asked]:
    """Some alone, some of a few that could share a sweep."""
    kinds = (("posts",), ("pages",), ("media", "pages"), ("terms", "posts"))
    return [
        asked
        for number, tenant in enumerate(tenants)
        for asked in wish(platform, [tenant], *kinds[number % 4], batch=BATCH - number % 2)
    ]


def everything(platform: Platform, tenants: Sequence[str]) -> list[Asked]:
    return wish(platform, tenants)


def wish(
    platform: Platform, tenants: Sequence[str], *streams: str, batch: int = BATCH
) -> list[Asked]:
    options = SyncOptions(batch_size=batch)
    return enqueue(platform, tenants, options, streams=streams, asked_by="a test")


def completed(platform: Platform, sync_id: UUID) -> bool:
    return platform.requests.get(sync_id).state is State.COMPLETED


def connected(stack: Stack) -> AbstractContextManager[Owner]:
    return psycopg.connect(stack.platform.database_url, autocommit=True)
