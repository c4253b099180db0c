"""The calls of one sync: as large as the provider takes them, waited for, left when it is time."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct, OutOfTime, Stopped
from sync_assets.core.run import StreamStatus
from sync_assets.core.stop import StopSignal
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets_tests.conftest import register
from sync_assets_tests.embeddings.accounts import booked, stored
from sync_assets_tests.embeddings.fake_provider import (
    KEY,
    FakeProvider,
    Refusal,
    Reply,
    Trick,
)
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article, synced, vectors
from sync_assets_tests.embeddings.tricks import broken

pytestmark = pytest.mark.postgres

POSTS = 8
TEXTS = {f"{post}. {text}" for post in range(POSTS) for text in ("A title", *PARAGRAPHS)}

INVALID = Refusal(400, text="The input is not valid.")

PATIENCE = 2.0
"""Seconds in which a sync has ended that was told to."""


@pytest.fixture
def site(embedding: Platform, empty_site: DemoSite) -> DemoSite:
    """A site of tenant `acme` with 40 texts in 8 posts."""
    for post in range(POSTS):
        content = article([f"{post}. {text}" for text in PARAGRAPHS])
        empty_site.site.add("posts", title=f"{post}. A title", content=content)
    register(embedding, "acme", empty_site)
    return empty_site


@pytest.mark.usefixtures("site")
def test_a_provider_that_takes_16_texts_a_call_gets_all_of_them(
    embedding: Platform, fake: FakeProvider
):
    fake.most_inputs = 16
    assert synced(embedding, "acme").chunks_embedded == len(TEXTS)
    assert set(vectors(embedding, "acme")) == TEXTS
    assert fake.billed[KEY].inputs == len(TEXTS)
    assert len(fake.seen) - fake.billed[KEY].calls == 1  # the one that was too large
    assert booked(embedding, "acme").keys() == {"settled", "released"}


def test_a_text_that_the_provider_never_takes_is_left_out_and_the_rest_embedded(
    embedding: Platform, site: DemoSite, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    bad = f"3. {PARAGRAPHS[1]}"
    refuse(fake, bad, monkeypatch)
    for missing in (len(TEXTS), 1):
        sync_id = uuid4()
        counts = synced(embedding, "acme", sync_id=sync_id)
        assert (counts.chunks_pending, counts.chunks_refused) == (missing, 1)
        assert set(vectors(embedding, "acme")) == TEXTS - {bad}
        assert embedding.syncs.report(sync_id).status == "completed"
    assert fake.billed[KEY].inputs == len(TEXTS) - 1
    site.site.edit("posts", site.site.ids("posts")[3], content=article(["Something else."]))
    counts = synced(embedding, "acme")
    assert (counts.chunks_pending, counts.chunks_refused) == (1, 0)


@pytest.mark.usefixtures("site")
def test_a_text_that_is_refused_makes_later_calls_no_smaller(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    refuse(fake, f"3. {PARAGRAPHS[1]}", monkeypatch)
    synced(embedding, "acme")
    assert max(len(seen.body["input"]) for seen in fake.seen[-2:]) > 8
    assert fake.billed[KEY].calls < len(TEXTS) / 4


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("most_refused", [5, 10_000])
def test_a_new_model_that_takes_no_text_at_all_does_not_replace_the_old_one(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch, most_refused: int
):
    synced(embedding, "acme")
    before = vectors(embedding, "acme")
    monkeypatch.setattr("sync_assets.embeddings.embed.MOST_REFUSED", most_refused)
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS_MODEL", "other")
    changed, fake.model, since = Platform(Settings()), "other", len(fake.seen)
    fake.play(*[INVALID] * 10_000)
    try:
        with pytest.raises(OperatorMustAct, match="other refused all of"):
            synced(changed, "acme")
    finally:
        changed.close()
    assert vectors(embedding, "acme") == before
    assert len(fake.seen) - since < min(most_refused, len(TEXTS)) + 5


@pytest.mark.usefixtures("site")
def test_a_provider_that_has_too_much_to_do_is_waited_for(embedding: Platform, fake: FakeProvider):
    fake.play(Refusal(429, headers={"Retry-After": "1"}))
    began = time.monotonic()
    assert synced(embedding, "acme").chunks_embedded == len(TEXTS)
    assert time.monotonic() - began >= 1
    assert len(fake.seen) == 2
    assert booked(embedding, "acme").keys() == {"settled"}


@pytest.mark.usefixtures("site")
def test_a_stop_during_a_slow_call_ends_the_sync_at_once(embedding: Platform, fake: FakeProvider):
    stop, sync_id = StopSignal(), uuid4()
    stopped_at: list[float] = []

    def stop_it(fake: FakeProvider, _: Reply) -> None:
        stopped_at.append(time.monotonic())
        stop.set()
        fake.ended.wait(3600)

    fake.play(stop_it)
    with pytest.raises(Stopped):
        synced(embedding, "acme", stop, sync_id)
    assert time.monotonic() - stopped_at[0] < PATIENCE
    assert embedding.syncs.report(sync_id).status == "cancelled"
    assert booked(embedding, "acme").keys() == {"lost"}  # it may be billed: it stays counted
    assert synced(embedding, "acme", sync_id=sync_id).chunks_embedded == len(TEXTS)
    assert booked(embedding, "acme").keys() == {"settled", "lost"}


@pytest.mark.usefixtures("site")
def test_a_stop_while_a_busy_provider_is_waited_for_costs_nothing(
    embedding: Platform, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    stop = StopSignal()
    refuse(fake, "0. A title", monkeypatch, Refusal(429, headers={"Retry-After": "15"}), stop.set)
    began = time.monotonic()
    with pytest.raises(Stopped):
        synced(embedding, "acme", stop)
    assert time.monotonic() - began < 15
    assert booked(embedding, "acme").keys() == {"released"}


@pytest.mark.usefixtures("site")
def test_a_turn_that_is_over_leaves_the_rest_to_the_next_one(
    embedding: Platform, fake: FakeProvider
):
    fake.most_inputs = 8
    now, sync_id = 0.0, uuid4()

    def pass_time(_: FakeProvider, __: Reply) -> None:
        nonlocal now
        now += 6

    fake.play(*[pass_time] * 5)
    turn = StopSignal(turn=10, monotonic=lambda: now)
    with pytest.raises(OutOfTime):
        synced(embedding, "acme", turn, sync_id)
    first = stored(embedding, "acme")
    assert first < TEXTS
    assert status(embedding, sync_id) is StreamStatus.DEFERRED
    assert booked(embedding, "acme")["settled"].calls == fake.billed[KEY].calls == 2
    counts = synced(embedding, "acme", sync_id=sync_id)
    assert counts.chunks_embedded == len(TEXTS) - len(first)
    assert fake.billed[KEY].inputs == len(TEXTS)


@pytest.mark.usefixtures("site")
def test_a_call_that_outlasts_the_hard_limit_is_left(embedding: Platform, fake: FakeProvider):
    now, sync_id = 0.0, uuid4()

    def outlast(fake: FakeProvider, _: Reply) -> None:
        nonlocal now
        now += 11
        fake.ended.wait(3600)

    fake.play(outlast)
    with pytest.raises(OutOfTime):
        synced(embedding, "acme", StopSignal(hard=10, monotonic=lambda: now), sync_id)
    assert status(embedding, sync_id) is StreamStatus.DEFERRED
    assert stored(embedding, "acme") == set()


def status(platform: Platform, sync_id: UUID) -> StreamStatus:
    """How a sync's embeddings stand."""
    rows = platform.syncs.report(sync_id).streams
    return next(row.status for row in rows if row.embedding)


def refuse(
    fake: FakeProvider,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Refusal = INVALID,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Let the provider refuse every call with a text, for ever."""

    def act() -> Trick | Refusal | None:
        if text in fake.seen[-1].body["input"]:
            then()
            return refusal
        return None

    monkeypatch.setattr(fake, "act", act)


@pytest.mark.usefixtures("site")
def test_a_provider_that_fails_after_some_calls_only_defers_the_rest(
    embedding: Platform, fake: FakeProvider
):
    fake.most_inputs = 16
    fake.play(None, None, broken(500))  # too many at first, then some, then none
    sync_id = uuid4()
    with pytest.raises(OutOfTime, match="500"):
        synced(embedding, "acme", sync_id=sync_id)
    [*_, last] = embedding.syncs.report(sync_id).streams
    assert last.status is StreamStatus.DEFERRED
    assert len(stored(embedding, "acme")) > 0
    synced(embedding, "acme", sync_id=sync_id)
    assert set(vectors(embedding, "acme")) == TEXTS
