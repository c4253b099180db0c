"""What may happen to a site and to the CMS between two syncs."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import strategies as st

from sync_assets.core.ports import SyncOptions
from sync_assets_tests.core.fake_source import FakeSite
from sync_assets_tests.core.memory_store import MemoryStore

Event = tuple[str, int]
"""What happens to which record."""

KEYS = range(1, 10)

LIFE = ("put", "retouch", "delete", "edit_locally")
TROUBLE = ("unlist", "withhold", "vanish", "spoil", "poison", "unkey")

lives = st.lists(st.tuples(st.sampled_from(LIFE), st.sampled_from(KEYS)), max_size=8)
troubles = st.lists(st.tuples(st.sampled_from(TROUBLE), st.sampled_from(KEYS)), max_size=4)
options = st.builds(
    SyncOptions,
    full=st.booleans(),
    batch_size=st.integers(1, 4),
    approve_deletions=st.booleans(),
)


def happen(site: FakeSite, store: MemoryStore, events: Sequence[Event]) -> None:
    """Let the events happen, half a minute apart."""
    for event, key in events:
        site.pass_time(30)
        _happen(site, store, event, key)


def _happen(site: FakeSite, store: MemoryStore, event: str, key: int) -> None:
    troubled = {
        "unlist": site.unlisted,
        "withhold": site.unserved,
        "vanish": site.vanishing,
        "spoil": site.unmappable,
        "poison": store.poison,
    }
    match event:
        case "put" | "retouch":
            site.put(key, f"as of {site.now}", touch=event == "put")
        case "delete":
            site.delete(key)
        case "edit_locally":
            store.edit_locally(key, site.now + timedelta(seconds=0.5))
        case "unkey":
            site.unkeyed += 1
        case _:
            troubled[event].add(key)
