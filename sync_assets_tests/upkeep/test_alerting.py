"""Somebody hears of each request that failed for good, once."""

import logging
import threading
from collections.abc import Generator

import pytest

from sync_assets.store.alerts import Alerts
from sync_assets.upkeep import alerting
from sync_assets.upkeep.alerting import tell_failures
from sync_assets_tests.upkeep.hook import Hook, listening
from sync_assets_tests.upkeep.past import Past

pytestmark = pytest.mark.postgres


@pytest.fixture
def hook() -> Generator[Hook]:
    with listening() as hook:
        yield hook


@pytest.fixture
def alerts(past: Past) -> Alerts:
    return Alerts(past.platform.database)


def test_a_failed_request_is_told_with_its_cause(past: Past, alerts: Alerts, hook: Hook):
    sync_id = past.request(
        "acme", 0, "failed", error="posts: no answer", streams=["terms", "posts"]
    )
    assert tell_failures(alerts, hook.url) == 1
    [told] = hook.heard
    assert told.pop("at")
    assert told == {
        "text": "The sync of acme (terms, posts) failed: posts: no answer",
        "syncId": str(sync_id),
        "tenant": "acme",
        "organization": "agency",
        "streams": ["terms", "posts"],
        "attempts": 1,
        "error": "posts: no answer",
    }


def test_it_is_told_once(past: Past, alerts: Alerts, hook: Hook):
    past.request("acme", 0, "failed")
    assert [tell_failures(alerts, hook.url) for _ in range(2)] == [1, 0]
    assert len(hook.heard) == 1


@pytest.mark.parametrize("state", ["queued", "launched", "completed", "cancelled"])
def test_of_what_did_not_fail_nothing_is_told(past: Past, alerts: Alerts, hook: Hook, state: str):
    past.request("acme", 0, state)
    assert tell_failures(alerts, hook.url) == 0
    assert hook.tries == 0


def test_of_what_failed_long_ago_nothing_is_told(past: Past, alerts: Alerts, hook: Hook):
    past.request("acme", 1.1, "failed")
    assert tell_failures(alerts, hook.url) == 0


@pytest.mark.parametrize("answer", [500, 404, 302])
def test_what_was_not_heard_is_told_again(past: Past, alerts: Alerts, hook: Hook, answer: int):
    past.request("acme", 0, "failed")
    hook.answers = [answer]
    assert tell_failures(alerts, hook.url) == 0
    assert hook.tries == 1  # no redirect is followed
    assert tell_failures(alerts, hook.url) == 1
    assert len(hook.heard) == 1


def test_one_that_is_refused_does_not_hold_up_the_others(past: Past, alerts: Alerts, hook: Hook):
    for _ in range(3):
        past.request("acme", 0, "failed")
    hook.answers = [400]
    assert tell_failures(alerts, hook.url) == 2
    assert tell_failures(alerts, hook.url) == 1


def test_many_become_one_message(
    past: Past, alerts: Alerts, hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(alerting, "MOST", 2)
    for tenant in ("acme", "acme", "globex", "acme", "globex"):
        past.request(tenant, 0, "failed")
    assert tell_failures(alerts, hook.url) == 5
    assert len(hook.heard) == 3
    assert hook.heard[-1]["failed"] == 3
    assert hook.heard[-1]["text"] == "3 more syncs failed, of acme, globex."
    assert tell_failures(alerts, hook.url) == 0


def test_two_senders_tell_nothing_twice(past: Past, alerts: Alerts, hook: Hook):
    ids = {str(past.request("acme", 0, "failed")) for _ in range(8)}
    hook.slow = 0.05
    senders = [threading.Thread(target=tell_failures, args=(alerts, hook.url)) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    told = [heard["syncId"] for heard in hook.heard]
    assert sorted(told) == sorted(ids)


def test_a_hook_that_is_away_raises_nothing_and_its_address_stays_secret(
    past: Past, alerts: Alerts, caplog: pytest.LogCaptureFixture
):
    past.request("acme", 0, "failed")
    with caplog.at_level(logging.WARNING):
        for url in ("http://127.0.0.1:9/s3cr3t-token", "s3cr3t-token", "http://[s3cr3t-token/"):
            assert tell_failures(alerts, url) == 0
    assert "The webhook for alerts was not reached" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_a_slow_hook_ends_the_round_in_time(
    past: Past, alerts: Alerts, hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(alerting, "_TIMEOUT", 0.1)
    monkeypatch.setattr(alerting, "SECONDS", 0.5)
    hook.slow = 0.3
    for _ in range(10):
        past.request("acme", 0, "failed")
    assert tell_failures(alerts, hook.url) == 0
    assert hook.tries < 10


def test_a_request_that_fails_again_after_a_retry_is_told_again(
    past: Past, alerts: Alerts, hook: Hook
):
    sync_id = past.request("acme", 0, "failed")
    tell_failures(alerts, hook.url)
    past.platform.requests.retry(sync_id, "a test")
    past.execute("UPDATE sync.requests SET state = 'failed', ended_at = now()")
    assert tell_failures(alerts, hook.url) == 1
