"""A hint, from the gateway's door to the row, through Dagster as it is in production."""

import hashlib
import hmac
import time
from collections.abc import Generator

import httpx
import orjson
import pytest

from sync_assets.core.requests import State
from sync_assets.demo import DemoSite
from sync_assets.enqueue import enqueue
from sync_assets.gateway.app import create_app
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import until
from sync_assets_tests.gateway.conftest import served

pytestmark = pytest.mark.postgres

SECONDS = 30
"""Until the row is there, on a machine that has other work, too."""


@pytest.fixture(scope="module")
def stack(postgres: EmbeddedServer, template: str) -> Generator[Stack]:
    """An installation with one tenant, synced."""
    with DemoSite.start(seed=False) as site:
        for number in range(20):
            site.site.add("posts", title=f"Post {number}", content="Olá")
        with running(postgres, template, {"acme": site}) as stack:
            until(lambda: stack.dagster.partitions() == ["acme"])
            enqueue(stack.platform, ["acme"], asked_by="a test")
            until(lambda: not idle_since(stack) and len(titles(stack)) == 20, 120)
            yield stack


def idle_since(stack: Stack) -> bool:
    """Does anything wait, or is at work?"""
    return stack.platform.claims.due() or bool(stack.platform.claims.launched())


def titles(stack: Stack) -> dict[int, str]:
    query = "SELECT wp_id, title FROM cms.wordpress_posts WHERE deleted_at IS NULL"
    with stack.platform.database.as_tenant("acme") as connection:
        return {row.wp_id: row.title for row in connection.execute(query)}


def say(url: str, secret: str, *posts: int) -> None:
    objects = [{"kind": "post", "type": "post", "id": post} for post in posts]
    body, now = orjson.dumps({"objects": objects}), str(int(time.time()))
    digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Sync-Assets-Timestamp": now,
        "X-Sync-Assets-Signature": f"sha256={digest}",
    }
    answer = httpx.post(f"{url}/v1/hooks/wordpress/acme", content=body, headers=headers)
    assert answer.status_code == 202, answer.text


def materialized(stack: Stack) -> dict[str, str | None]:
    """The sync that materialized each stream's partition last."""
    streams = ("terms", "media", "pages", "posts")
    return {stream: stack.dagster.materialized_by(stream, "acme") for stream in streams}


def test_a_hint_is_a_row_within_seconds_and_its_streams_asset_alone_is_materialized(stack: Stack):
    platform, site = stack.platform, stack.sites["acme"].site
    secret, before = platform.hooks.make("acme"), materialized(stack)
    [full] = platform.health.of("acme", [platform.spec("wordpress").stream("posts")])
    edited, gone, unhinted = site.ids("posts")[:3]
    site.edit("posts", edited, title="Hinted")
    site.delete("posts", gone)
    site.edit("posts", unhinted, title="Not hinted")
    with served(create_app(platform)) as url:
        began = time.monotonic()
        say(url, secret, edited, gone)
        until(lambda: titles(stack).get(edited) == "Hinted", SECONDS)
        took = time.monotonic() - began
    until(lambda: not idle_since(stack))
    found = titles(stack)
    assert gone not in found
    assert found[unhinted] != "Not hinted"
    after = materialized(stack)
    assert {stream for stream in after if after[stream] != before[stream]} == {"posts"}
    [now] = platform.health.of("acme", [platform.spec("wordpress").stream("posts")])
    assert now.counts == full.counts  # of the last complete sync, as the checks show them
    assert now.age is not None
    assert full.age is not None
    assert now.age.total_seconds() > full.age.total_seconds() + took - 1
    [last] = platform.history.list(tenant="acme", limit=1).entries
    assert (last.status, last.streams, last.asked_by) == (
        State.COMPLETED.value, ("posts",), "wordpress",
    )  # fmt: skip


def test_the_next_ordinary_sync_finds_what_nobody_hinted_at(stack: Stack):
    enqueue(stack.platform, ["acme"], asked_by="a test")
    until(lambda: "Not hinted" in titles(stack).values(), SECONDS)
