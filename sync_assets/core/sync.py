"""The one sync loop, the same for every source and every stream."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sync_assets.core.compare import Fate, fate
from sync_assets.core.counts import Counts
from sync_assets.core.keep import Keeper, seconds
from sync_assets.core.known import NO_VERSION, Sighting, Survey
from sync_assets.core.pipeline import in_order
from sync_assets.core.ports import (
    Checkpoint,
    Collection,
    Connection,
    Fetched,
    ListingPage,
    Page,
    StreamStore,
    SyncOptions,
)
from sync_assets.core.recent import RecentSync
from sync_assets.core.reconcile import Listing, reconcile
from sync_assets.core.stop import StopSignal

OVERLAP = timedelta(minutes=10)
"""Read again what was modified shortly before the last sync: times have whole seconds, web heads
disagree by seconds, and page caches answer with minutes-old contents."""

SKEW = timedelta(seconds=10)
"""So far may the clocks of a site's web heads be apart."""

_NEVER = 2**62


def sync_stream(
    stream: str,
    connection: Connection,
    store: StreamStore,
    options: SyncOptions,
    stop: StopSignal,
) -> Counts:
    """Bring the rows of one stream in step with the source.

    Raises:
        SyncError: named by who has to act; what was written before stays.
    """
    counts = Counts()
    try:
        for collection in connection.collections(stream):
            _CollectionSync(collection, connection, store, options, stop, counts).run()
    finally:
        connection.stats.reset()  # the next stream's requests are its own
    return counts


@dataclass(slots=True)
class _CollectionSync:
    """One collection on its way: list, compare, fetch, write, reconcile."""

    collection: Collection
    connection: Connection
    store: StreamStore
    options: SyncOptions
    stop: StopSignal
    counts: Counts
    survey: Survey = field(default_factory=Survey)
    unkeyed: int = 0
    announced: int | None = None
    first: bool = False
    loaded: bool = False
    keeps_listed: bool = False

    def run(self) -> None:
        stored = self.store.checkpoint(self.collection.name)
        work = (self.collection, self.connection, self.store, self.options, self.stop, self.counts)
        listed_at, refused = stored.listed_at, self.counts.refused
        if not RecentSync(*work).is_done(stored):
            self._run_whole(stored)
            listed_at = self.connection.server_time()
        if self.counts.refused > refused:
            listed_at = None  # so that the next one says it again
        overlap_from = self.connection.server_time() - OVERLAP
        self._save(Checkpoint(overlap_from=overlap_from, loaded=True, listed_at=listed_at))

    def _run_whole(self, stored: Checkpoint) -> None:
        """List everything, read what may have changed, and look for what is gone."""
        show = partial(self._show, self.counts.seen, self.counts.total or 0)
        known = self.store.known(self.collection.scope)
        checkpoint = self._begin(stored)
        rereads, inline = checkpoint.reread_from is not None, self.collection.inline
        cut_off = not (self.first or self.loaded)
        anew = self.first and not len(known)
        if self.collection.in_one_piece and (rereads or inline):
            checkpoint = self._in_one_piece(checkpoint)
        elif not rereads and not inline and (anew or (cut_off and self.collection.in_one_piece)):
            checkpoint = self._with_contents(checkpoint)
        keeper = Keeper(self.collection, self.store, known, self.survey, self.counts)
        for page in self.collection.listing():
            self._take(page, keeper)
            show()
        listed = len(self.survey) + self.unkeyed
        if not self.collection.inline:
            overlap, wanted = self._compare(keeper, checkpoint)
            self._read(overlap, keeper, show)
            if wanted:
                checkpoint = self._pass_overlap(checkpoint)
            self._read(wanted, keeper, show, checkpoint)
        self.connection.verify()
        self._reconcile(keeper, listed)
        show()

    def _between_pages(self, *, lost_when_cut: bool = False) -> None:
        """A first load may take as long as it gets on; everything else has its limits.

        A listing that is cut off has to be read again from its start: it has no limit either.
        """
        if lost_when_cut:
            self.stop.begin_anew()
        elif not self.loaded:
            self.stop.progressed()
        self.stop.check_turn()

    def _between_looks(self, *, at_work: bool) -> None:
        """The source prepares its answer, or lets us wait for others: another attempt goes on."""
        if at_work:
            self.stop.progressed()
        self.stop.check_turn()

    def _with_contents(self, checkpoint: Checkpoint) -> Checkpoint:
        """A first load wants everything: a listing that carries it takes half the requests."""
        begun = checkpoint.overlap_from
        self.collection, self.keeps_listed = self.collection.with_contents(begun), True
        return checkpoint if begun is not None else self._pass_overlap(checkpoint)

    def _in_one_piece(self, checkpoint: Checkpoint) -> Checkpoint:
        """Read everything at once; another attempt of this sync goes on with the same piece.

        Another sync begins it anew: what it is asked to find may have changed since.
        """
        begun = checkpoint.begun_at if checkpoint.own else None
        self.collection = self.collection.with_contents(begun)
        begun_at = begun or self.connection.server_time() - SKEW
        self._save(checkpoint._replace(begun_at=begun_at))
        return checkpoint

    def _begin(self, stored: Checkpoint) -> Checkpoint:
        """Where to go on from: a full refresh begins, goes on, or is not wanted.

        A new full sync reads everything: what it is asked to find may have changed behind the
        place where an older one was cut off. An ordinary one finishes what that one began.
        """
        self.first, self.loaded = stored.overlap_from is None, stored.loaded
        goes_on = stored.reread_from is not None and (stored.own or not self.options.full)
        if self.options.full and not goes_on:
            return stored._replace(reread_from=NO_VERSION)
        return stored

    def _take(self, page: ListingPage, keeper: Keeper) -> None:
        """Note a page of the listing, and keep its contents where it carries them."""
        if page.sightings or page.rejected:
            self._between_pages(lost_when_cut=not self.keeps_listed)
        else:
            self._between_looks(at_work=page.at_work)
        fresh = self.survey.add(page.sightings)
        self.unkeyed += len(page.rejected)
        self.announced = page.announced
        keys = [sighting.key for sighting in fresh] if self.collection.inline else []
        keeper.keep(keys, Fetched(page.payloads, page.rejected))

    def _compare(self, keeper: Keeper, checkpoint: Checkpoint) -> "tuple[array[int], array[int]]":
        """The keys to be read again for the overlap, and those to be read; settles the others."""
        overlap = checkpoint.overlap_from
        overlap_from = seconds(overlap, _NEVER)
        reread_from = _NEVER if checkpoint.reread_from is None else checkpoint.reread_from
        overlapping, wanted = array("q"), array("q")
        if checkpoint.reread_from is None and keeper.known.is_just(self.survey, overlap_from):
            self.counts.unchanged += len(self.survey)  # as a rule, where nobody has edited
            return overlapping, wanted
        for sighting in self.survey:
            reread = sighting.key > reread_from
            settled = not reread and NO_VERSION < sighting.version < overlap_from
            if settled and keeper.known.holds(sighting):
                self.counts.unchanged += 1  # as a rule; spares the closer look
                continue
            row = keeper.known.get(sighting.key)
            match fate(row, sighting, overlap_from=overlap_from, reread=reread):
                case Fate.FETCH:
                    wanted.append(sighting.key)
                case Fate.REREAD:
                    overlapping.append(sighting.key)
                case Fate.UNCHANGED:
                    self.counts.unchanged += 1
                case Fate.SKIPPED:
                    self.counts.skipped += 1
        return overlapping, wanted

    def _read(
        self,
        keys: "array[int]",
        keeper: Keeper,
        show: Callable[[], None],
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Read contents and keep them; the checkpoint moves along with a full refresh."""
        for batch, fetched in self._fetch(keys):
            keeper.keep(batch, fetched, checkpoint and _reached(checkpoint, batch))
            show()

    def _fetch(self, wanted: "array[int]") -> Iterator[tuple[Sequence[int], Fetched]]:
        """Read the wanted contents, several requests in flight, in ascending order of keys."""
        size = self.options.batch_size
        batches = (wanted[start : start + size] for start in range(0, len(wanted), size))
        for result in in_order((partial(self._fetch_batch, keys) for keys in batches), self.stop):
            yield result
            self._between_pages()

    def _fetch_batch(self, keys: Sequence[int]) -> tuple[Sequence[int], Fetched]:
        return keys, self.collection.fetch(keys)

    def _reconcile(self, keeper: Keeper, listed: int) -> None:
        listing = Listing(self.collection, self.survey, listed, self.announced)
        late = reconcile(
            listing,
            keeper.known,
            self.connection,
            self.store,
            self.counts,
            approved=self.options.approve_deletions,
        )
        for start in range(0, len(late), self.options.batch_size):
            keys = late[start : start + self.options.batch_size]
            self.survey.add([Sighting(key, NO_VERSION) for key in keys])
            keeper.keep(keys, self.collection.fetch(keys))

    def _pass_overlap(self, checkpoint: Checkpoint) -> Checkpoint:
        """Once the overlap was read, a sync that is cut off need not read it again.

        What is read from here on is read after the moment of connecting, so only what was
        modified since then can have changed in the very second of its reading.
        """
        self.connection.verify()
        passed = checkpoint._replace(overlap_from=self.connection.server_time() - SKEW)
        self._save(passed)
        return passed

    def _save(self, checkpoint: Checkpoint) -> None:
        self.store.write(Page(self.collection.name, self.collection.scope, checkpoint=checkpoint))

    def _show(self, seen: int, total: int) -> None:
        """Show the account, given what earlier collections of the stream had seen."""
        listed = len(self.survey) + self.unkeyed
        self.counts.seen = seen + listed
        self.counts.total = total + max(listed, self.announced or 0)
        self.counts.requests = self.connection.stats.requests
        self.counts.source_request_ms = round(self.connection.stats.milliseconds)
        self.store.progress(self.counts)


def _reached(checkpoint: Checkpoint, keys: Sequence[int]) -> Checkpoint | None:
    """The checkpoint behind these keys, where a full refresh is under way."""
    if checkpoint.reread_from is None or keys[-1] <= checkpoint.reread_from:
        return None
    return checkpoint._replace(reread_from=keys[-1])
