"""What a sync would do: the same loop on a store that writes nothing."""

from collections.abc import Mapping, Sequence

from sync_assets.core.counts import Counts
from sync_assets.core.hints import Hint
from sync_assets.core.known import Known
from sync_assets.core.ports import Checkpoint, Page, StreamReader, StreamStore, Written


class PlanStore(StreamStore):
    """Reads from a real store and only counts what it is asked to write."""

    def __init__(self, store: StreamReader) -> None:
        self._store = store
        self._known = Known()
        self.notes: list[str] = []

    def known(self, scope: str, keys: Sequence[int] | None = None) -> Known:
        """What the CMS has of a collection, or of some of its records."""
        self._known = self._store.known(scope, keys)
        return self._known

    def checkpoint(self, collection: str) -> Checkpoint:
        """Where the collection stands."""
        return self._store.checkpoint(collection)

    def hints(self) -> Sequence[Hint]:
        """What the source hinted at."""
        return self._store.hints()

    def failed(self, collection: str) -> Sequence[int | None]:
        """What is in the dead letters."""
        return self._store.failed(collection)

    def write(self, page: Page) -> Written:
        """Count what would be created and updated."""
        created = sum(self._known.get(record.key) is None for record, _ in page.records)
        return Written(created=created, updated=len(page.records) - created)

    def bury(self, scope: str, keys: Sequence[int], done: Sequence[Hint] = ()) -> int:
        """Count what would get a tombstone."""
        del scope, done
        return len(keys)

    def progress(self, counts: Counts) -> None:
        """Nothing is recorded."""

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Keep the line for the caller."""
        del level, metadata
        self.notes.append(message)
