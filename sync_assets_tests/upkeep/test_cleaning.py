"""What is old goes; what is still needed stays, however old it is."""

import time
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.settings import Settings
from sync_assets.store import retention
from sync_assets.store.retention import Retention
from sync_assets.upkeep.cleaning import beginning, clean_rows
from sync_assets_tests.upkeep.past import Past

pytestmark = pytest.mark.postgres


def clean(past: Past) -> dict[str, int]:
    return dict(clean_rows(past.platform, utc_now()))


def test_old_requests_go_with_their_syncs_and_logs(past: Past):
    old, new = past.done("acme", 40), past.done("acme", 1)
    assert clean(past)["requests"] == 1
    assert past.ids("requests") == past.ids("syncs") == {new}
    assert past.ids("streams", "sync_id") == past.ids("log", "sync_id") == {new}
    assert old != new


@pytest.mark.parametrize(("days", "left"), [(29, 2), (32, 1)])
def test_a_request_is_kept_for_thirty_days(past: Past, days: float, left: int):
    past.done("acme", days)
    past.done("acme", 1)
    clean(past)
    assert len(past.ids("requests")) == left


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_requests_that_came_to_nothing_go_too(past: Past, state: str):
    past.request("acme", 40, state)
    new = past.done("acme", 1)
    clean(past)
    assert past.ids("requests") == {new}


@pytest.mark.parametrize("state", ["queued", "launched"])
def test_a_request_that_goes_on_is_kept(past: Past, state: str):
    waiting = past.request("acme", 40, state)
    past.sync(waiting, "acme", 40, {"posts": {}}, status="running")
    past.done("acme", 1)
    clean(past)
    assert waiting in past.ids("requests") & past.ids("syncs") & past.ids("log", "sync_id")


def test_the_last_sync_of_a_stream_is_kept_for_its_checks(past: Past):
    pages = past.done("acme", 50, "pages")
    past.done("acme", 45, "posts")
    posts, new = past.done("acme", 40, "posts"), past.request("acme", 1, "failed")
    clean(past)
    assert past.ids("requests") == {pages, posts, new}
    assert past.ids("streams", "sync_id") == {pages, posts}


def test_the_last_request_of_a_tenant_is_kept_so_that_it_does_not_look_changed(past: Past):
    past.execute("UPDATE sync.tenants SET changed_at = now() - interval '60 days'")
    last = {past.request("acme", 40, "cancelled"), past.request("globex", 50, "cancelled")}
    past.request("acme", 45, "cancelled")
    clean(past)
    assert past.ids("requests") == last
    assert past.platform.due.changed("wordpress", ["posts"], 10) == []


@pytest.mark.parametrize(("resolved", "kept"), [(None, True), (1, False)])
def test_a_failed_request_is_kept_while_it_can_be_replayed(
    past: Past, resolved: float | None, kept: bool
):
    failed = past.request("acme", 40, "failed")
    past.letter(failed, "acme", resolved, "request")
    past.done("acme", 1)
    clean(past)
    assert (failed in past.ids("requests")) is kept


def test_old_syncs_that_nobody_asked_for_go_but_the_last(past: Past):
    first, last = uuid4(), uuid4()
    past.sync(first, "acme", 50, {"posts": {}})
    past.sync(last, "acme", 40, {"posts": {}})
    assert clean(past)["requests"] == 1
    assert past.ids("syncs") == {last}


@pytest.mark.parametrize(("state", "left"), [("completed", {1.0}), ("launched", {1.0, 16.0})])
def test_log_lines_go_after_two_weeks_unless_their_request_goes_on(
    past: Past, state: str, left: set[float]
):
    sync_id = past.request("acme", 1, state)
    for days in (1.0, 16.0):
        past.line(sync_id, "acme", days)
    clean(past)
    ages = past.ids("log", "round(extract(epoch FROM now() - at) / 86400)::float8")
    assert ages == left


def test_dead_letters_go_three_months_after_they_were_resolved(past: Past):
    for resolved in (95, 80, None):
        past.letter(uuid4(), "acme", resolved)
    assert clean(past)["dead_letters"] == 1
    assert len(past.ids("dead_letters")) == 2


def test_idle_paces_go(past: Past):
    past.execute("""
        INSERT INTO sync.paces VALUES ('idle', now() - interval '2 days'), ('busy', now())
    """)
    assert clean(past)["paces"] == 1
    assert past.ids("paces", "account") == {"busy"}


def test_zero_keeps_everything(past: Past, monkeypatch: pytest.MonkeyPatch):
    for what in ("REQUESTS", "LOGS", "DEAD_LETTERS"):
        monkeypatch.setenv(f"SYNC_ASSETS_KEEP_{what}_DAYS", "0")
    past.letter(past.done("acme", 4000), "acme", 4000)
    past.done("acme", 1)
    with closing(Platform(Settings())) as platform:
        counts = clean_rows(platform, utc_now())
    assert set(counts.values()) == {0}
    assert len(past.ids("requests")) == 2


def test_checkpoints_are_never_touched(past: Past):
    old = past.done("acme", 400)
    past.done("acme", 1)
    past.execute(f"""
        INSERT INTO sync.checkpoints (tenant_id, stream, collection, sync_id, updated_at)
        VALUES ('acme', 'posts', 'post', '{old}', now() - interval '400 days')
    """)  # noqa: S608 - our own values
    clean(past)
    assert past.ids("checkpoints", "sync_id") == {old}
    assert old not in past.ids("requests")


def test_it_goes_on_batch_after_batch(past: Past, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for days in range(40, 47):
        past.done("acme", days)
    past.done("acme", 1)
    assert clean(past)["requests"] == 7


def test_it_stops_when_the_night_is_over(past: Past):
    past.done("acme", 40)
    past.done("acme", 1)
    over = time.monotonic() - 1
    assert clean_rows(past.platform, utc_now(), over)["requests"] == 0
    assert clean(past)["requests"] == 1


def test_it_waits_for_nobody_who_holds_a_request(past: Past):
    held, free = past.done("acme", 40), past.done("acme", 39)
    past.done("acme", 1)
    with past.platform.database.as_control() as connection:
        lock = "SELECT FROM sync.requests WHERE id = %(id)s FOR UPDATE"
        connection.execute(lock, {"id": held})
        assert clean(past)["requests"] == 1
    assert held in past.ids("requests")
    assert free not in past.ids("requests")


def test_days_are_whole_ones_of_the_zone(settings: Settings):
    now = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # still the 21st in São Paulo
    assert beginning(settings, 1, now) == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert beginning(settings, 0, now) is None


def test_runs_of_requests_that_may_be_tried_again_are_in_use(past: Past):
    past.request("acme", 40, "launched", run="going")
    past.request("acme", 40, "completed", run="done")
    past.request("acme", 40, "failed", run="seen to")
    failed = past.request("acme", 40, "failed", run="failed")
    past.letter(failed, "acme", None, "request")
    assert Retention(past.platform.database, 0).runs_in_use() == {"going", "failed"}
