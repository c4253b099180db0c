"""A plan says what a sync would do, and does nothing."""

from copy import deepcopy

from hypothesis import given

from sync_assets.core.plan import PlanStore
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import sync_stream
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite
from sync_assets_tests.core.histories import Event, happen, lives
from sync_assets_tests.core.memory_store import MemoryStore
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.core.running import sync

PROMISED = ("seen", "created", "updated", "unchanged", "skipped", "failed", "deleted", "kept")


@modestly
@given(lives, lives)
def test_a_plan_counts_what_the_sync_then_does_and_writes_nothing(
    past: list[Event], since: list[Event]
):
    site, store = FakeSite(), MemoryStore()
    happen(site, store, past)
    sync(site, store)
    happen(site, store, since)
    before = deepcopy((store.rows, store.checkpoints, store.dead_letters))
    connection = FakeConnection([FakeCollection(site)])
    plan = sync_stream("things", connection, PlanStore(store), SyncOptions(), StopSignal())
    assert (store.rows, store.checkpoints, store.dead_letters) == before
    done = sync(site, store)
    assert [getattr(plan, name) for name in PROMISED] == [getattr(done, name) for name in PROMISED]


def test_a_plan_keeps_what_the_sync_would_note():
    site, store = FakeSite(), MemoryStore()
    happen(site, store, [("put", key) for key in range(1, 30)])
    sync(site, store)
    site.bodies.clear()
    plan = PlanStore(store)
    sync_stream("things", FakeConnection([FakeCollection(site)]), plan, SyncOptions(), StopSignal())
    assert "--approve-deletions" in plan.notes[0]
    assert store.notes == []
