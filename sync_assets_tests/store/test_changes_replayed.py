"""Whoever follows the feed has, at its end, exactly what the tables have."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from psycopg.sql import SQL, Literal

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater
from sync_assets.store.held_stream import HeldStream
from sync_assets_tests.store.feed import Copy, Reader, live_posts
from sync_assets_tests.store.looking import Owner
from sync_assets_tests.store.writing import MARCH, held, page, post

pytestmark = pytest.mark.postgres

KEYS = range(1, 13)
STEPS = 60


class Chaos:
    """Syncs and editors that write whatever comes to their minds."""

    def __init__(self, seed: int, stream: HeldStream, owner: Owner) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._stream = stream
        self._owner = owner
        self._ticks = 0

    def step(self) -> None:
        acts: Sequence[Callable[[], object]] = (
            self.page, self.page, self.page, self.bury, self.killed, self.edit, self.revive,
            self.delete, self.link, self.unlink, self.touch,
        )  # fmt: skip
        self._random.choice(acts)()

    def page(self) -> None:
        self._ticks += 1
        modified = MARCH + timedelta(days=self._ticks)
        keys = self._some()
        self._stream.write(
            page(*(post(key, self._word(), modified, self._some(2)) for key in keys))
        )

    def killed(self) -> None:
        """The connection is cut in the middle of a page: all that it wrote is gone."""
        with suppress(RetryLater), self._stream.writing() as connection:
            connection.execute("UPDATE cms.wordpress_posts SET title = 'lost'")
            backend = connection.info.backend_pid
            self._owner.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
            connection.execute("SELECT 1")

    def bury(self) -> None:
        self._stream.bury("post", self._some())

    def edit(self) -> None:
        self._sql("UPDATE cms.wordpress_posts SET title = {} WHERE wp_id = ANY({})", self._word())

    def revive(self) -> None:
        self._sql(
            "UPDATE cms.wordpress_posts SET deleted_at = NULL WHERE {} <> '' AND \
            wp_id = ANY({})",
            "x",
        )

    def delete(self) -> None:
        self._sql("DELETE FROM cms.wordpress_posts WHERE {} <> '' AND wp_id = ANY({})", "x")

    def link(self) -> None:
        self._sql(
            "INSERT INTO cms.wordpress_content_terms SELECT 'acme', key, {}, 99 \
            FROM unnest({}::bigint[]) key ON CONFLICT DO NOTHING",
            "tag",
        )

    def unlink(self) -> None:
        self._sql(
            "DELETE FROM cms.wordpress_content_terms WHERE {} <> '' \
            AND content_wp_id = ANY({})",
            "x",
        )

    def touch(self) -> None:
        self._sql(
            "UPDATE cms.wordpress_posts SET synced_at = now() WHERE {} <> '' \
            AND wp_id = ANY({})",
            "x",
        )

    def _sql(self, statement: str, word: str) -> None:
        template = SQL(statement)  # pyright: ignore[reportArgumentType] - our own words
        self._owner.execute(template.format(Literal(word), Literal(self._some())))

    def _some(self, most: int = 5) -> list[int]:
        return sorted(self._random.sample(KEYS, self._random.randint(1, most)))

    def _word(self) -> str:
        return self._random.choice(["um", "dois", "três", "quatro"])


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_that_follows_the_feed_is_the_original(platform: Platform, owner: Owner, seed: int):
    copy = Copy(Reader(platform, limit=3), owner)
    pace = random.Random(seed)  # noqa: S311
    compared = 0
    with held(platform) as stream:
        chaos = Chaos(seed, stream, owner)
        for _ in range(STEPS):
            chaos.step()
            if pace.random() < 0.3:
                copy.follow()
                assert copy.posts == live_posts(owner, "acme")
                compared += len(copy.posts) > 0
    copy.follow()
    assert copy.posts == live_posts(owner, "acme")
    assert compared > 5
