"""Killed at any moment, embedding goes on where it stopped, and pays for nothing twice.

A kill costs one call at most: the one that was answered, or about to be, and is not stored.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.demo import DemoSite
from sync_assets.store.embedding_store import EmbeddingStore
from sync_assets.store.ledger import Ledger
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings.accounts import Booked, booked, sent, stored, sync_streams
from sync_assets_tests.embeddings.fake_provider import KEY, FakeProvider, Reply
from sync_assets_tests.embeddings.processes import KILLED, Death, begin_to_embed, embed
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article, synced, vectors

pytestmark = pytest.mark.postgres

POSTS = 12
TEXTS = {f"{post}. {text}" for post in range(POSTS) for text in ("A title", *PARAGRAPHS)}
KILLS = 12


@dataclass
class Killed:
    """A sync of `acme` that is killed again and again, and what its provider saw meanwhile."""

    platform: Platform
    fake: FakeProvider
    sync_id: UUID = field(default_factory=uuid4)
    kept: set[str] = field(default_factory=set[str])
    kills: int = 0
    mark: int = 0

    def embed(self, death: Death | None = None) -> int:
        return embed(self.platform.settings, "acme", self.sync_id, death)

    def note_kill(self) -> None:
        """What is stored now is never sent again; see `check`."""
        self.check()
        self.kills += 1
        self.kept, self.mark = stored(self.platform, "acme"), len(self.fake.seen)

    def check(self) -> None:
        """Since the last kill nothing was sent that was stored by then."""
        assert self.kept.isdisjoint(sent(self.fake, self.mark))

    def resume(self) -> dict[str, Booked]:
        """Let it end undisturbed; then all is as it should be. Gives what the ledger says."""
        assert self.embed() == 0
        self.check()
        assert vectors(self.platform, "acme") == vectors(self.platform, "calm")
        assert self.platform.syncs.report(self.sync_id).status == "completed"
        books, bill = booked(self.platform, "acme"), self.fake.billed[KEY]
        settled, lost = books["settled"], books.get("lost", Booked())
        assert books.keys() <= {"settled", "lost", "released"}
        assert settled.inputs == len(TEXTS)
        assert settled.billed <= bill.tokens <= settled.billed + lost.bound
        assert bill.calls - settled.calls <= lost.calls <= self.kills
        assert bill.inputs - len(TEXTS) <= lost.inputs
        return books


@pytest.fixture
def killed(embedding: Platform, empty_site: DemoSite, fake: FakeProvider) -> Killed:
    """Two tenants of a site: `calm` is done, and `acme` but for its embeddings."""
    for post in range(POSTS):
        content = article([f"{post}. {text}" for text in PARAGRAPHS])
        empty_site.site.add("posts", title=f"{post}. A title", content=content)
    for tenant in ("calm", "acme"):
        register(embedding, tenant, empty_site)
    synced(embedding, "calm")
    killed = Killed(embedding, fake)
    sync_streams(embedding, "acme", killed.sync_id)
    fake.seen.clear()
    fake.billed.clear()
    fake.most_inputs = 8
    return killed


@pytest.mark.parametrize(
    ("death", "lost", "paid_twice"),
    [
        (Death(EmbeddingStore, "write", after=True), 0, 0),
        (Death(Ledger, "reserve", calls=4), 0, 0),
        (Death(Ledger, "reserve", after=True, calls=4), 1, 0),
        (Death(EmbeddingStore, "save", calls=2), 1, 1),
        (Death(Ledger, "settle", calls=2), 1, 1),
        (Death(Ledger, "settle", after=True, calls=2), 1, 1),
        (Death(EmbeddingStore, "save", after=True, calls=2), 0, 0),
        (Death(EmbeddingStore, "finish"), 0, 0),
        (Death(EmbeddingStore, "finish", after=True), 0, 0),
    ],
    ids=[
        "after splitting",
        "before reserving",
        "after reserving",
        "with the answer in hand",
        "stored but not settled",
        "stored and settled but not committed",
        "after committing",
        "before the end",
        "after the end",
    ],
)
def test_a_process_that_dies_is_followed_by_one_that_goes_on(
    killed: Killed, death: Death, lost: int, paid_twice: int
):
    assert killed.embed(death) == KILLED
    killed.note_kill()
    books = killed.resume()
    assert books.get("lost", Booked()).calls == lost
    assert killed.fake.billed[KEY].calls - books["settled"].calls == paid_twice


def test_a_process_that_dies_while_the_provider_answers_loses_that_call_alone(killed: Killed):
    answering, over = threading.Event(), threading.Event()

    def answer_nobody(_: FakeProvider, __: Reply) -> None:
        answering.set()
        over.wait(30)

    killed.fake.play(None, None, None, answer_nobody)
    process = begin_to_embed(killed.platform.settings, "acme", killed.sync_id)
    assert answering.wait(30)
    process.kill()
    process.join()
    over.set()
    killed.note_kill()
    books = killed.resume()
    assert (books["lost"].calls, killed.fake.billed[KEY].calls - books["settled"].calls) == (1, 1)


def test_killed_a_dozen_times_at_random_it_ends_as_if_it_had_never_been(killed: Killed):
    random, fake = Random(7), killed.fake  # noqa: S311 - moments, no secrets
    fake.most_inputs, fake.seconds = 1, 0.02
    while killed.kills < KILLS:
        before = len(fake.seen)
        process = begin_to_embed(killed.platform.settings, "acme", killed.sync_id)
        until(lambda: len(fake.seen) > before + 2)  # noqa: B023 - it is called here only
        process.join(random.uniform(0, 0.06))
        process.kill()
        process.join()
        assert process.exitcode == KILLED
        killed.note_kill()
    assert stored(killed.platform, "acme")
    killed.resume()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.001)
