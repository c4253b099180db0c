"""The formats of an export; each has the same columns, whatever the rows hold.

pyarrow is loaded only where it is needed: it takes longer than the rest of the command.
"""

import importlib
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

import orjson

from sync_assets.core.streams import ColumnType, Table

Row = Mapping[str, Any]
Write = Callable[[Sequence[Row]], None]

_TIMES = ("source_modified_at", "local_modified_at", "synced_at", "deleted_at")
_IDS = ("categories", "tags")


def writer(name: str, table: Table, file: IO[bytes]) -> AbstractContextManager[Write]:
    """What writes chunks of a table's rows as `jsonl`, `csv` or `parquet`."""
    return _lines(file) if name == "jsonl" else _arrow(name, table, file)


@contextmanager
def _lines(file: IO[bytes]) -> Generator[Write]:
    def write(rows: Sequence[Row]) -> None:
        file.writelines(to_json(row) + b"\n" for row in rows)

    yield write


@contextmanager
def _arrow(name: str, table: Table, file: IO[bytes]) -> Generator[Write]:
    pyarrow: Any = importlib.import_module("pyarrow")
    types = _types(pyarrow, table, lists=name == "parquet")
    schema = pyarrow.schema(types.items())
    texts = [column for column, type_ in types.items() if type_ == pyarrow.string()]
    with _file(name, file, schema) as target:

        def write(rows: Sequence[Row]) -> None:
            flat = [{**row, **{column: _text(row[column]) for column in texts}} for row in rows]
            target.write_table(pyarrow.Table.from_pylist(flat, schema=schema))

        yield write


def _file(name: str, file: IO[bytes], schema: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    if name == "csv":
        return importlib.import_module("pyarrow.csv").CSVWriter(file, schema)
    return importlib.import_module("pyarrow.parquet").ParquetWriter(file, schema)


def _types(pyarrow: Any, table: Table, *, lists: bool) -> dict[str, Any]:  # noqa: ANN401 - has no types
    """The type of each column; JSON is text, and so are lists where the format has none."""
    of: dict[ColumnType, Any] = {
        ColumnType.TEXT: pyarrow.string(),
        ColumnType.JSONB: pyarrow.string(),
        ColumnType.BIGINT: pyarrow.int64(),
        ColumnType.BOOLEAN: pyarrow.bool_(),
        ColumnType.TIMESTAMPTZ: pyarrow.timestamp("us", tz="UTC"),
        ColumnType.NUMERIC: pyarrow.decimal128(38, 9) if lists else pyarrow.string(),
    }
    types = {table.key: of[ColumnType.BIGINT]}
    types |= {column.name: of[column.type] for column in table.columns}
    types |= dict.fromkeys(_TIMES, of[ColumnType.TIMESTAMPTZ])
    if table.links is not None:
        types["terms"] = of[ColumnType.JSONB]
        ids = pyarrow.list_(pyarrow.int64()) if lists else pyarrow.string()
        types |= dict.fromkeys(_IDS, ids)
    types |= dict.fromkeys((part.field for part in table.children), of[ColumnType.JSONB])
    return types


def _text(value: object) -> str | None:
    """Text as it is, everything else as JSON."""
    if isinstance(value, Decimal):
        return str(value)
    return value if value is None or isinstance(value, str) else to_json(value).decode()


def to_json(value: object) -> bytes:
    """A value as compact JSON; times in ISO 8601, exact numbers as texts."""
    try:
        return orjson.dumps(value, default=_exact)
    except TypeError:  # an integer past 64 bits, which JSON and PostgreSQL allow
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_moment)
        return text.encode()


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
