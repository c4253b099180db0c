"""Asking: durable, deduplicated, and for one's own active tenants only."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct, UnknownTenant
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.core.requests import Asked
from sync_assets.core.tenants import Credentials
from sync_assets.enqueue import enqueue
from sync_assets_tests.store.desk import STREAMS, Desk
from sync_assets_tests.store.looking import as_nobody, one

pytestmark = pytest.mark.postgres

ASKER = """
import sys
from sync_assets.bootstrap import Platform
from sync_assets.enqueue import enqueue
platform = Platform()
platform.requests.tenants(["acme"])  # connected before the word
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    [asked] = enqueue(platform, ["acme"], asked_by="a process")
    print(asked.new, asked.sync_id, flush=True)
platform.close()
"""

INSERT = """
    INSERT INTO sync.requests (id, tenant_id, organization, source, streams, queue, priority,
      asked_by, state, attempts)
    SELECT gen_random_uuid(), id, organization, source, '{posts}', 'default', 1, 'a test', 'queued',
      3 FROM sync.tenants
"""


def asked(platform: Platform, *tenants: str, **wishes: object) -> list[Asked]:
    return enqueue(platform, tenants, asked_by="a test", **wishes)  # type: ignore[arg-type]


# Once


def test_of_20_that_ask_at_once_one_is_new_and_19_join_it(platform: Platform, desk: Desk):
    ready = Barrier(20)

    def ask(_: int) -> tuple[bool, UUID]:
        ready.wait()
        [answer] = asked(platform, "acme")
        return answer.new, answer.sync_id

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, range(20)))
    assert Counter(new for new, _ in answers) == {True: 1, False: 19}
    assert {sync_id for _, sync_id in answers} == set(desk.states())


def test_so_it_is_between_processes(desk: Desk):
    command = [sys.executable, "-c", ASKER]
    pipe = subprocess.PIPE
    askers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]  # noqa: S603
    try:
        for asker in askers:
            assert asker.stdout is not None
            assert asker.stdout.readline() == "ready\n"
        outputs = [asker.communicate("\n", timeout=60)[0] for asker in askers]
    finally:
        for asker in askers:
            asker.kill()
            asker.wait()
    lines = [line.split() for output in outputs for line in output.splitlines()]
    assert Counter(new for new, _ in lines) == {"True": 1, "False": 39}
    assert {UUID(sync_id) for _, sync_id in lines} == set(desk.states())


def test_wishes_for_the_same_are_merged(platform: Platform, desk: Desk):
    [first] = asked(platform, "acme", options=SyncOptions(full=True), attempts=5)
    [second] = asked(
        platform, "acme", options=SyncOptions(approve_deletions=True, batch_size=10), attempts=1
    )
    assert (second.sync_id, second.new) == (first.sync_id, False)
    request = desk.request(first.sync_id)
    assert request.options == SyncOptions(full=True, approve_deletions=True, batch_size=10)
    assert request.due_at < utc_now() + timedelta(seconds=5)
    assert request.attempts == 5


def test_what_is_planned_for_later_waits_for_its_moment_whatever_is_asked_for_before(
    platform: Platform, desk: Desk
):
    later = utc_now() + timedelta(hours=2)
    [planned] = asked(platform, "acme", options=SyncOptions(full=True), due=later)
    [now] = asked(platform, "acme")
    assert now.new
    assert desk.taken() == [["acme"]]
    assert desk.request(planned.sync_id).due_at == later
    assert not desk.request(now.sync_id).options.full
    [again] = asked(platform, "acme", due=later)
    assert (again.sync_id, again.new) == (planned.sync_id, False)


def test_a_retry_keeps_its_distance_whoever_asks_meanwhile(platform: Platform, desk: Desk):
    sync_id = desk.started()
    desk.end(sync_id, posts=("failed", "RetryLater"))
    waits = desk.waits(sync_id)
    [joined] = asked(platform, "acme", streams=STREAMS)
    assert (joined.sync_id, joined.new) == (sync_id, False)
    assert desk.waits(sync_id) > waits - 5 > 0


@pytest.mark.parametrize(
    "priorities", [(Priority.LOW, Priority.HIGH), (Priority.HIGH, Priority.LOW)]
)
def test_the_higher_priority_wins_and_takes_it_into_its_queue(
    platform: Platform, desk: Desk, priorities: tuple[Priority, Priority]
):
    [sync_id] = {asked(platform, "acme", priority=p)[0].sync_id for p in priorities}
    request = desk.request(sync_id)
    assert (request.priority, request.queue) == (Priority.HIGH, "high_priority")


def test_other_streams_or_another_period_are_another_request(platform: Platform, desk: Desk):
    asked(platform, "acme")
    asked(platform, "acme", streams=["posts"])
    asked(platform, "acme", options=SyncOptions(period="2026-10"))
    asked(platform, "acme", options=SyncOptions(period="2026-11"))
    asked(platform, "acme", options=SyncOptions(period="2026-10"))
    assert len(desk.states()) == 4


def test_one_more_may_wait_behind_one_that_was_started(platform: Platform, desk: Desk):
    [first], _ = asked(platform, "acme"), desk.take()
    [second] = asked(platform, "acme")
    [third] = asked(platform, "acme")
    assert second.new
    assert second.sync_id != first.sync_id
    assert third.sync_id == second.sync_id


def test_the_answer_has_the_names_that_are_known_from_the_replaced_systems(
    platform: Platform, desk: Desk
):
    [answer] = asked(platform, "acme")
    shown = answer.as_dict()
    names = ("syncId", "siteId", "status", "queuedJobsCount", "queue", "new")
    assert [shown[name] for name in names] == [
        str(answer.sync_id), "acme", "queued", 4, "default", True,
    ]  # fmt: skip
    assert desk.log(answer.sync_id) == ["Asked by a test."]


# For whom


def test_one_bad_tenant_and_nothing_is_queued_for_any(platform: Platform, desk: Desk):
    desk.register("removed")
    desk.register("theirs", organization="rival")
    platform.tenants.deactivate("removed")
    for bad in ("nobody", "removed", "theirs"):
        with pytest.raises(UnknownTenant, match=bad):
            asked(platform, "acme", bad, organization="agency")
    with pytest.raises(OperatorMustAct, match="no stream"):
        asked(platform, "acme", streams=["posts", "orders"])
    assert desk.states() == {}


def test_who_asks_for_anothers_tenant_learns_nothing_of_it(platform: Platform, desk: Desk):
    desk.register("theirs", organization="rival")
    said = []
    for name in ("theirs", "nobody"):
        with pytest.raises(UnknownTenant) as error:
            asked(platform, name, organization="agency")
        said.append(str(error.value).replace(name, "…"))
    assert said[0] == said[1]
    assert len(asked(platform, "theirs")) == 1  # an operator may


def test_a_tenant_that_is_removed_while_others_ask_is_not_queued(platform: Platform, desk: Desk):
    desk.register("globex")
    with ThreadPoolExecutor() as aside:
        with platform.database.as_control() as connection:
            connection.execute("UPDATE sync.tenants SET active = false WHERE id = 'globex'")
            asking = aside.submit(desk.ask, "acme", "globex")
            with pytest.raises(TimeoutError):
                asking.result(timeout=0.5)
        with pytest.raises(UnknownTenant, match="globex"):
            asking.result(timeout=10)
    assert desk.states() == {}


def test_a_tenants_transaction_sees_its_own_requests_only(platform: Platform, desk: Desk):
    desk.register("globex")
    desk.ask("acme", "globex")
    with platform.database.as_tenant("acme") as connection:
        seen = connection.execute("SELECT tenant_id FROM sync.requests").scalars()
    assert seen == ["acme"]
    with as_nobody(platform.database) as connection:
        assert connection.execute("SELECT count(*) FROM sync.requests").scalar() == 0


def test_removing_a_tenant_cancels_what_waits_and_a_purge_deletes_it(
    platform: Platform, desk: Desk
):
    desk.register("globex")
    [mine, theirs] = desk.ask("acme", "globex")
    platform.tenants.deactivate("acme")
    assert desk.states() == {mine: "cancelled", theirs: "queued"}
    with pytest.raises(UnknownTenant):
        platform.requests.retry(mine, "a test")
    platform.tenants.purge("acme", [])
    assert desk.states() == {theirs: "queued"}


def test_a_purge_leaves_no_request_that_is_asked_for_at_that_very_moment(
    platform: Platform, desk: Desk
):
    with ThreadPoolExecutor() as aside:
        with (
            platform.database.as_control() as connection
        ):  # as far as asking is through, and not committed
            query = "SELECT FROM sync.tenants WHERE id = 'acme' FOR SHARE"
            connection.execute(query)
            purge = aside.submit(platform.tenants.purge, "acme", [])
            with pytest.raises(TimeoutError):
                purge.result(timeout=0.5)
            connection.execute(INSERT)
        purge.result(timeout=10)
    assert desk.states() == {}
    with pytest.raises(UnknownTenant):
        desk.ask("acme")


def test_a_tenant_without_credentials_that_needs_them_is_refused(platform: Platform, desk: Desk):
    acme = platform.tenants.get("acme")
    platform.tenants.update(replace(acme, credentials=Credentials("sync", "secret")))
    desk.owner.execute("UPDATE sync.tenants SET secret = NULL")
    with pytest.raises(OperatorMustAct, match="has no credentials"):
        asked(platform, "acme")
    assert one(desk.owner, "SELECT count(*) FROM sync.requests") == 0
