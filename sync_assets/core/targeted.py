"""The sync of a few records, asked for by key: those that were hinted at, for example."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

from sync_assets.core.counts import Counts
from sync_assets.core.deletion import too_many
from sync_assets.core.hints import Hint
from sync_assets.core.keep import Keeper
from sync_assets.core.known import Known, Survey
from sync_assets.core.pipeline import in_order
from sync_assets.core.ports import Collection, Connection, Fetched, Page, StreamStore, SyncOptions
from sync_assets.core.records import Rejected
from sync_assets.core.stop import StopSignal

_Batch = tuple[Sequence[int], Fetched]


def sync_hinted(
    stream: str,
    connect: Callable[[], Connection],
    store: StreamStore,
    options: SyncOptions,
    stop: StopSignal,
) -> Counts:
    """Bring the records of a stream that were hinted at in step with the source, and no others.

    No checkpoint moves: what the next ordinary sync finds does not depend on any hint. A hint goes
    away in the transaction that settles its record, unless it was repeated meanwhile. Of the
    counts, `total` are the hints, and `seen` those whose records the source still has and shows.

    Raises:
        SyncError: named by who has to act; the hints that were not settled stay.
    """
    counts = Counts(total=0)
    hints = store.hints()
    if not hints:
        return counts  # another sync was quicker: not even a connection is needed
    connection = connect()
    try:
        collections = {one.name: one for one in connection.collections(stream)}
        for name, group in groupby(sorted(hints), key=lambda hint: hint.collection):
            if name not in collections:
                _drop(name, [*group], store, counts)
            elif store.checkpoint(name).loaded:  # what is not will be read as a whole, and faster
                by_key = {hint.key: hint for hint in group}
                targeted = Targeted(collections[name], connection, store, options, stop, counts)
                replace(targeted, hints=by_key).run([*by_key])
    finally:
        connection.stats.reset()  # the next stream's requests are its own
    return counts


@dataclass(slots=True)
class Targeted:
    """Records of one collection on their way, by key.

    Attributes:
        hints: those that told of a record, by its key; they go away with it.
    """

    collection: Collection
    connection: Connection
    store: StreamStore
    options: SyncOptions
    stop: StopSignal
    counts: Counts
    hints: Mapping[int, Hint] = field(default_factory=dict[int, Hint])
    gone: int = 0

    def run(self, keys: Sequence[int]) -> None:
        """Bring these records in step with the source; no checkpoint moves."""
        self.counts.total = (self.counts.total or 0) + len(keys)
        for batch, fetched in self._fetch(keys):
            self._settle(batch, fetched)
            self._show()
            self.stop.check_turn()

    def _fetch(self, keys: Sequence[int]) -> Iterator[_Batch]:
        size = self.options.batch_size
        batches = (keys[start : start + size] for start in range(0, len(keys), size))
        return in_order((partial(self._fetch_batch, batch) for batch in batches), self.stop)

    def _fetch_batch(self, keys: Sequence[int]) -> _Batch:
        return keys, self.collection.fetch(keys)

    def _settle(self, keys: Sequence[int], fetched: Fetched) -> None:
        served = {payload.get("id") for payload in fetched.payloads}
        answered = served | {entry.key for entry in fetched.rejected}
        missing = [key for key in keys if key not in answered]
        gone = self.collection.absent(missing) if missing else set[int]()
        known = self.store.known(self.collection.scope, keys)
        withheld = self._withheld([key for key in missing if key not in gone], known)
        shown = [key for key in keys if key in answered]
        self.counts.seen += len(shown) + len(withheld)
        keeper = Keeper(self.collection, self.store, known, Survey(), self.counts)
        rejected = [*fetched.rejected, *withheld]
        done = self._hints_of(key for key in keys if key not in gone)
        keeper.keep(shown, Fetched(fetched.payloads, rejected), done=done)
        if gone:
            self._bury(gone, known, self._hints_of(gone))

    def _hints_of(self, keys: Iterable[int]) -> list[Hint]:
        return [self.hints[key] for key in keys if key in self.hints]

    def _withheld(self, keys: Sequence[int], known: Known) -> list[Rejected]:
        """What the source has, and does not show: bad where we hold it, otherwise not for us.

        Such as a draft of which only the id was reserved, or what no anonymous reader may see.
        """
        ours = [key for key in keys if self.connection.authenticated and _is_live(known, key)]
        self.counts.hidden += len(keys) - len(ours)
        cause = "the source has this record but does not serve it"
        return [Rejected(key, {"id": key}, cause) for key in ours]

    def _bury(self, gone: set[int], known: Known, done: Sequence[Hint]) -> None:
        """Give the rows their tombstones whose records the source, asked for each, has no more."""
        self.counts.vanished += len(gone)
        live = [row for row in map(known.get, sorted(gone)) if row and not row.deleted]
        if not self.connection.authenticated:
            self.counts.hidden += len(live)
            live = []
        candidates = [row.key for row in live if not row.locally_newer]
        self.counts.kept += len(live) - len(candidates)
        self.gone += len(candidates)
        if candidates and self._too_many():
            self._refuse(len(candidates))
            candidates = []
        elif candidates:
            self.connection.verify()
        buried = self.store.bury(self.collection.scope, candidates, done)
        self.counts.deleted += buried
        self.counts.kept += len(candidates) - buried

    def _too_many(self) -> bool:
        if self.options.approve_deletions or not too_many(self.gone, 0):
            return False  # as a rule, and no row has to be counted for it
        return too_many(self.gone, self.store.known(self.collection.scope).live)

    def _refuse(self, gone: int) -> None:
        self.counts.refused += gone
        name = self.collection.name
        self.store.note(
            logging.WARNING,
            f"Kept {gone} rows of {name} that the source has no more: so many would go at once. "
            "If they are really gone, run 'sync-assets sync' with --approve-deletions.",
            {"collection": name, "refused": gone},
        )

    def _show(self) -> None:
        self.counts.requests = self.connection.stats.requests
        self.counts.source_request_ms = round(self.connection.stats.milliseconds)
        self.store.progress(self.counts)


def _drop(name: str, hints: Sequence[Hint], store: StreamStore, counts: Counts) -> None:
    """Forget hints at what the tenant does not sync."""
    counts.total = (counts.total or 0) + len(hints)
    counts.vanished += len(hints)
    store.note(
        logging.INFO,
        f"Dropped {len(hints)} hints at {name!r}, which is not synced here.",
        {"collection": name, "dropped": len(hints)},
    )
    store.write(Page(name, name, done=hints))
    store.progress(counts)


def _is_live(known: Known, key: int) -> bool:
    row = known.get(key)
    return row is not None and not row.deleted
