"""Queues, schedules, upkeep, workers, health and figures."""

from datetime import datetime

import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import QUEUES, Priority
from sync_assets.enqueue import enqueue
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.looking import change, rows

pytestmark = pytest.mark.postgres


def test_the_figures_of_the_queues_are_the_organizations_own(
    platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    enqueue(platform, [ours.tenant], priority=Priority.URGENT, asked_by="test")
    for stream in ("terms", "posts"):
        enqueue(platform, [theirs.tenant], streams=[stream], asked_by="test")
    found = client(ours.reader).get("/v1/queue/stats").json()["queues"]
    assert {row["queue"] for row in found} == set(QUEUES)
    waiting = {row["queue"]: row["requests"] for row in found if row["state"] == "queued"}
    assert waiting == dict.fromkeys(QUEUES, 0) | {"urgent": 1}


def test_the_organizations_figures_are_those_of_the_view_where_it_is_alone(
    platform: Platform, ours: Organization
):
    enqueue(platform, [ours.tenant], asked_by="test")
    [first] = enqueue(platform, [ours.tenant], streams=["terms"], asked_by="test")
    platform.requests.cancel(first.sync_id, "test")
    zone = platform.settings.timezone
    own = [
        (row.queue, row.state, row.requests, row.ended_today)
        for row in platform.queues.stats("ours", zone)
    ]
    every = [
        (row.queue, row.state, row.requests, row.ended_today)
        for row in platform.history.queue_stats(zone)
    ]
    assert sorted(own) == sorted(every)


def test_clearing_a_queue_cancels_what_waits_of_the_caller_only(
    platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    [mine] = enqueue(platform, [ours.tenant], asked_by="test")
    [urgent] = enqueue(
        platform, [ours.tenant], priority=Priority.URGENT, streams=["terms"], asked_by="test"
    )
    [other] = enqueue(platform, [theirs.tenant], asked_by="test")
    answer = client(ours.admin).delete("/v1/queue/default")
    assert answer.json() == {"queue": "default", "cancelled": 1}
    states = {
        one: platform.syncs.report(one).status
        for one in (mine.sync_id, urgent.sync_id, other.sync_id)
    }
    assert list(states.values()) == ["cancelled", "queued", "queued"]
    assert platform.syncs.log(mine.sync_id)[-1]["message"].startswith("Cancelled (by key")
    assert client(ours.admin).delete("/v1/queue/nothing").status_code == 404
    assert client(ours.syncer).delete("/v1/queue/default").status_code == 403


def test_clearing_takes_back_what_was_launched_but_not_begun(
    platform: Platform, ours: Organization, client: Client
):
    [asked] = enqueue(platform, [ours.tenant], asked_by="test")
    change(platform, "UPDATE sync.requests SET state = 'launched', launched_at = now()")
    assert client(ours.admin).delete("/v1/queue/default").json()["cancelled"] == 1
    [asked] = enqueue(platform, [ours.tenant], asked_by="test")
    change(
        platform,
        "UPDATE sync.requests SET state = 'launched', launched_at = now(), alive_at = now() "
        "WHERE state = 'queued'",
    )
    assert client(ours.admin).delete("/v1/queue/default").json()["cancelled"] == 0
    assert platform.syncs.report(asked.sync_id).status == "running"


def test_a_trial_leaves_nothing_behind(platform: Platform, ours: Organization, client: Client):
    answer = client(ours.syncer).post("/v1/queue/test")
    assert answer.status_code == 200
    found = answer.json()
    assert found["databaseMs"] >= 0
    assert found["queueMs"] > 0
    assert (found["ok"], found["daemon"]) == (False, {"state": "unknown", "parts": []})
    assert rows(platform, "SELECT FROM sync.requests") == []


BEATS = """
    CREATE SCHEMA dagster;
    CREATE TABLE dagster.daemon_heartbeats (daemon_type text, body text);
    INSERT INTO dagster.daemon_heartbeats
    SELECT part, json_build_object('timestamp', extract(epoch FROM now()))::text
    FROM unnest(ARRAY['SENSOR', 'SCHEDULER', 'QUEUED_RUN_COORDINATOR']) AS part
"""


def test_a_daemon_that_beats_is_seen_and_one_that_is_silent_too(
    platform: Platform, ours: Organization, client: Client
):
    change(platform, BEATS)
    admin = client(ours.admin)
    assert admin.post("/v1/queue/test").json()["ok"]
    assert admin.get("/v1/workers").json()["daemon"]["state"] == "beating"
    assert 'sync_assets_daemon_silence_seconds{part="SENSOR"}' in admin.get("/metrics").text
    change(
        platform,
        """UPDATE dagster.daemon_heartbeats SET body = '{"timestamp": 1}'
           WHERE daemon_type = 'SENSOR'""",
    )
    found = admin.get("/v1/workers").json()["daemon"]
    assert found["state"] == "silent"
    assert {part["name"]: part["state"] for part in found["parts"]}["SENSOR"] == "silent"


def test_workers_show_ones_own_and_count_the_others(
    platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    [mine] = enqueue(platform, [ours.tenant], asked_by="test")
    enqueue(platform, [theirs.tenant], asked_by="test")
    change(
        platform,
        "UPDATE sync.requests SET state = 'launched', launched_at = now(), alive_at = now(), "
        "begun_at = now(), run_id = 'run'",
    )
    found = client(ours.admin).get("/v1/workers").json()
    assert [run["syncId"] for run in found["running"]] == [str(mine.sync_id)]
    assert found["others"] == {"running": 1, "waiting": 0, "leases": 0}
    assert theirs.tenant not in str(found)


def test_schedules_say_when_they_come_next(ours: Organization, client: Client):
    admin = client(ours.admin)
    admin.patch(f"/v1/tenants/{ours.tenant}", json={"schedule": "0 5 * * *"})
    found = admin.get("/v1/schedules").json()
    assert {row["kind"] for row in found["common"]} == {"full", "incremental"}
    [own] = found["tenants"]
    assert (own["siteId"], own["cron"]) == (ours.tenant, "0 5 * * *")
    assert datetime.fromisoformat(own["nextAt"]).hour == 5
    admin.patch(f"/v1/tenants/{ours.tenant}", json={"schedule": "off"})
    assert admin.get("/v1/schedules").json()["tenants"][0]["nextAt"] is None


@pytest.mark.parametrize("task", ["clean_up", "statistics", "health"])
def test_a_wish_for_upkeep_joins_one_that_waits_or_has_just_begun(
    task: str, platform: Platform, ours: Organization, theirs: Organization, client: Client
):
    first = client(ours.admin).post(f"/v1/maintenance/{task}")
    second = client(theirs.admin).post(f"/v1/maintenance/{task}")
    assert (first.status_code, first.json()["new"]) == (202, True)
    assert (second.status_code, second.json()["new"]) == (202, False)
    [wish] = platform.wishes.waiting()
    assert wish.task == task
    platform.wishes.taken([wish.id])
    assert not client(ours.admin).post(f"/v1/maintenance/{task}").json()["new"]
    assert platform.wishes.waiting() == []
    change(platform, "UPDATE sync.upkeep_wishes SET taken_at = taken_at - interval '6 minutes'")
    assert client(ours.admin).post(f"/v1/maintenance/{task}").json()["new"]


@pytest.mark.usefixtures("theirs")
def test_a_full_sync_is_asked_for_all_of_the_organization(
    platform: Platform, ours: Organization, client: Client
):
    answer = client(ours.admin).post("/v1/maintenance/full_sync")
    assert [one["siteId"] for one in answer.json()["syncs"]] == [ours.tenant]
    [entry] = platform.history.list().entries
    assert platform.requests.get(entry.sync_id).options.full
    assert client(ours.admin).post("/v1/maintenance/nothing").status_code == 422


def test_health_is_told_to_anybody(client: Client):
    for path in ("/healthz", "/readyz"):
        assert client("").get(path).json() == {"status": "ok"}


def test_a_database_that_is_away_is_told_and_come_back_is_used_again(
    platform: Platform, postgres: EmbeddedServer, ours: Organization, client: Client
):
    name = platform.database.address.name
    allow = SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with postgres.connect() as server:
        server.execute(allow.format(Identifier(name), SQL("false")))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            assert client("").get("/healthz").status_code == 200
            for path in ("/readyz", "/v1/syncs"):
                away = client(ours.reader).get(path)
                assert away.status_code == 503, away.text
                assert away.headers["retry-after"]
                assert name not in away.text
        finally:
            server.execute(allow.format(Identifier(name), SQL("true")))
    assert client("").get("/readyz").status_code == 200


def test_figures_are_for_this_machine_and_for_admins(
    platform: Platform, ours: Organization, client: Client
):
    enqueue(platform, [ours.tenant], asked_by="test")
    client(ours.reader).get("/v1/syncs")
    text = client("").get("/metrics").text
    assert 'route="/v1/syncs",status="200"' in text
    assert 'sync_assets_queue_oldest_wait_seconds{queue="default"}' in text
    assert ours.tenant not in text
    assert ours.name not in text.replace("hours", "")
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        by_proxy = {header: "127.0.0.1"}
        assert client("").get("/metrics", headers=by_proxy).status_code == 401
        assert client(ours.reader).get("/metrics", headers=by_proxy).status_code == 403
        assert client(ours.admin).get("/metrics", headers=by_proxy).status_code == 200
