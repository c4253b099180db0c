"""One sync of a fake source into a store in memory."""

from collections.abc import Callable

from sync_assets.core.counts import Counts
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.sync import sync_stream
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite
from sync_assets_tests.core.memory_store import MemoryStore, nothing


def sync(
    site: FakeSite,
    store: MemoryStore,
    options: SyncOptions | None = None,
    *,
    authenticated: bool = True,
    inline: bool = False,
    hook: Callable[[str], None] = nothing,
) -> Counts:
    """Sync once; the hook is told of every call to the source and to the store."""
    parts = [FakeCollection(site, hook, inline=inline)]
    store.hook = hook
    connection = FakeConnection(parts, authenticated, hook)
    try:
        return sync_collections(connection, store, options or SyncOptions(batch_size=2))
    finally:
        store.hook = nothing


def sync_collections(
    connection: FakeConnection,
    store: MemoryStore,
    options: SyncOptions,
    stop: StopSignal | None = None,
) -> Counts:
    """Sync what the connection offers."""
    return sync_stream("things", connection, store, options, stop or StopSignal())
