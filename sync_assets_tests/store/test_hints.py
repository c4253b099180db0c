"""Hints wait until a sync has read what they point to, and no longer."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.hints import Hint
from sync_assets.core.ports import Page, SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.core.records import Rejected
from sync_assets.core.requests import Asked, State
from sync_assets.core.run import StreamStatus
from sync_assets.enqueue import enqueue, hint
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.store import hints as storing
from sync_assets.store.hooks import REMEMBERED
from sync_assets_tests.store.desk import Desk
from sync_assets_tests.store.writing import begin, held, page, post, request

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("desk")]  # it registers acme

POST = Hint("posts", "post", 7)
TERM = Hint("terms", "category", 3)
HINTED = SyncOptions(hinted=True)


def hinted(platform: Platform, *hints: Hint, tenant: str = "acme") -> Asked:
    asked = hint(platform, tenant, hints or [POST], asked_by="a site")
    assert asked is not None
    return asked


def waiting(platform: Platform, tenant: str = "acme", stream: str = "posts") -> Sequence[Hint]:
    with platform.database.as_tenant(tenant) as connection:
        return storing.waiting(connection, stream)


def hears(platform: Platform, call: bytes) -> bool:
    """Bring a call; gives whether it was heard, as one that was not before."""
    with platform.hooks.hearing("acme", call) as transaction:
        return transaction is not None


def take_one(desk: Desk, sync_id: UUID) -> tuple[str, ...]:
    [launch] = desk.take()
    assert [each.id for each in launch.requests] == [sync_id]
    return launch.streams


# Keeping them


def test_a_record_that_is_hinted_at_often_waits_once(platform: Platform):
    platform.hints.add("acme", [POST, POST, TERM])
    [before] = waiting(platform)
    platform.hints.add("acme", [POST])
    [after] = waiting(platform)
    assert (after.collection, after.key) == ("post", 7)
    assert after.mark > before.mark
    assert len(waiting(platform, stream="terms")) == 1


def test_nothing_is_kept_for_who_is_not_there(platform: Platform):
    platform.tenants.deactivate("acme")
    assert platform.hints.add("acme", [POST]) == platform.hints.add("nobody", [POST]) == 0


def test_no_more_wait_than_are_worth_it_but_what_waits_is_hinted_anew(platform: Platform):
    full = [Hint("posts", "post", key) for key in range(1, storing.MOST + 1)]
    assert platform.hints.add("acme", full) == storing.MOST
    marks = {one.key: one.mark for one in waiting(platform)}
    assert platform.hints.add("acme", [Hint("posts", "post", 99_999), POST]) == 1
    after = {one.key: one.mark for one in waiting(platform)}
    assert after.keys() == marks.keys()
    assert after[7] > marks[7]


def test_a_page_takes_its_own_hints_away_and_no_later_ones(platform: Platform):
    platform.hints.add("acme", [Hint("posts", "post", key) for key in (1, 2, 3)])
    with held(platform, request()) as stream:
        found = stream.hints()
        platform.hints.add("acme", [Hint("posts", "post", 2)])
        stream.write(Page("post", "post", done=found[:2]))
        assert [one.key for one in waiting(platform)] == [2, 3]
        stream.bury("post", [], done=found)
    assert [one.key for one in waiting(platform)] == [2]


def test_what_a_transaction_that_failed_had_done_stays_hinted(platform: Platform):
    platform.hints.add("acme", [POST])
    with held(platform, request()) as stream:
        found = stream.hints()
        with pytest.raises(ZeroDivisionError), stream.writing() as connection:  # noqa: PT012
            storing.remove(connection, found)
            _ = 1 / 0
    assert len(waiting(platform)) == 1


def test_those_who_hint_and_those_who_read_never_wait_for_each_other_for_ever(platform: Platform):
    both = [Hint("posts", "post", key) for key in range(1, 50)]
    ready = Barrier(3)

    def add(backwards: bool) -> None:
        ready.wait()
        for _ in range(20):
            platform.hints.add("acme", both[::-1] if backwards else both)

    def remove() -> None:
        ready.wait()
        for _ in range(20):
            with platform.database.as_tenant("acme") as connection:
                storing.remove(connection, storing.waiting(connection, "posts")[::-1])

    with ThreadPoolExecutor(3) as threads:
        work = [threads.submit(add, False), threads.submit(add, True), threads.submit(remove)]
        for one in work:
            one.result(timeout=60)


def test_a_tenant_sees_its_own_hints_only(platform: Platform, desk: Desk):
    desk.register("globex")
    platform.hints.add("acme", [POST])
    assert waiting(platform, "globex") == []


def test_a_purge_forgets_hints(platform: Platform, desk: Desk):
    platform.hints.add("acme", [POST])
    platform.hooks.make("acme")
    assert hears(platform, b"signature")
    platform.tenants.purge("acme", [])
    assert desk.owner.execute("SELECT count(*) FROM sync.hints").fetchall() == [(0,)]
    assert desk.owner.execute("SELECT count(*) FROM sync.hook_calls").fetchall() == [(0,)]


def test_hints_that_no_sync_comes_to_are_forgotten(platform: Platform, desk: Desk):
    platform.hints.add("acme", [POST, TERM])
    desk.owner.execute(
        "UPDATE sync.hints SET hinted_at = now() - interval '3 days' WHERE stream = 'posts'"
    )
    assert platform.hints.forget() == 1
    assert (waiting(platform), len(waiting(platform, stream="terms"))) == ([], 1)


# Their requests


def test_many_hints_make_one_request(platform: Platform):
    ready = Barrier(8)

    def one(key: int) -> UUID:
        ready.wait()
        return hinted(platform, Hint("posts", "post", key)).sync_id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(one, range(1, 9)))
    assert len(ids) == 1
    assert len(waiting(platform)) == 8


def test_it_goes_before_others(platform: Platform, desk: Desk):
    asked = desk.request(hinted(platform).sync_id)
    assert (asked.queue, asked.priority, asked.options.hinted) == (
        "high_priority", Priority.HIGH, True,
    )  # fmt: skip


def test_it_neither_joins_an_ordinary_request_nor_is_joined_by_one(platform: Platform, desk: Desk):
    [ordinary] = enqueue(platform, ["acme"], asked_by="a test")
    special = hinted(platform)
    [again] = enqueue(platform, ["acme"], asked_by="a test")
    assert special.sync_id != ordinary.sync_id == again.sync_id
    assert not desk.request(ordinary.sync_id).options.hinted
    assert desk.request(ordinary.sync_id).queue == "default"


def test_its_run_is_for_the_streams_that_were_hinted_at(platform: Platform, desk: Desk):
    asked = hinted(platform, TERM)
    hinted(platform, POST)
    assert take_one(desk, asked.sync_id) == ("terms", "posts")
    assert desk.request(asked.sync_id).streams == ("terms", "posts")


def test_where_an_earlier_sync_was_quicker_no_run_is_needed(platform: Platform, desk: Desk):
    asked = hinted(platform)
    with platform.database.as_tenant("acme") as connection:
        storing.remove(connection, storing.waiting(connection, "posts"))
    assert desk.take() == []
    assert desk.request(asked.sync_id).state is State.COMPLETED
    assert platform.syncs.report(asked.sync_id).as_dict()["status"] == "completed"
    assert desk.log(asked.sync_id)[-1].startswith("Nothing is left to do")


def test_a_hint_after_the_start_has_a_request_of_its_own(platform: Platform, desk: Desk):
    first = hinted(platform)
    desk.take()
    assert hinted(platform, TERM).sync_id != first.sync_id


def test_hints_of_several_tenants_may_share_a_sweep_each_with_its_streams(
    platform: Platform, desk: Desk
):
    tenants = [f"t{number}" for number in range(12)]
    desk.register(*tenants)
    for tenant in tenants:
        hinted(platform, TERM if tenant == "t0" else POST, tenant=tenant)
    [launch] = desk.take(slots=1)
    assert set(launch.streams) == {"terms", "posts"}
    streams = {each.tenant_id: each.streams for each in launch.requests}
    assert (streams["t0"], streams["t1"]) == (("terms",), ("posts",))
    claimed = platform.claims.of(launch.claim)
    assert (claimed["t0"].streams, claimed["t1"].streams) == (("terms",), ("posts",))


def test_another_attempt_does_what_the_first_left_although_its_hints_are_gone(
    platform: Platform, desk: Desk
):
    asked = hinted(platform)
    [launch] = desk.take()
    desk.begin(desk.wanted(asked.sync_id, "run", launch.streams), launch.claim)
    desk.end(asked.sync_id, posts=("failed", "RetryLater"))
    with platform.database.as_tenant("acme") as connection:
        storing.remove(connection, storing.waiting(connection, "posts"))
    desk.put(asked.sync_id, due_at=utc_now() - timedelta(seconds=1))
    assert take_one(desk, asked.sync_id) == ("posts",)


# What it says of its tenant: nothing


def ended(platform: Platform, desk: Desk, **endings: str | tuple[str, str]) -> UUID:
    asked = hinted(platform, *[Hint(stream, "x", 1) for stream in ("terms", "media", "posts")])
    [launch] = desk.take()
    options = desk.request(asked.sync_id).options
    wanted = desk.wanted(asked.sync_id, "run", launch.streams)
    desk.begin(replace(wanted, options=options), launch.claim)
    desk.end(asked.sync_id, **endings)
    return asked.sync_id


def test_a_hinted_sync_is_no_complete_one(platform: Platform, desk: Desk):
    ended(platform, desk)
    [health] = platform.health.of("acme", [SPEC.stream("posts")])
    assert health.age is None
    since = {one.stream: one.since for one in platform.health.standings("wordpress", ["posts"])}
    assert since["posts"] == platform.tenants.get("acme").created_at


def test_a_tenant_that_was_only_hinted_at_is_still_new(platform: Platform, desk: Desk):
    ended(platform, desk)
    assert platform.due.changed("wordpress", ["posts"], 9) == ["acme"]


def test_one_that_failed_is_no_failure_of_the_tenant_and_alarms_nobody(
    platform: Platform, desk: Desk
):
    sync_id = ended(platform, desk, posts=("failed", "TenantMustAct"))
    assert desk.request(sync_id).state is State.FAILED
    assert platform.due.scheduled("wordpress") == ["acme"]
    assert (platform.due.broken(), desk.letters()) == ([], [])
    assert desk.value(sync_id, "alerted_at") is not None


def test_one_that_went_well_mends_no_failure(platform: Platform, desk: Desk):
    failed = desk.started()
    desk.end(failed, posts=("failed", "TenantMustAct"))
    ended(platform, desk)
    assert [broken.tenant_id for broken in platform.due.broken()] == ["acme"]
    assert [resolved for _, _, resolved in desk.letters()] == [False]


def test_it_resolves_no_dead_letter_of_a_record_that_it_did_not_look_at(platform: Platform):
    with held(platform, request()) as stream:
        stream.write(page(rejected=[Rejected(7, {"id": 7}, "no good")]))
    wanted = replace(request(), options=HINTED)
    begin(platform, wanted)
    with platform.syncs.holder(SPEC).hold(wanted, "posts") as stream:
        stream.finish(StreamStatus.DONE)
    assert len(platform.dead_letters.list("acme")) == 1


def test_nobody_waits_for_it_instead_of_an_ordinary_one(platform: Platform):
    wanted = request()
    begin(platform, wanted)
    other = replace(request(), options=HINTED)
    begin(platform, other)
    with platform.syncs.holder(SPEC).hold(other, "posts") as stream:
        stream.finish(StreamStatus.DONE)
    assert platform.syncs.instead_of(wanted) is None


def test_a_row_of_a_few_is_read_by_its_key(platform: Platform):
    with held(platform, request()) as stream:
        stream.write(page(post(1), post(2), post(3)))
        known = stream.known("post", [1, 3, 99])
        assert [row.key for row in known] == [1, 3]
        assert [row for row in stream.known("post") if row.key == 3] == [known.get(3)]
        assert list(stream.known("eventos", [1])) == []


# Who may send them


def test_a_secret_is_sealed_and_replaced(platform: Platform, desk: Desk):
    first, second = platform.hooks.make("acme"), platform.hooks.make("acme")
    hook = platform.hooks.get("acme")
    assert hook is not None
    assert (hook.secret, hook.source) == (second, "wordpress")
    [(stored,)] = desk.owner.execute("SELECT hook_secret FROM sync.tenants").fetchall()
    assert first.encode() not in stored
    assert second.encode() not in stored
    assert second not in repr(hook)
    platform.hooks.close("acme")
    assert platform.hooks.get("acme") is None


def test_a_removed_tenant_has_no_door(platform: Platform):
    platform.hooks.make("acme")
    platform.tenants.deactivate("acme")
    assert platform.hooks.get("acme") is None


def test_of_many_that_bring_the_same_call_one_is_heard(platform: Platform):
    ready = Barrier(8)

    def call(_: int) -> bool:
        ready.wait()
        return hears(platform, b"the same")

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(call, range(8))) == [False] * 7 + [True]


def test_a_call_that_came_to_nothing_is_heard_again_with_all_it_tells(
    platform: Platform, desk: Desk
):
    with pytest.raises(ZeroDivisionError), platform.hooks.hearing("acme", b"a") as transaction:  # noqa: PT012
        hint(platform, "acme", [POST], asked_by="a site", on=transaction)
        _ = 1 / 0
    assert waiting(platform) == []
    assert desk.owner.execute("SELECT FROM sync.requests").fetchall() == []
    with platform.hooks.hearing("acme", b"a") as transaction:
        assert transaction is not None
        assert hint(platform, "acme", [POST], asked_by="a site", on=transaction) is not None
    assert not hears(platform, b"a")
    assert [one.key for one in waiting(platform)] == [7]


def test_who_brings_a_call_waits_for_whoever_is_hearing_it(platform: Platform):
    with ThreadPoolExecutor(1) as threads:
        with platform.hooks.hearing("acme", b"a") as transaction:
            assert transaction is not None
            second = threads.submit(hears, platform, b"a")
            time.sleep(0.2)
            assert not second.done()
            raise psycopg.Rollback
        assert second.result(timeout=10)


def test_a_tenant_that_is_purged_while_it_is_heard_keeps_nobody_waiting(
    platform: Platform, desk: Desk
):
    def purge() -> None:
        platform.tenants.purge("acme", [])

    platform.hints.add("acme", [POST])
    with ThreadPoolExecutor(1) as threads:
        with platform.hooks.hearing("acme", b"a") as transaction:
            purged = threads.submit(purge)
            time.sleep(0.2)  # it waits for the tenant's row, and has taken none that is needed here
            hint(platform, "acme", [POST, TERM], asked_by="a site", on=transaction)
        purged.result(timeout=10)
    for table in ("hints", "hook_calls", "requests"):
        assert desk.owner.execute(f"SELECT FROM sync.{table}").fetchall() == []  # type: ignore[arg-type]


def test_calls_are_forgotten_once_their_time_is_over(platform: Platform, desk: Desk):
    assert hears(platform, b"old")
    assert hears(platform, b"young")
    age = timedelta(seconds=REMEMBERED + 1)
    desk.owner.execute("UPDATE sync.hook_calls SET at = now() - %s WHERE signature = 'old'", [age])
    assert hears(platform, b"new")
    rows = desk.owner.execute("SELECT signature FROM sync.hook_calls ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == [b"new", b"young"]
