"""What became of every record of a stream."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counts:
    """One stream's account: `seen = created + updated + unchanged + skipped + failed`.

    Attributes:
        total: records the source announced, None while unknown.
        seen: distinct records the source listed and still had when asked for them.
        created: records written that the CMS did not have.
        updated: records written over an older version, or brought back from a tombstone.
        unchanged: records the CMS already had as they are; nothing was written.
        skipped: records whose local edit is newer; nothing was written.
        failed: records in the dead letters.
        deleted: rows given a tombstone.
        kept: rows gone at the source but kept for their newer local edit.
        refused: rows gone at the source whose tombstone was refused.
        hidden: rows an anonymous reader no longer sees; nothing is concluded from that.
        vanished: records listed or hinted at that were not there when they were to be read.
        repaired: values mended on the way in, such as a NUL or an impossible date.
        requests: HTTP requests made.
        source_request_ms: milliseconds spent waiting for the source, all requests added up.
        upsert_ms: milliseconds spent writing.
    """

    total: int | None = None
    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    deleted: int = 0
    kept: int = 0
    refused: int = 0
    hidden: int = 0
    vanished: int = 0
    repaired: int = 0
    requests: int = 0
    source_request_ms: int = 0
    upsert_ms: int = 0

    @property
    def accounted(self) -> int:
        """Records whose fate is known."""
        return self.created + self.updated + self.unchanged + self.skipped + self.failed

    @property
    def written(self) -> int:
        """Records written."""
        return self.created + self.updated

    def adds_up(self) -> bool:
        """Is every record that was seen accounted for?"""
        return self.seen == self.accounted

    def as_dict(self) -> dict[str, int | None]:
        """The counts by name."""
        return {name: getattr(self, name) for name in COUNTERS}


COUNTERS: tuple[str, ...] = tuple(field.name for field in fields(Counts))
"""The names of all counts, in their order."""
