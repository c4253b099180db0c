"""What the CMS has and what the source lists, about 35 and 16 bytes a record.

A dictionary of 100,000 records would weigh some 25 MB; sorted arrays weigh 5.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import lt
from sys import byteorder
from typing import NamedTuple

from sync_assets.core.records import HASH_BYTES

NO_VERSION = -(2**62)
"""The version of a record whose source does not say when it was modified."""

NO_HASH = bytes(HASH_BYTES)
"""The hash of a row that holds no synced content."""


class Sighting(NamedTuple):
    """A record in a source's listing: its key and, in seconds since 1970, its modified time."""

    key: int
    version: int


class KnownRow(NamedTuple):
    """What the CMS has of a record.

    Attributes:
        version: the stored modified time of the source, in seconds since 1970 or `NO_VERSION`.
        local: the time of the last local edit, rounded up to seconds, or `NO_VERSION`.
        locally_newer: the local edit is newer than the stored version.
        deleted: the row has a tombstone.
        hash: the hash of the stored content.
    """

    key: int
    version: int
    local: int
    locally_newer: bool
    deleted: bool
    hash: bytes


class Columns(NamedTuple):
    """Rows in ascending order of their keys as a database hands them over, a column at a time.

    Attributes:
        keys: integers of 8 bytes, the most significant first; so are `versions` and `local`.
        flags: a byte each: 1 for locally newer, 2 for deleted, 3 for both.
        hashes: of `HASH_BYTES` each.
    """

    keys: bytes
    versions: bytes
    local: bytes
    flags: bytes
    hashes: bytes


class Known:
    """The rows that the CMS has of one collection, found by key."""

    def __init__(self, rows: Iterable[KnownRow] = ()) -> None:
        """`rows`: in ascending order of their keys."""
        self._keys = array("q")
        self._versions = array("q")
        self._locals = array("q")
        self._flags = bytearray()
        self._hashes = bytearray()
        for key, version, local, locally_newer, deleted, content_hash in rows:
            self._keys.append(key)
            self._versions.append(version)
            self._locals.append(local)
            self._flags.append(locally_newer | deleted << 1)
            self._hashes += content_hash

    @classmethod
    def of(cls, columns: Columns) -> "Known":
        """The rows of these columns: a twentieth of the time that rows one by one would take."""
        known = cls()
        known._keys, known._versions, known._locals = map(_integers, columns[:3])
        known._flags, known._hashes = map(bytearray, columns[3:])
        return known

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[KnownRow]:
        return (self._row(index) for index in range(len(self._keys)))

    def get(self, key: int) -> KnownRow | None:
        """The row of that key, or None."""
        index = bisect_left(self._keys, key)
        if index == len(self._keys) or self._keys[index] != key:
            return None
        return self._row(index)

    def __contains__(self, key: int) -> bool:
        index = bisect_left(self._keys, key)
        return index < len(self._keys) and self._keys[index] == key

    @property
    def live(self) -> int:
        """The number of rows without a tombstone."""
        return self._flags.count(0) + self._flags.count(1)

    def holds(self, sighting: Sighting) -> bool:
        """Is there a row of this very version, without a tombstone or a newer local edit?"""
        key, version = sighting
        index = bisect_left(self._keys, key)
        return (
            index < len(self._keys)
            and self._keys[index] == key
            and self._versions[index] == version
            and not self._flags[index]
        )

    def is_just(self, survey: "Survey", before: int) -> bool:
        """Are these the very records listed, in these versions, all of them older than `before`?"""
        return (
            survey.lists_exactly(self._keys, self._versions)
            and not any(self._flags)
            and (
                not self._versions
                or NO_VERSION < min(self._versions) <= max(self._versions) < before
            )
        )

    def missing_from(self, survey: "Survey") -> list[KnownRow]:
        """The rows without a tombstone that the source did not list."""
        if survey.lists_exactly(self._keys):  # as a rule
            return []
        return [row for row in self if not row.deleted and row.key not in survey]

    def _row(self, index: int) -> KnownRow:
        flags, start = self._flags[index], index * HASH_BYTES
        return KnownRow(
            self._keys[index],
            self._versions[index],
            self._locals[index],
            locally_newer=bool(flags & 1),
            deleted=bool(flags & 2),
            hash=bytes(self._hashes[start : start + HASH_BYTES]),
        )


def _integers(data: bytes) -> "array[int]":
    numbers = array("q", data)
    if byteorder == "little":
        numbers.byteswap()
    return numbers


class Survey:
    """Every record that a source listed, each once, in the order of their keys."""

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self._keys = array("q")
        self._versions = array("q")
        self.add(sightings)

    def add(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Add sightings; gives back those that are new. A repeated one updates its version."""
        found = list(sightings)
        first, rest = found[:1], found[1:]  # pages overlap by one
        new = [sighting for sighting in first if self._put(sighting)]
        return new + (self._append(rest) or [other for other in rest if self._put(other)])

    def _append(self, sightings: list[Sighting]) -> list[Sighting]:
        """Add them behind all others, if that is where they belong: as a rule it is."""
        keys = [key for key, _ in sightings]
        if not all(map(lt, [*self._keys[-1:], *keys], keys)):
            return []
        self._keys.extend(keys)
        self._versions.extend([version for _, version in sightings])
        return sightings

    def lists_exactly(self, keys: "array[int]", versions: "array[int] | None" = None) -> bool:
        """Are these, in ascending order, the keys of all records listed, and their versions?"""
        return self._keys == keys and (versions is None or self._versions == versions)

    def discard(self, key: int) -> None:
        """Forget a record that turned out to be gone."""
        index = bisect_left(self._keys, key)
        if index < len(self._keys) and self._keys[index] == key:
            del self._keys[index]
            del self._versions[index]

    def __contains__(self, key: int) -> bool:
        index = bisect_left(self._keys, key)
        return index < len(self._keys) and self._keys[index] == key

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Sighting]:
        return map(Sighting, self._keys, self._versions)

    def _put(self, sighting: Sighting) -> bool:
        keys = self._keys
        if not keys or sighting.key > keys[-1]:  # listings come in ascending order
            keys.append(sighting.key)
            self._versions.append(sighting.version)
            return True
        index = bisect_left(keys, sighting.key)
        if keys[index] == sighting.key:
            self._versions[index] = sighting.version
            return False
        keys.insert(index, sighting.key)
        self._versions.insert(index, sighting.version)
        return True
