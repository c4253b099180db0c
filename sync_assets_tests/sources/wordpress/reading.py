"""Reads a collection as a sync does."""

from collections.abc import Sequence

from sync_assets.core.ports import Collection, Connection
from sync_assets.core.records import Record


def collection(connection: Connection, stream: str, name: str) -> Collection:
    return next(found for found in connection.collections(stream) if found.name == name)


def names(connection: Connection, stream: str) -> list[str]:
    return [found.name for found in connection.collections(stream)]


def keys(found: Collection) -> set[int]:
    return {sighting.key for page in found.listing() for sighting in page.sightings}


def records(found: Collection, wanted: Sequence[int] | None = None) -> dict[int, Record]:
    if found.inline:
        payloads = [payload for page in found.listing() for payload in page.payloads]
    else:
        payloads = found.fetch(sorted(keys(found)) if wanted is None else wanted).payloads
    return {record.key: record for record in map(found.to_record, payloads)}
