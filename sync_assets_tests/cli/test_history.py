"""`sync-assets history` and `queue`."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import QUEUES, Priority
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.store.asking import ask, know

pytestmark = pytest.mark.postgres


def test_the_history_is_filtered(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    know(platform, "globex", organization="other")
    acme, globex = ask(platform, "acme"), ask(platform, "globex")
    platform.requests.cancel(globex, "test")
    for filters, found in {
        (): [globex, acme],
        ("--tenant", "acme"): [acme],
        ("--organization", "other"): [globex],
        ("--status", "queued"): [acme],
        ("--status", "queued", "--status", "cancelled"): [globex, acme],
        ("--status", "running"): [],
    }.items():
        shown = run.json("history", *filters)["requests"]
        assert [entry["syncId"] for entry in shown] == [str(sync) for sync in found]


def test_it_goes_on_behind_a_page(run: Commands, platform: Platform) -> None:
    know(platform, "acme", "globex")
    acme, globex = ask(platform, "acme"), ask(platform, "globex")
    page = run.json("history", "--limit", "1")
    assert page["requests"][0]["syncId"] == str(globex)
    rest = run.json("history", "--limit", "1", "--cursor", page["nextCursor"])
    assert (rest["requests"][0]["syncId"], rest["nextCursor"]) == (str(acme), None)
    assert run("history", "--limit", "1") == 0
    assert str(globex) in run.out
    assert run.err == f"There are more: repeat it with --cursor {page['nextCursor']}\n"


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--status", "processing"), "'queued', 'running', 'completed'"),
        (("--cursor", "nonsense"), "is no cursor. Take the one"),
        (("--limit", "0"), "1<=x<=1000"),
        (("--tenant", "nobody"), "There is no tenant 'nobody'."),
    ],
)
def test_wrong_filters_are_status_2(
    run: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    assert run("history", *arguments) == 2
    assert complaint in run.err


def test_the_queues_are_counted_also_the_empty_ones(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    ask(platform, "acme", priority=Priority.URGENT)
    rows = run.json("queue")
    assert {row["queue"] for row in rows} == set(QUEUES)
    assert {row["queue"]: row["requests"] for row in rows if row["requests"]} == {"urgent": 1}
    assert run("queue") == 0
    for name in QUEUES:
        assert name in run.out
