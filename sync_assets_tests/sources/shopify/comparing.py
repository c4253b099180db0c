"""Holds a row of the tables against the truth, every column that the tables' specs have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sync_assets.core.streams import ChildTable, Table

COMMON = ("source_modified_at", "local_modified_at", "deleted_at")
OURS = ("synced_at",)  # which no shop knows

Row = Mapping[str, Any]


@dataclass(frozen=True)
class AnyOf:
    """Values of which each is right."""

    values: Sequence[Any]


def names(table: Table | ChildTable) -> set[str]:
    """Everything that the truth has to say of a row, or of a part."""
    columns = {table.key, *(column.name for column in table.columns)}
    if isinstance(table, ChildTable):
        return columns
    return {*columns, *COMMON, *(part.field for part in table.children)}


def differences(table: Table | ChildTable, found: Row, wanted: Row) -> list[str]:
    """What of a row is not as it has to be.

    A column that the truth is silent about is an error of the truth, and a column that the specs
    do not have one of the row.
    """
    known = names(table)
    assert wanted.keys() == known, known.symmetric_difference(wanted)
    assert found.keys() - OURS == known, known.symmetric_difference(found)
    parts = table.children if isinstance(table, Table) else ()
    own = known - {part.field for part in parts}
    said = [x for name in sorted(own) for x in _same(found[name], wanted[name], f".{name}")]
    for part in parts:
        said += _parts(part, found[part.field], wanted[part.field])
    return said


def _parts(table: ChildTable, found: Any, wanted: Sequence[Row]) -> list[str]:
    """The same for a record's parts, which are in the order of their keys."""
    if not isinstance(found, list):
        return [f".{table.field}: {found!r} is no list"]
    keys = ([x[table.key] for x in found], [x[table.key] for x in wanted])
    if keys[0] != keys[1]:
        return [f".{table.field}: {keys[0]} instead of {keys[1]}"]
    pairs = zip(found, wanted, strict=True)
    return [
        f".{table.field}[{one[table.key]}]{said}"
        for one, truth in pairs
        for said in differences(table, one, truth)
    ]


def _same(found: Any, wanted: Any, path: str) -> list[str]:
    """What differs in one value, to the last leaf of its JSON."""
    said = [f"{path}: {found!r} instead of {wanted!r}"]
    match wanted:
        case AnyOf(values):
            return [] if any(_same(found, value, path) == [] for value in values) else said
        case dict():
            if not isinstance(found, dict) or found.keys() != wanted.keys():
                return said
            return [x for key in wanted for x in _same(found[key], wanted[key], f"{path}.{key}")]
        case list():
            if not isinstance(found, list) or len(found) != len(wanted):
                return said
            pairs = enumerate(zip(found, wanted, strict=True))
            return [x for place, pair in pairs for x in _same(*pair, f"{path}[{place}]")]
        case Decimal():
            return [] if _exact(found) == wanted else said
        case datetime():
            return [] if _moment(found) == wanted else said
        case _:
            return [] if type(found) is type(wanted) and found == wanted else said


def _exact(value: Any) -> Decimal | None:
    """Money, which JSON has as a text; a binary fraction is none."""
    try:
        return Decimal(value) if isinstance(value, str | Decimal) else None
    except InvalidOperation:
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
