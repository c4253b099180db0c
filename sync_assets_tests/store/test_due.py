"""For whom a sync is due, and that what is broken causes no storm."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.store.due import FIRST_WAIT, LONGEST_WAIT
from sync_assets_tests.store.desk import STREAMS, Desk
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres

SOURCE = "wordpress"
MOST = 100
SLACK = timedelta(seconds=30)


def ended(owner: Owner, tenant: str, *endings: tuple[str, timedelta]) -> None:
    """Requests of a tenant that ended in a state, so long ago."""
    for state, ago in endings:
        owner.execute(
            "INSERT INTO sync.requests (id, tenant_id, organization, source, streams, queue,"
            " priority, asked_by, state, attempts, asked_at, ended_at)"
            " VALUES (gen_random_uuid(), %s, 'agency', 'wordpress', '{posts}', 'default', 1,"
            " 'a test', %s, 3, now() - %s, now() - %s)",
            [tenant, state, ago, ago],
        )


def failures(number: int, last: timedelta) -> list[tuple[str, timedelta]]:
    return [("failed", last + timedelta(minutes=place)) for place in range(number)]


def change(platform: Platform, desk: Desk, **changes: object) -> list[str]:
    """Who is asked for after a change of acme that nobody has asked for since."""
    desk.end(desk.started())
    assert platform.due.changed(SOURCE, STREAMS, MOST) == []
    platform.tenants.update(replace(platform.tenants.get("acme"), **changes))  # type: ignore[arg-type]
    return platform.due.changed(SOURCE, STREAMS, MOST)


# By the common schedule


def test_the_schedule_asks_for_the_active_that_have_no_schedule_of_their_own(
    platform: Platform, desk: Desk
):
    desk.register("removed", "own", "off", "new")
    platform.tenants.deactivate("removed")
    for tenant, schedule in [("own", "0 4 * * *"), ("off", "off")]:
        platform.tenants.update(replace(platform.tenants.get(tenant), schedule=schedule))
    assert platform.due.scheduled(SOURCE) == ["acme", "new"]
    assert platform.due.scheduled("shopify") == []


def test_it_leaves_alone_who_fails_until_a_sync_succeeds(platform: Platform, desk: Desk):
    ended(desk.owner, "acme", ("failed", timedelta(hours=2)))
    assert platform.due.scheduled(SOURCE) == []
    ended(desk.owner, "acme", ("cancelled", timedelta(hours=1)))
    assert platform.due.scheduled(SOURCE) == []
    ended(desk.owner, "acme", ("completed", timedelta(minutes=1)))
    assert platform.due.scheduled(SOURCE) == ["acme"]


def failed_with(owner: Owner, tenant: str, ago: timedelta = timedelta(hours=2), **parts: str):
    """A request of a tenant that failed, with how each of its parts stood at the end."""
    names = list(parts)
    row = owner.execute(
        "INSERT INTO sync.requests (id, tenant_id, organization, source, streams, queue,"
        " priority, asked_by, state, attempts, asked_at, ended_at)"
        " VALUES (gen_random_uuid(), %(t)s, 'agency', 'wordpress', %(s)s, 'default', 1, 'a test',"
        " 'failed', 3, now() - %(a)s, now() - %(a)s) RETURNING id",
        {"t": tenant, "s": names, "a": ago},
    ).fetchone()
    assert row is not None
    owner.execute(
        "INSERT INTO sync.syncs (id, tenant_id, source, streams) VALUES (%s, %s, 'wordpress', %s)",
        [row[0], tenant, names],
    )
    for name, status in parts.items():
        owner.execute(
            "INSERT INTO sync.streams (sync_id, tenant_id, stream, status) VALUES (%s, %s, %s, %s)",
            [row[0], tenant, name, status],
        )


def test_contents_are_asked_for_though_embedding_them_fails(platform: Platform, desk: Desk):
    desk.register("globex", "initech", "umbrella")
    failed_with(desk.owner, "acme", posts="done", embeddings="failed")
    failed_with(desk.owner, "globex", embeddings="failed")
    failed_with(desk.owner, "initech", posts="failed", embeddings="skipped")
    assert platform.due.content_only(SOURCE) == ["acme", "globex"]
    assert platform.due.scheduled(SOURCE) == ["umbrella"]
    failed_with(desk.owner, "acme", posts="failed", embeddings="skipped")
    assert platform.due.content_only(SOURCE) == ["globex"]


def test_who_failed_before_anything_ran_is_left_alone(platform: Platform, desk: Desk):
    ended(desk.owner, "acme", ("failed", timedelta(hours=2)))
    assert platform.due.content_only(SOURCE) == []


def test_what_a_budget_kept_back_waits_while_embedding_fails(platform: Platform, desk: Desk):
    failed_with(desk.owner, "acme", timedelta(hours=5), embeddings="failed")
    desk.owner.execute(
        "UPDATE sync.streams SET status = 'done', finished_at = now(),"
        ' counts = \'{"next_call": "0.001"}\''
    )
    assert platform.due.kept_back(SOURCE) == []
    ended_completely(desk.owner)
    assert platform.due.kept_back(SOURCE) == [("acme", Decimal("0.001"))]


def ended_completely(owner: Owner) -> None:
    owner.execute("UPDATE sync.requests SET state = 'completed'")


# After failures


@pytest.mark.parametrize(
    ("number", "wait"),
    [
        (1, FIRST_WAIT),
        (2, FIRST_WAIT * 2),
        (3, FIRST_WAIT * 4),
        (6, FIRST_WAIT * 32),
        (7, LONGEST_WAIT),
        (80, LONGEST_WAIT),
    ],
)
def test_each_failure_doubles_the_wait_up_to_a_day(
    platform: Platform, desk: Desk, number: int, wait: timedelta
):
    ended(desk.owner, "acme", *failures(number, wait - SLACK))
    assert platform.due.failing(SOURCE, MOST) == []
    desk.owner.execute("UPDATE sync.requests SET ended_at = ended_at - %s", [SLACK * 2])
    assert platform.due.failing(SOURCE, MOST) == ["acme"]


def test_a_success_between_them_begins_the_count_anew(platform: Platform, desk: Desk):
    long_ago = timedelta(hours=30)
    ended(desk.owner, "acme", *failures(9, long_ago), ("completed", timedelta(hours=3)))
    assert platform.due.failing(SOURCE, MOST) == []
    ended(desk.owner, "acme", ("failed", FIRST_WAIT + SLACK))
    assert platform.due.failing(SOURCE, MOST) == ["acme"]


def test_who_waits_or_runs_is_not_asked_for_again(platform: Platform, desk: Desk):
    ended(desk.owner, "acme", ("failed", timedelta(days=2)))
    desk.ask("acme")
    assert platform.due.failing(SOURCE, MOST) == []
    desk.take()
    assert platform.due.failing(SOURCE, MOST) == []


def test_nobody_tries_again_who_was_removed_or_wants_no_schedule(platform: Platform, desk: Desk):
    desk.register("off")
    for tenant in ("acme", "off"):
        ended(desk.owner, tenant, ("failed", timedelta(days=2)))
    platform.tenants.deactivate("acme")
    platform.tenants.update(replace(platform.tenants.get("off"), schedule="off"))
    assert platform.due.failing(SOURCE, MOST) == []


def test_of_1000_that_fail_a_tick_asks_for_100_the_oldest_first(platform: Platform, desk: Desk):
    desk.owner.execute(
        "INSERT INTO sync.tenants (id, source, organization, url)"
        " SELECT 't' || n, 'wordpress', 'agency', 'http://demo.invalid'"
        " FROM generate_series(1, 1000) n"
    )
    desk.owner.execute(
        "INSERT INTO sync.requests (id, tenant_id, organization, source, streams, queue, priority,"
        " asked_by, state, attempts, ended_at)"
        " SELECT gen_random_uuid(), 't' || n, 'agency', 'wordpress', '{posts}', 'default', 1,"
        " 'a test', 'failed', 3, now() - make_interval(days => 2, secs => n)"
        " FROM generate_series(1, 1000) n"
    )
    due = platform.due.failing(SOURCE, MOST)
    assert due == [f"t{number}" for number in range(1000, 900, -1)]
    desk.ask(*due)
    assert set(platform.due.failing(SOURCE, MOST)).isdisjoint(due)
    assert platform.due.scheduled(SOURCE) == ["acme"]


# After changes


def test_a_new_tenant_is_asked_for_until_somebody_has(platform: Platform, desk: Desk):
    assert platform.due.changed(SOURCE, STREAMS, MOST) == ["acme"]
    desk.ask("acme")
    assert platform.due.changed(SOURCE, STREAMS, MOST) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://moved.invalid"},
        {"settings": {"post_types": "eventos"}},
        {"credentials": Credentials("sync", "secret")},
    ],
)
def test_what_lets_a_sync_find_something_else_is_asked_for(
    platform: Platform, desk: Desk, changes: dict[str, object]
):
    assert change(platform, desk, **changes) == ["acme"]


@pytest.mark.parametrize(
    "changes",
    [{"organization": "another"}, {"schedule": "0 4 * * *"}, {"url": "http://demo.invalid"}],
)
def test_what_does_not_is_not(platform: Platform, desk: Desk, changes: dict[str, object]):
    assert change(platform, desk, **changes) == []


def test_a_new_secret_is_asked_for_and_a_removed_tenant_is_not(platform: Platform, desk: Desk):
    acme = replace(platform.tenants.get("acme"), credentials=Credentials("sync", "old"))
    platform.tenants.update(acme)
    assert change(platform, desk, credentials=Credentials("sync", "new")) == ["acme"]
    platform.tenants.deactivate("acme")
    assert platform.due.changed(SOURCE, STREAMS, MOST) == []


def test_a_change_during_a_sync_is_asked_for(platform: Platform, desk: Desk):
    sync_id = desk.started()
    moved = replace(platform.tenants.get("acme"), url="http://moved.invalid")
    platform.tenants.update(moved)
    desk.end(sync_id)
    assert platform.due.changed(SOURCE, STREAMS, MOST) == ["acme"]


def test_those_who_wait_longest_are_asked_for_first(platform: Platform, desk: Desk):
    desk.register("globex", "initech")
    assert platform.due.changed(SOURCE, STREAMS, 2) == ["acme", "globex"]


# By their own schedules


def test_a_schedule_of_ones_own_counts_from_when_somebody_last_asked(
    platform: Platform, desk: Desk
):
    own: Tenant = replace(platform.tenants.get("acme"), schedule="0 4 * * *")
    platform.tenants.update(own)
    [before] = platform.due.own_schedules(SOURCE, STREAMS)
    assert (before.tenant_id, before.cron) == ("acme", "0 4 * * *")
    desk.ask("acme")
    [after] = platform.due.own_schedules(SOURCE, STREAMS)
    assert after.last > before.last


def test_nobody_has_one_who_wants_none_was_removed_or_fails(platform: Platform, desk: Desk):
    desk.register("off", "removed", "fails")
    for tenant in ("off", "removed", "fails"):
        schedule = "off" if tenant == "off" else "*/5 * * * *"
        platform.tenants.update(replace(platform.tenants.get(tenant), schedule=schedule))
    platform.tenants.deactivate("removed")
    ended(desk.owner, "fails", ("failed", timedelta(hours=2)))
    assert platform.due.own_schedules(SOURCE, STREAMS) == []
    assert platform.due.failing(SOURCE, MOST) == ["fails"]


def test_asking_for_one_stream_does_not_answer_a_change(platform: Platform, desk: Desk):
    assert platform.due.changed(SOURCE, STREAMS, MOST) == ["acme"]
    desk.ask("acme", streams=STREAMS[:1])
    assert platform.due.changed(SOURCE, STREAMS, MOST) == ["acme"]
    desk.ask("acme")
    assert platform.due.changed(SOURCE, STREAMS, MOST) == []
