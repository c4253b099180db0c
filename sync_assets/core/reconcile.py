"""Deletion by proof: what is gone at the source gets its tombstone, or a reason why not."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from sync_assets.core.counts import Counts
from sync_assets.core.deletion import Evidence, objection
from sync_assets.core.known import Known, Survey
from sync_assets.core.ports import Collection, Connection, StreamStore


class Listing(NamedTuple):
    """A collection's listing, read to its end.

    Attributes:
        collection: what was listed.
        survey: what it listed and still has.
        listed: entries it listed, also those that are gone by now.
        announced: entries it said it has.
    """

    collection: Collection
    survey: Survey
    listed: int
    announced: int | None


def reconcile(
    listing: Listing,
    known: Known,
    connection: Connection,
    store: StreamStore,
    counts: Counts,
    *,
    approved: bool,
) -> Sequence[int]:
    """Bury the rows whose records are gone.

    Returns:
        Keys of records that the listing left out but the source has after all.
    """
    missing = known.missing_from(listing.survey)
    if not connection.authenticated:
        counts.hidden += len(missing)
        return []
    candidates = [row.key for row in missing if not row.locally_newer]
    counts.kept += len(missing) - len(candidates)
    if not candidates:
        return []
    reason = objection(
        Evidence(
            authenticated=True,
            listed=listing.listed,
            announced=listing.announced,
            live=known.live,
            gone=len(candidates),
            approved=approved,
        )
    )
    if reason is not None:
        _refuse(listing.collection.name, len(candidates), reason, store, counts)
        return []
    gone = listing.collection.absent(candidates)
    buried = store.bury(listing.collection.scope, sorted(gone))
    counts.deleted += buried
    counts.kept += len(gone) - buried
    return [key for key in candidates if key not in gone]


def _refuse(name: str, gone: int, reason: str, store: StreamStore, counts: Counts) -> None:
    counts.refused += gone
    store.note(
        logging.WARNING,
        f"Kept {gone} rows of {name} that the source no longer lists: {reason}. "
        "If they are really gone, run 'sync-assets sync' with --approve-deletions.",
        {"collection": name, "refused": gone},
    )
