"""Rows of the CMS against what WordPress's own tables say, field by field."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from sync_assets_tests.real_wordpress.truth import Row

Rows = dict[int, Row]

# Of every row: whose it is, and how it came here.
BOOKKEEPING = frozenset(
    {
        "tenant_id",
        "wp_id",
        "local_modified_at",
        "content_hash",
        "synced_at",
        "synced_by",
        "deleted_at",
    }
)
# WordPress computes the address, and `raw` is no property of the record.
IN_NO_TABLE = frozenset({"link", "is_raw"})


class Difference(NamedTuple):
    """A field that is not what it should be; `*`: the record is on one side only."""

    stream: str
    wp_id: int
    field: str
    ours: object
    theirs: object


def differing(
    stream: str, held: Rows, truth: Rows, without: Container[str] = ()
) -> Iterator[Difference]:
    """Every column that the sync fills is compared, unless it is named in `without`."""
    for wp_id in sorted(held.keys() | truth.keys()):
        ours, theirs = held.get(wp_id), truth.get(wp_id)
        if ours is None or theirs is None:
            yield Difference(stream, wp_id, "*", ours is not None, theirs is not None)
            continue
        for name in sorted(ours.keys() - BOOKKEEPING - IN_NO_TABLE):
            if name not in without and ours[name] != storable(theirs[name]):
                yield Difference(stream, wp_id, name, ours[name], theirs[name])


def storable(value: object) -> object:
    """PostgreSQL's texts have no NUL."""
    return value.replace("\0", "") if isinstance(value, str) else value
