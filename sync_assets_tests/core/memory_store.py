"""The rows of one stream in memory, by the rules that the PostgreSQL store keeps too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_assets.core.counts import Counts
from sync_assets.core.hints import Hint
from sync_assets.core.keep import seconds
from sync_assets.core.known import NO_VERSION, Known, KnownRow
from sync_assets.core.ports import Checkpoint, Page, Written
from sync_assets.core.records import Record


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the CMS."""

    scope: str
    record: Record
    hash: bytes
    local: datetime | None = None
    deleted: bool = False

    @property
    def locally_newer(self) -> bool:
        modified = self.record.modified_at
        return self.local is not None and (modified is None or self.local > modified)

    def known(self) -> KnownRow:
        version = seconds(self.record.modified_at, NO_VERSION)
        local = NO_VERSION if self.local is None else -int(-self.local.timestamp() // 1)
        key = self.record.key
        return KnownRow(key, version, local, self.locally_newer, self.deleted, self.hash)


def nothing(call: str) -> None:
    """The hook that does nothing."""


@dataclass(slots=True)
class MemoryStore:
    """Last write wins, tombstones, page and checkpoint in one transaction.

    Attributes:
        hook: called with a name at every call, before and after a write; it may raise.
        poison: keys that the database refuses.
        writes: keys in the order in which rows were written.
        own: every sync is another attempt of the one before it.
        hinted: the mark of each hint that waits, by collection and key.
    """

    hook: Callable[[str], None] = nothing
    poison: set[int] = field(default_factory=set[int])
    rows: dict[int, Row] = field(default_factory=dict[int, Row])
    dead_letters: dict[tuple[int | None, str], str] = field(
        default_factory=dict[tuple[int | None, str], str]
    )
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict[str, Checkpoint])
    writes: list[int] = field(default_factory=list[int])
    own: bool = True
    notes: list[str] = field(default_factory=list[str])
    shown: list[Counts] = field(default_factory=list[Counts])
    hinted: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])

    def known(self, scope: str, keys: Sequence[int] | None = None) -> Known:
        self.hook("known")
        rows = (self.rows[key] for key in sorted(self.rows) if keys is None or key in keys)
        return Known(row.known() for row in rows if row.scope == scope)

    def hint(self, *keys: int, collection: str = "things") -> None:
        """Word from the source that these records may have changed."""
        for key in keys:
            self.hinted[collection, key] = self.hinted.get((collection, key), 0) + 1

    def hints(self) -> list[Hint]:
        return [Hint("things", *place, mark) for place, mark in sorted(self.hinted.items())]

    def failed(self, collection: str) -> list[int | None]:
        return [key for key, place in self.dead_letters if place == collection]

    def checkpoint(self, collection: str) -> Checkpoint:
        self.hook("checkpoint")
        return self.checkpoints.get(collection, Checkpoint())._replace(own=self.own)

    def write(self, page: Page) -> Written:
        self.hook("write")
        fates = [self._put(page.scope, record, digest) for record, digest in page.records]
        for record, _ in page.records:
            self.dead_letters.pop((record.key, page.collection), None)
        for rejected in page.rejected:
            self.dead_letters[rejected.key, page.collection] = rejected.cause
        if page.checkpoint is not None:
            self.checkpoints[page.collection] = page.checkpoint
        self._settle(page.done)
        self.hook("written")
        return Written(*(fates.count(fate) for fate in ("created", "updated", "skipped", "failed")))

    def bury(self, scope: str, keys: Sequence[int], done: Sequence[Hint] = ()) -> int:
        self.hook("bury")
        doomed = [
            key for key in keys if not self.rows[key].deleted and not self.rows[key].locally_newer
        ]
        assert all(self.rows[key].scope == scope for key in doomed)
        for key in doomed:
            self.rows[key] = replace(self.rows[key], deleted=True)
        self._settle(done)
        self.hook("buried")
        return len(doomed)

    def progress(self, counts: Counts) -> None:
        self.hook("progress")
        self.shown.append(replace(counts))

    def note(self, level: int, message: str, metadata: Mapping[str, object] | None = None) -> None:
        del level, metadata
        self.hook("note")
        self.notes.append(message)

    def edit_locally(self, key: int, moment: datetime) -> None:
        """What an editor of the CMS does, where there is such a row."""
        if key in self.rows:
            self.rows[key] = replace(self.rows[key], local=moment)

    def live(self) -> dict[int, Record]:
        """The rows without a tombstone."""
        return {key: row.record for key, row in sorted(self.rows.items()) if not row.deleted}

    def buried(self) -> set[int]:
        return {key for key, row in self.rows.items() if row.deleted}

    def _settle(self, done: Sequence[Hint]) -> None:
        for hint in done:
            if self.hinted.get((hint.collection, hint.key)) == hint.mark:
                del self.hinted[hint.collection, hint.key]

    def _put(self, scope: str, record: Record, digest: bytes) -> str:
        old = self.rows.get(record.key)
        if record.key in self.poison:
            return "failed"
        if old is not None and _local_wins(old, record):
            return "skipped"
        local = None if old is None else old.local
        self.rows[record.key] = Row(scope, record, digest, local)
        self.writes.append(record.key)
        return "created" if old is None else "updated"


def _local_wins(row: Row, record: Record) -> bool:
    moment = record.modified_at
    return row.local is not None and (moment is None or row.local > moment)
