"""`sync-assets request`, `cancel`, `retry` and `reschedule`."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.store.asking import ask, begin, know

pytestmark = pytest.mark.postgres


def asked(run: Commands, *arguments: str) -> UUID:
    """The id of the only sync that a command has asked for."""
    [answer] = run.json("request", *arguments)
    return UUID(answer["syncId"])


# request


def test_a_request_answers_with_its_id_and_jobs(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    [answer] = run.json("request", "acme")
    assert (answer["siteId"], answer["status"], answer["new"]) == ("acme", "queued", True)
    assert answer["queuedJobsCount"] == 4
    request = platform.requests.get(UUID(answer["syncId"]))
    assert request.state is State.QUEUED
    assert request.asked_by.startswith("command:")


def test_it_can_be_read(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    assert run("request", "acme") == 0
    [entry] = platform.history.list().entries
    assert str(entry.sync_id) in run.out
    assert "queued" in run.out
    assert run.err == f"Follow it with: sync-assets status {entry.sync_id} --follow\n"


def test_its_options_are_kept(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    options = ("--stream", "posts", "--stream", "terms", "--full", "--batch-size", "20")
    sync_id = asked(run, "acme", *options, "--priority", "urgent", "--at", "2099-12-24T18:00Z")
    request = platform.requests.get(sync_id)
    assert request.streams == ("terms", "posts")
    assert (request.options.full, request.options.batch_size) == (True, 20)
    assert (request.priority, request.queue) == (Priority.URGENT, "urgent")
    assert request.due_at.isoformat() == "2099-12-24T18:00:00+00:00"


def test_asking_again_joins_the_one_that_waits_and_says_so(
    run: Commands, platform: Platform
) -> None:
    know(platform, "acme")
    first = asked(run, "acme")
    [again] = run.json("request", "acme", "--full")
    assert (again["syncId"], again["new"]) == (str(first), False)
    assert platform.requests.get(first).options.full
    assert run("request", "acme") == 0
    assert "joins the one that waited already" in run.out


def test_all_of_an_organization_are_asked_for(run: Commands, platform: Platform) -> None:
    know(platform, "acme", "globex")
    know(platform, "initech", organization="other")
    answers = run.json("request", "--all", "--organization", "agency")
    assert [answer["siteId"] for answer in answers] == ["acme", "globex"]
    assert len(run.json("request", "--all")) == 3


def test_several_are_asked_for_at_once_or_not_at_all(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    assert run("request", "acme", "nobody") == 2
    assert "There is no tenant 'nobody'" in run.err
    assert not platform.history.list().entries


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "either the tenants' IDs or --all"),
        (("acme", "--all"), "either the tenants' IDs or --all"),
        (("acme", "--organization", "other"), "no tenant 'acme' of organization 'other'"),
        (("--all", "--organization", "other"), "no active tenants of organization 'other'"),
        (("acme", "--stream", "comments"), "It has terms, media, pages, posts"),
        (("acme", "--priority", "mad"), "'low', 'normal', 'high', 'urgent'"),
        (("acme", "--at", "soon"), "is no time"),
        (("acme", "--at", "2001-01-01"), "is over"),
        (("acme", "--batch-size", "101"), "1<=x<=100"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_queued(
    run: Commands, platform: Platform, arguments: Sequence[str], complaint: str
) -> None:
    know(platform, "acme")
    assert run("request", *arguments) == 2
    assert complaint in run.err
    assert not platform.history.list().entries


# cancel


def test_one_that_waits_is_cancelled_at_once(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    assert run.json("cancel", str(sync_id)) == [{"syncId": str(sync_id), "status": "cancelled"}]
    assert platform.requests.get(sync_id).state is State.CANCELLED


def test_one_at_work_is_told_to_stop(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = begin(platform, ask(platform)).id
    assert run("cancel", str(sync_id)) == 0
    assert run.err == f"Sync {sync_id} is told to stop; what it wrote stays.\n"
    assert platform.attempts.unwanted([sync_id], None) == {sync_id}


def test_one_that_cannot_be_cancelled_does_not_keep_back_the_others(
    run: Commands, platform: Platform
) -> None:
    know(platform, "acme")
    unknown, known = uuid4(), ask(platform)
    assert run("cancel", str(unknown), str(known)) == 2
    assert f"Error: There is no sync {unknown}" in run.err
    assert platform.requests.get(known).state is State.CANCELLED
    assert run("cancel", str(known)) == 2
    assert "has ended already: cancelled" in run.err


# retry


def test_a_cancelled_one_is_queued_again(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    platform.requests.cancel(sync_id, "test")
    [answer] = run.json("retry", str(sync_id))
    assert answer == {"syncId": str(sync_id), "retried": str(sync_id), "status": "queued"}
    assert platform.requests.get(sync_id).state is State.QUEUED


def test_a_retry_joins_what_was_asked_for_since(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    old = ask(platform)
    platform.requests.cancel(old, "test")
    new = ask(platform)
    assert run("retry", str(old)) == 0
    assert run.err == f"Sync {new}, which waits already, does the same as {old}.\n"


def test_only_what_failed_or_was_cancelled_is_retried(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    assert run("retry", str(ask(platform))) == 2
    assert "only a failed or cancelled one" in run.err
    assert run("retry", str(uuid4())) == 2
    assert "'sync-assets history'" in run.err


# reschedule


def test_one_that_waits_gets_another_time_and_priority(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = ask(platform)
    report = run.json("reschedule", str(sync_id), "--at", "2099-12-24T18:00Z", "--priority", "high")
    assert (report["dueAt"], report["priority"]) == ("2099-12-24T18:00:00+00:00", "high")
    assert platform.requests.get(sync_id).queue == "high_priority"
    assert run("reschedule", str(sync_id), "--priority", "low") == 0
    assert "waits in the queue sync_bulk (low), not before 2099-12-24 15:00:00 -03." in run.err


def test_it_has_to_be_said_what_changes(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    assert run("reschedule", str(ask(platform))) == 2
    assert "--at TIME, --priority, or both" in run.err


def test_what_waits_no_longer_keeps_its_time(run: Commands, platform: Platform) -> None:
    know(platform, "acme")
    sync_id = begin(platform, ask(platform)).id
    assert run("reschedule", str(sync_id), "--priority", "high") == 2
    assert "waits no longer" in run.err
    assert run("reschedule", str(uuid4()), "--priority", "high") == 2
    assert "There is no sync" in run.err
