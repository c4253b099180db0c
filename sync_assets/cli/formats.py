"""The formats of an export; each has the same columns, whatever the rows hold.

pyarrow is loaded only where it is needed: it takes as long as the rest of the command.
"""

import importlib
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import IO, Any

import orjson

from sync_assets.core.streams import ColumnType, Table
from sync_assets.store.export import COMMON_COLUMNS

Row = Mapping[str, Any]
Write = Callable[[Sequence[Row]], None]

_LISTS = ("categories", "tags")


def writer(name: str, table: Table, file: IO[bytes]) -> AbstractContextManager[Write]:
    """What writes chunks of a table's rows as `jsonl`, `csv` or `parquet`."""
    if name == "jsonl":
        return _lines(file)
    return _arrow(name, table, file)


@contextmanager
def _lines(file: IO[bytes]) -> Generator[Write]:
    def write(rows: Sequence[Row]) -> None:
        file.writelines(to_json(row) + b"\n" for row in rows)

    yield write


@contextmanager
def _arrow(name: str, table: Table, file: IO[bytes]) -> Generator[Write]:
    pyarrow: Any = importlib.import_module("pyarrow")
    schema = _schema(pyarrow, table, lists=name == "parquet")
    texts = [field.name for field in schema if field.name not in _typed(table, lists=name != "csv")]
    with _arrow_file(name, file, schema) as target:

        def write(rows: Sequence[Row]) -> None:
            flat = [{**row, **{text: _text(row[text]) for text in texts}} for row in rows]
            target.write_table(pyarrow.Table.from_pylist(flat, schema=schema))

        yield write


def _arrow_file(name: str, file: IO[bytes], schema: Any) -> Any:  # noqa: ANN401 - untyped
    if name == "csv":
        return importlib.import_module("pyarrow.csv").CSVWriter(file, schema)
    return importlib.import_module("pyarrow.parquet").ParquetWriter(file, schema, compression="zstd")
