"""Compares contents with what the CMS has, and writes only what differs."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync_assets.core.compare import local_edit_wins, same
from sync_assets.core.counts import Counts
from sync_assets.core.errors import Unmappable
from sync_assets.core.hints import Hint
from sync_assets.core.known import NO_VERSION, Known, Survey
from sync_assets.core.ports import Checkpoint, Collection, Fetched, Page, StreamStore
from sync_assets.core.records import Payload, Record, Rejected

Hashed = tuple[Record, bytes]
"""A record with its content hash."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Settles the fate of the records of one collection.

    Attributes:
        collection: where the contents come from.
        store: where they go.
        known: what the CMS has.
        survey: what the source listed; records that turn out to be gone leave it.
        counts: the stream's account.
    """

    collection: Collection
    store: StreamStore
    known: Known
    survey: Survey
    counts: Counts

    def keep(
        self,
        keys: Sequence[int],
        fetched: Fetched,
        checkpoint: Checkpoint | None = None,
        done: Sequence[Hint] = (),
    ) -> None:
        """Settle the records of `keys`; what has to be written goes into one transaction.

        Args:
            keys: of the records.
            fetched: their contents.
            checkpoint: where the collection stands then.
            done: the hints that are settled with them.
        """
        rejected = list(fetched.rejected)
        records = list(self._records(keys, fetched.payloads, rejected))
        changed = [pair for pair in records if self._differs(*pair)]
        answered = {record.key for record, _ in records} | {entry.key for entry in rejected}
        rejected += self._withheld([key for key in keys if key not in answered])
        if changed or rejected or checkpoint or done:
            self._write(changed, rejected, checkpoint, done)

    def _records(
        self, keys: Sequence[int], payloads: Iterable[Payload], rejected: list[Rejected]
    ) -> Iterator[Hashed]:
        """Map the payload of each wanted key once; what cannot be mapped is rejected."""
        missing = set(keys)
        for payload in payloads:
            key = payload.get("id")
            if type(key) is not int or key not in missing:  # nobody's, or a repetition
                continue
            missing.discard(key)
            try:
                record = self.collection.to_record(payload)
                yield record, record.content_hash()
            except Unmappable as error:
                rejected.append(Rejected(key, payload, str(error)))
            except Exception as error:  # noqa: BLE001 - whatever a record is, others go on
                cause = f"it cannot be mapped ({type(error).__name__})"
                rejected.append(Rejected(key, payload, cause))
            else:
                self.counts.repaired += record.repaired

    def _differs(self, record: Record, content_hash: bytes) -> bool:
        """Has this record to be written? Settles it when not."""
        row = self.known.get(record.key)
        if row is not None and local_edit_wins(row, seconds(record.modified_at, NO_VERSION)):
            self.counts.skipped += 1
        elif same(row, content_hash):
            self.counts.unchanged += 1
        else:
            return True
        return False

    def _withheld(self, keys: Sequence[int]) -> list[Rejected]:
        """Records listed but not served: forget those gone meanwhile, reject the others."""
        if not keys:
            return []
        gone = self.collection.absent(keys)
        for key in gone:
            self.survey.discard(key)
        self.counts.vanished += len(gone)
        cause = "the source lists this record but does not serve it"
        return [Rejected(key, {"id": key}, cause) for key in keys if key not in gone]

    def _write(
        self,
        records: Sequence[Hashed],
        rejected: Sequence[Rejected],
        checkpoint: Checkpoint | None,
        done: Sequence[Hint],
    ) -> None:
        began = time.monotonic()
        collection = self.collection
        all_new = not any(record.key in self.known for record, _ in records)
        page = Page(collection.name, collection.scope, records, rejected, checkpoint, done, all_new)
        written = self.store.write(page)
        self.counts.upsert_ms += round((time.monotonic() - began) * 1000)
        self.counts.created += written.created
        self.counts.updated += written.updated
        self.counts.skipped += written.skipped
        self.counts.failed += written.failed + len(rejected)


def seconds(moment: datetime | None, default: int) -> int:
    """Whole seconds since 1970; the default where there is no time."""
    return default if moment is None else int(moment.timestamp() // 1)
