"""The sync of what changed lately, by the source's own account: most of it is not even listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_assets.core.compare import Fate, fate
from sync_assets.core.counts import Counts
from sync_assets.core.deletion import SMALL
from sync_assets.core.keep import seconds
from sync_assets.core.known import NO_VERSION, Survey
from sync_assets.core.ports import (
    Checkpoint,
    Collection,
    Connection,
    Recent,
    StreamStore,
    SyncOptions,
)
from sync_assets.core.stop import StopSignal

TRUSTED_FOR = timedelta(days=1)
"""So long does a source's word do; then everything is listed, and what is gone is looked for."""

FEW = 1000
"""More changes than that are read by the whole listing, which goes on where it was cut off."""


@dataclass(frozen=True, slots=True)
class RecentSync:
    """One collection, as far as it changed."""

    collection: Collection
    connection: Connection
    store: StreamStore
    options: SyncOptions
    stop: StopSignal
    counts: Counts

    def is_done(self, checkpoint: Checkpoint) -> bool:
        """Bring what changed in step; False, and nothing was done, where that would not do.

        Nothing is concluded from what is not listed here. What is said to be deleted gets its
        tombstone when the source, asked for it, does not have it.
        """
        since = checkpoint.overlap_from
        if since is None or not self._may_trust(checkpoint):
            return False
        recent = self.collection.recent(since)
        if recent is None:
            return False
        failed = self.store.failed(self.collection.name)
        survey = self._listed(recent)
        if survey is None or None in failed or len(failed) > FEW:
            return False
        gone = self._said_to_be_gone(recent)
        if len(gone) > SMALL:
            return False
        wanted = gone | {key for key in failed if key is not None}
        wanted |= self._changed(survey, since, wanted)
        from sync_assets.core.targeted import Targeted

        targeted = (self.collection, self.connection, self.store, self.options, self.stop)
        Targeted(*targeted, self.counts).run(sorted(wanted))
        self.connection.verify()
        return True

    def _may_trust(self, checkpoint: Checkpoint) -> bool:
        """Was everything listed lately, and does nobody want more than what changed?"""
        asked_for_more = self.options.full or self.options.approve_deletions
        unfinished = not checkpoint.loaded or checkpoint.reread_from is not None
        if asked_for_more or unfinished or checkpoint.listed_at is None:
            return False
        age = self.connection.server_time() - checkpoint.listed_at
        return timedelta(0) <= age < TRUSTED_FOR  # a source's clock may have been wrong

    def _listed(self, recent: Recent) -> Survey | None:
        """What was modified; None where that is too much, or cannot be told apart."""
        survey = Survey()
        for page in recent.listing():
            self.stop.check()
            survey.add(page.sightings)
            if page.rejected or len(survey) > FEW:
                return None
        return survey

    def _said_to_be_gone(self, recent: Recent) -> set[int]:
        """The keys of rows that are said to be gone, as far as these are few.

        More than that are looked at all together: the whole listing knows their share of all rows.
        """
        gone: set[int] = set()
        for keys in recent.deleted():
            self.stop.check()
            rows = map(self.store.known(self.collection.scope, keys).get, keys)
            gone |= {row.key for row in rows if row is not None and not row.deleted}
            if len(gone) > SMALL:
                break
        return gone

    def _changed(self, survey: Survey, since: datetime, others: set[int]) -> set[int]:
        """The keys of what else has to be read; settles what was listed and need not be."""
        keys = [sighting.key for sighting in survey]
        known = self.store.known(self.collection.scope, keys)
        overlap_from, wanted = seconds(since, NO_VERSION), set[int]()
        unchanged = skipped = 0
        for sighting in survey:
            if sighting.key in others:
                continue
            match fate(known.get(sighting.key), sighting, overlap_from=overlap_from, reread=False):
                case Fate.UNCHANGED:
                    unchanged += 1
                case Fate.SKIPPED:
                    skipped += 1
                case _:
                    wanted.add(sighting.key)
        self.counts.unchanged += unchanged
        self.counts.skipped += skipped
        self.counts.seen += unchanged + skipped
        self.counts.total = (self.counts.total or 0) + unchanged + skipped
        return wanted
