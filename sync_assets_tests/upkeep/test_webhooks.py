"""Webhooks hear every change of their tenant, in order, signed; and none waits for another."""

import hashlib
import hmac
import logging
import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct, WrongWish
from sync_assets.core.webhooks import checked_url, signature
from sync_assets.settings import Settings
from sync_assets.upkeep import webhooks as sending
from sync_assets.upkeep.webhooks import deliver
from sync_assets_tests.store.writing import held, page, post, request
from sync_assets_tests.upkeep.receiver import Receiver, receiving

pytestmark = pytest.mark.postgres

SECRET = "whsec_only-for-the-tests"  # noqa: S105


@dataclass
class Hooks:
    """Tenants with receivers of their own, and what happens to their posts."""

    platform: Platform
    url: str
    stack: ExitStack = field(default_factory=ExitStack)

    def add(self, tenant: str = "acme") -> Receiver:
        """A tenant whose webhook hears what comes from now on."""
        receiver = self.stack.enter_context(receiving())
        with held(self.platform, request(tenant)) as stream:
            stream.write(page(*(post(key) for key in (1, 2, 3))))
        self.point(tenant, receiver.url)
        return receiver

    def point(self, tenant: str, url: str, secret: str | None = SECRET) -> None:
        now = self.platform.changes.now(tenant)
        self.platform.webhooks.set(tenant, url, secret, now)

    def edit(self, key: int = 1, tenant: str = "acme") -> None:
        self.sql(
            "UPDATE cms.wordpress_posts SET title = title || '!' "  # noqa: S608
            f"WHERE tenant_id = '{tenant}' AND wp_id = {key}"
        )

    def sql(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as owner:
            cursor = owner.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def again(self) -> int:
        """Another look, after the pause that a failure brings."""
        self.sql("UPDATE sync.webhooks SET next_at = now()")
        return deliver(self.platform, 0)


@pytest.fixture
def hooks(platform: Platform, database_url: str) -> Generator[Hooks]:
    hooks = Hooks(platform, database_url)
    with hooks.stack:
        yield hooks


# What is sent


def test_a_webhook_hears_what_came_after_it_was_set_and_hears_it_once(hooks: Hooks):
    receiver = hooks.add()
    assert deliver(hooks.platform, 0) == 0
    hooks.edit(2)
    hooks.edit(1)
    assert deliver(hooks.platform, 0) == 2
    assert deliver(hooks.platform, 0) == 0
    (one,) = receiver.heard
    body = one.json
    assert (body["type"], body["tenant"], body["hasMore"]) == ("changes", "acme", False)
    assert [(c["change"], c["stream"], c["key"]) for c in body["changes"]] == [
        ("updated", "posts", 2),
        ("updated", "posts", 1),
    ]
    assert body["id"] == one.headers["Sync-Assets-Delivery"]


def test_each_delivery_is_signed_with_its_time(hooks: Hooks):
    receiver = hooks.add()
    hooks.edit()
    deliver(hooks.platform, 0)
    (one,) = receiver.heard
    parts = dict(part.split("=") for part in one.headers["Sync-Assets-Signature"].split(","))
    assert abs(time.time() - int(parts["t"])) < 60
    signed = parts["t"].encode() + b"." + one.body
    assert parts["v1"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert signature("another", one.body, int(parts["t"])) != one.headers["Sync-Assets-Signature"]


def test_many_changes_come_in_order_in_several_deliveries(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending, "BATCH", 2)
    receiver = hooks.add()
    for key in (3, 1, 2, 1, 3):
        hooks.edit(key)
    assert deliver(hooks.platform, 0) == 5
    assert receiver.keys == [3, 1, 2, 1, 3]
    assert [one.json["hasMore"] for one in receiver.heard] == [True, True, False]


def test_a_turn_ends_also_for_who_has_more_to_hear(hooks: Hooks, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "BATCH", 1)
    monkeypatch.setattr(sending, "TURN", 0.0)
    receiver = hooks.add()
    for key in (3, 1, 2):
        hooks.edit(key)
    assert [deliver(hooks.platform, 0) for _ in range(4)] == [1, 1, 1, 0]
    assert receiver.keys == [3, 1, 2]


def test_while_it_listens_what_comes_is_sent(hooks: Hooks, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "LOOK_EVERY", 0.05)
    receiver = hooks.add()
    hooks.edit()
    assert deliver(hooks.platform, 0.5) == 1
    assert receiver.keys == [1]


def test_without_any_webhook_it_ends_at_once(platform: Platform):
    began = time.monotonic()
    assert deliver(platform, 60) == 0
    assert time.monotonic() - began < 5


# What fails


@pytest.mark.parametrize("answer", [400, 404, 410, 429, 500, 503])
def test_what_was_not_heard_is_sent_again_under_the_same_id(hooks: Hooks, answer: int):
    receiver = hooks.add()
    receiver.answers = [answer]
    hooks.edit()
    assert deliver(hooks.platform, 0) == 0
    hook = hooks.platform.webhooks.get("acme")
    assert (hook.failures, hook.last_error) == (1, f"it answered {answer}")
    assert deliver(hooks.platform, 0) == 0  # not before its time
    assert hooks.again() == 1
    first, second = receiver.asked
    assert first.body == second.body
    assert hooks.platform.webhooks.get("acme").failures == 0


def test_tries_come_further_and_further_apart_up_to_an_hour(hooks: Hooks):
    receiver = hooks.add()
    receiver.answers = [500] * 20
    hooks.edit()
    waits: list[float] = []
    for _ in range(12):
        hooks.again()
        waits += hooks.sql("SELECT extract(epoch FROM next_at - now())::float8 FROM sync.webhooks")[
            0
        ]
    assert waits[0] < 16 < waits[2]
    assert 1700 < waits[-1] <= 3600


def test_after_three_days_it_is_given_up_with_a_dead_letter_until_somebody_resumes_it(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
):
    receiver = hooks.add()
    receiver.answers = [500, 500]
    hooks.edit()
    deliver(hooks.platform, 0)
    hooks.sql("UPDATE sync.webhooks SET failing_since = now() - interval '73 hours'")
    with caplog.at_level(logging.WARNING):
        hooks.again()
    assert hooks.platform.webhooks.get("acme").given_up
    assert "given up" in caplog.text
    (letter,) = hooks.platform.dead_letters.list("acme")
    assert "webhook resume acme" in letter.cause
    assert hooks.again() == 0
    hooks.platform.webhooks.resume("acme")
    assert hooks.platform.dead_letters.list("acme") == []
    assert deliver(hooks.platform, 0) == 1
    assert receiver.keys == [1]


def test_a_redirect_is_not_followed(hooks: Hooks):
    receiver, inside = hooks.add(), hooks.add("globex")
    receiver.answers, receiver.location = [302], inside.url
    hooks.edit()
    assert deliver(hooks.platform, 0) == 0
    assert inside.asked == []
    assert "redirects are not followed" in str(hooks.platform.webhooks.get("acme").last_error)


def test_a_private_address_is_not_knocked_at(hooks: Hooks, monkeypatch: pytest.MonkeyPatch):
    receiver = hooks.add()
    hooks.edit()
    monkeypatch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "false")
    with closing(Platform(Settings())) as strict:
        assert deliver(strict, 0) == 0
        assert "public internet" in str(strict.webhooks.get("acme").last_error)
    assert receiver.asked == []


@pytest.mark.parametrize("trick", ["slow", "drip"])
def test_who_takes_too_long_is_cut_off(hooks: Hooks, monkeypatch: pytest.MonkeyPatch, trick: str):
    monkeypatch.setattr(sending, "TIMEOUT", 0.6)
    receiver = hooks.add()
    setattr(receiver, trick, 8)
    hooks.edit()
    began = time.monotonic()
    assert deliver(hooks.platform, 0) == 0
    assert time.monotonic() - began < 3
    assert hooks.platform.webhooks.get("acme").last_error == "it did not answer within 0.6 s"


def test_what_fails_says_nothing_of_the_address_or_the_secret(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
):
    hooks.add()
    hooks.point("acme", "http://127.0.0.1:9/?token=s3cr3t")
    hooks.edit()
    with caplog.at_level(logging.DEBUG, "sync_assets"):
        deliver(hooks.platform, 0)
    told = caplog.text + str(hooks.platform.webhooks.get("acme").last_error)
    assert "not reached" in told
    assert "s3cr3t" not in told
    assert SECRET not in told


# Many at once


def test_slow_ones_hold_nobody_up(hooks: Hooks, monkeypatch: pytest.MonkeyPatch):
    """More that never answer than there are places; the prompt one is heard all the time."""
    monkeypatch.setattr(sending, "TIMEOUT", 1.5)
    monkeypatch.setattr(sending, "LOOK_EVERY", 0.1)
    deaf = [hooks.add(f"deaf{number}") for number in range(12)]
    prompt = hooks.add()
    for number, receiver in enumerate(deaf):
        receiver.slow = 30
        hooks.edit(1, f"deaf{number}")
    hooks.sql("UPDATE sync.webhooks SET failures = 1 WHERE tenant_id <> 'acme'")
    hooks.edit(2)
    began = time.monotonic()
    assert deliver(hooks.platform, 1) == 1
    assert time.monotonic() - began < 6
    assert prompt.keys == [2]
    assert sum(len(receiver.asked) for receiver in deaf) in {4, 8}  # the places for such


def test_new_ones_that_never_answer_keep_the_places_of_prompt_ones_once_only(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending, "TIMEOUT", 1.0)
    monkeypatch.setattr(sending, "LOOK_EVERY", 0.1)
    for number in range(8):
        hooks.add(f"deaf{number}").slow = 30
        hooks.edit(1, f"deaf{number}")
    prompt = hooks.add()
    hooks.edit(2)
    assert deliver(hooks.platform, 3) == 1
    assert prompt.keys == [2]


def test_two_senders_never_send_to_one_tenant_at_once(hooks: Hooks):
    receiver = hooks.add()
    receiver.slow = 0.5
    hooks.edit()
    (mine,) = hooks.platform.webhooks.claim(5, slow=False)
    assert deliver(hooks.platform, 0) == 0
    assert receiver.asked == []
    hooks.platform.webhooks.release(mine)
    assert deliver(hooks.platform, 0) == 1
    assert receiver.at_once == 1


def test_what_a_killed_sender_had_is_anothers_after_a_minute(hooks: Hooks):
    hooks.add()
    hooks.edit()
    (lost,) = hooks.platform.webhooks.claim(5, slow=False)
    hooks.sql("UPDATE sync.webhooks SET claimed_until = now() - interval '1 s'")
    assert deliver(hooks.platform, 0) == 1
    assert not hooks.platform.webhooks.heard(lost, lost.cursor, 1, 0.0)  # too late to say


def test_a_removed_tenants_webhook_rests(hooks: Hooks):
    receiver = hooks.add()
    hooks.edit()
    hooks.platform.tenants.deactivate("acme")
    assert deliver(hooks.platform, 0) == 0
    assert receiver.asked == []


def test_who_was_away_for_longer_than_changes_are_kept_is_told_to_begin_anew(hooks: Hooks):
    receiver = hooks.add()
    hooks.edit(1)
    hooks.sql("UPDATE cms.changes SET at = at - interval '9 days'")
    now = hooks.sql("SELECT now() - interval '8 days'")[0][0]
    assert sum(hooks.platform.changes.forget(now)) > 0
    hooks.edit(2)
    deliver(hooks.platform, 0)
    hooks.edit(3)
    deliver(hooks.platform, 0)
    told = [(one.json["type"], len(one.json["changes"])) for one in receiver.heard]
    assert told == [("expired", 0), ("changes", 1)]
    assert receiver.keys == [3]


# Setting it


def test_the_secret_is_sealed_and_kept_when_the_address_changes(hooks: Hooks):
    receiver, other = hooks.add(), hooks.stack.enter_context(receiving())
    ((sealed,),) = hooks.sql("SELECT secret FROM sync.webhooks")
    assert SECRET.encode() not in bytes(sealed)
    hooks.edit(1)
    hooks.point("acme", other.url, secret=None)
    deliver(hooks.platform, 0)
    assert (receiver.keys, other.keys) == ([], [1])
    assert hooks.platform.vault.open(bytes(sealed)) == SECRET


def test_there_is_no_webhook_before_it_is_set_or_after_it_is_removed(hooks: Hooks):
    hooks.add()
    hooks.platform.webhooks.remove("acme")
    for act in (hooks.platform.webhooks.get, hooks.platform.webhooks.resume):
        with pytest.raises(OperatorMustAct, match="webhook set acme"):
            act("acme")
    with pytest.raises(OperatorMustAct, match="has no webhook"):
        hooks.point("acme", "https://example.org/", secret=None)


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "ftp://example.org/", "https://", "https://u:p@example.org/",
     "https://example.org/#here", "https://example.org/a b", "https://exämple.org/",
     "https://example.org:0/", "https://[::1", "https://example.org/\n", "https://x/" + "a" * 2000],
)  # fmt: skip
def test_what_cannot_be_a_webhooks_address_is_refused(url: str):
    with pytest.raises(WrongWish, match="no address for a webhook"):
        checked_url(url)


def test_an_address_may_have_a_port_and_a_token():
    url = "https://example.org:8443/hooks/changes?token=1"
    assert checked_url(url) == url
