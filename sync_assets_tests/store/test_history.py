"""The list of what was asked for, and how the queues stand."""

from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.queues import QUEUES, Priority
from sync_assets.core.run import StreamStatus
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets_tests.store.asking import ask, begin, know
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres

UTC = "UTC"


def listed(
    platform: Platform, *, tenant: str | None = None, organization: str | None = None
) -> list[UUID]:
    page = platform.history.list(tenant=tenant, organization=organization)
    return [entry.sync_id for entry in page.entries]


def stands(platform: Platform, *statuses: str) -> list[UUID]:
    return [entry.sync_id for entry in platform.history.list(statuses=statuses).entries]


def complete(platform: Platform, sync_id: UUID) -> None:
    wanted = begin(platform, sync_id)
    for name in wanted.streams:
        with platform.syncs.holder(SPEC).hold(wanted, name) as stream:
            stream.finish(StreamStatus.DONE)
    platform.settling.settle(sync_id)


def test_the_newest_request_comes_first(platform: Platform):
    know(platform, "acme", "globex")
    first, second = ask(platform, "acme"), ask(platform, "globex")
    assert listed(platform) == [second, first]


def test_it_is_filtered_by_tenant_and_organization(platform: Platform):
    know(platform, "acme", "globex", organization="agency")
    know(platform, "initech", organization="other")
    acme, globex, initech = (ask(platform, name) for name in ("acme", "globex", "initech"))
    assert listed(platform, tenant="acme") == [acme]
    assert listed(platform, organization="agency") == [globex, acme]
    assert listed(platform, organization="other", tenant="acme") == []
    assert listed(platform, organization="other") == [initech]


def test_each_status_has_its_requests(platform: Platform):
    know(platform, "a", "b", "c", "d", "e", "f")
    complete(platform, done := ask(platform, "a", "terms"))
    begin(platform, failed := ask(platform, "b"))
    platform.settling.give_up(failed, "It cannot be.")
    running, launched = ask(platform, "c", "terms"), ask(platform, "f", "terms")
    begin(platform, running)  # the other one is launched with it, and waits for its run
    cancelled, queued = ask(platform, "d"), ask(platform, "e")
    platform.requests.cancel(cancelled, "test")
    assert stands(platform, "completed") == [done]
    assert stands(platform, "failed") == [failed]
    assert stands(platform, "running") == [running]
    assert stands(platform, "cancelled") == [cancelled]
    assert stands(platform, "queued") == [queued, launched]
    assert stands(platform, "queued", "running") == [queued, launched, running]


def test_the_list_and_the_report_agree_on_a_dead_process(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    know(platform, "acme")
    sync_id = ask(platform)
    begin(platform, sync_id)
    for module in ("history", "reports"):
        monkeypatch.setattr(f"sync_assets.store.{module}.ALIVE", 0)
    assert platform.syncs.report(sync_id).status == "failed"
    assert (stands(platform, "failed"), stands(platform, "running")) == ([sync_id], [])


def test_the_list_and_the_report_agree_on_an_interrupted_run(platform: Platform):
    know(platform, "acme")
    wanted = begin(platform, ask(platform))
    with platform.syncs.holder(SPEC).hold(wanted, "terms") as stream:
        stream.finish(StreamStatus.STOPPED)
    assert platform.syncs.report(wanted.id).status == "running"
    assert (stands(platform, "cancelled"), stands(platform, "running")) == ([], [wanted.id])


def test_pages_neither_repeat_nor_lose_requests_of_the_same_moment(
    platform: Platform, owner: Owner
):
    know(platform, *(tenants := [f"t{number}" for number in range(7)]))
    asked = {ask(platform, tenant) for tenant in tenants}
    owner.execute("UPDATE sync.requests SET created_at = '2026-05-04 12:00:00.123456Z'")
    seen: list[UUID] = []
    page = platform.history.list(limit=3)
    while True:
        assert len(page.entries) <= 3
        seen += [entry.sync_id for entry in page.entries]
        if page.cursor is None:
            break
        page = platform.history.list(limit=3, cursor=page.cursor)
    assert (len(seen), set(seen)) == (7, asked)


def test_a_full_page_that_is_the_last_one_has_no_cursor(platform: Platform):
    know(platform, "acme", "globex")
    for tenant in ("acme", "globex"):
        ask(platform, tenant)
    assert platform.history.list(limit=2).cursor is None
    assert platform.history.list(limit=1).cursor is not None


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uZQ==", "ã", "x" * 5])
def test_a_cursor_that_is_none_is_refused(platform: Platform, cursor: str):
    with pytest.raises(OperatorMustAct, match="is no cursor"):
        platform.history.list(cursor=cursor)


def test_an_unknown_status_is_refused(platform: Platform):
    with pytest.raises(OperatorMustAct, match="There is queued, running, completed"):
        platform.history.list(statuses=["processing"])


def test_an_entry_has_the_names_of_the_report(platform: Platform):
    know(platform, "acme")
    sync_id = ask(platform, "acme", "terms", priority=Priority.LOW)
    [entry] = platform.history.list().entries
    shown, report = entry.as_dict(), platform.syncs.report(sync_id).as_dict()
    same = set(shown) & set(report)
    assert same >= {"syncId", "siteId", "organizationId", "status", "queue", "priority", "dueAt"}
    assert {name: shown[name] for name in same} == {name: report[name] for name in same}


def test_every_queue_is_shown_also_an_empty_one(platform: Platform):
    stats = platform.history.queue_stats(UTC)
    assert {row.queue for row in stats} == set(QUEUES)
    assert {(row.state, row.requests) for row in stats} == {("queued", 0)}


def test_a_queue_has_a_row_for_each_state(platform: Platform):
    know(platform, "a", "b", "c")
    complete(platform, ask(platform, "a", "terms"))
    begin(platform, ask(platform, "b"))
    ask(platform, "c")
    rows = {row.state: row for row in platform.history.queue_stats(UTC) if row.queue == "default"}
    assert list(rows) == ["queued", "running", "completed"]
    assert [row.requests for row in rows.values()] == [1, 1, 1]
    assert (rows["completed"].ended_today, rows["running"].ended_today) == (1, 0)
    assert (rows["queued"].oldest_wait or 0) > 0
    assert (rows["completed"].p95_duration or 0) > 0
    assert set(rows["queued"].as_dict()) >= {"queue", "oldestWait", "p50Wait", "endedToday"}


def test_today_begins_at_midnight_in_the_zone(platform: Platform, owner: Owner):
    know(platform, "acme")
    complete(platform, ask(platform, "acme", "terms"))
    owner.execute("UPDATE sync.requests SET ended_at = now() - interval '90 minutes'")
    assert (ended_today(platform, zone_at(0)), ended_today(platform, zone_at(12))) == (0, 1)


def ended_today(platform: Platform, zone: str) -> int:
    return sum(row.ended_today for row in platform.history.queue_stats(zone))


def zone_at(hour: int) -> str:
    """A zone in which it is that hour now; in these names the sign is the other way round."""
    ahead = (utc_now().hour - hour) % 24
    return f"Etc/GMT+{ahead}" if ahead <= 12 else f"Etc/GMT-{24 - ahead}"
