"""Decides, from what the CMS has, what has to be read and what has to be written."""

from enum import Enum, auto

from sync_assets.core.known import NO_VERSION, KnownRow, Sighting


class Fate(Enum):
    """What becomes of a record that the source listed; `REREAD`: it only seems unchanged."""

    FETCH = auto()
    REREAD = auto()
    UNCHANGED = auto()
    SKIPPED = auto()


def fate(row: KnownRow | None, sighting: Sighting, *, overlap_from: int, reread: bool) -> Fate:
    """Does this record have to be read?

    Args:
        row: what the CMS has of it.
        sighting: what the source's listing says.
        overlap_from: records modified since then are read again, in seconds since 1970. An edit
            in the same second as the last reading leaves no other trace.
        reread: read whatever the listing says, for what moves no modified time.
    """
    if row is None:
        return Fate.FETCH
    if local_edit_wins(row, sighting.version):
        return Fate.SKIPPED
    if row.deleted or reread or sighting.version != row.version:
        return Fate.FETCH
    if sighting.version == NO_VERSION or sighting.version >= overlap_from:
        return Fate.REREAD
    return Fate.UNCHANGED


def local_edit_wins(row: KnownRow, version: int) -> bool:
    """Last write wins: is the local edit newer than the source's version?"""
    return row.local != NO_VERSION and version < row.local


def same(row: KnownRow | None, content_hash: bytes) -> bool:
    """Does the CMS already hold exactly this content?"""
    return row is not None and not row.deleted and row.hash == content_hash
