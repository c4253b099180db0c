"""A connection to PostgreSQL, and what it answers."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, cast

import psycopg
from psycopg.abc import Params, Query
from psycopg.rows import RowMaker

from sync_assets.store.address import Address
from sync_assets.store.arrays import teach

Row = Any
"""A row as a named tuple, whose columns no type checker knows."""


def _rows(cursor: "psycopg.Cursor[Any]") -> RowMaker[Row]:
    """Makes named tuples, from the first row on: most statements' answers are read by nobody."""
    make: Callable[[Sequence[Any]], Row] | None = None

    def row(values: Sequence[Any]) -> Row:
        nonlocal make
        if make is None:
            make = _row_maker(tuple(column.name for column in cursor.description or ()))
        return make(values)

    return row


@lru_cache(512)
def _row_maker(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Row]:
    # Two columns may have the same name, or none, as long as nobody asks for them by it.
    return namedtuple("Row", names, rename=True)._make  # pyright: ignore[reportUntypedNamedTuple] - made as we go


class Result(psycopg.Cursor[Row]):
    """What a statement gave back."""

    def one(self) -> Row:
        """The only row; raises `ValueError` where there are none or several."""
        (row,) = self.fetchall()
        return row

    def scalar(self) -> Any:  # noqa: ANN401 - of the column's type
        """The first column of the first row; None without a row."""
        row = self.fetchone()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:  # noqa: ANN401 - of the column's type
        """The first column of the only row."""
        return self.one()[0]

    def scalars(self) -> list[Any]:
        """The first column of all rows."""
        return [row[0] for row in self.fetchall()]

    def mappings(self) -> list[dict[str, Any]]:
        """All rows, their columns by name."""
        names = [column.name for column in self.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.fetchall()]


class Connection(psycopg.Connection[Row]):
    """A connection whose statements give a `Result`, and which takes arrays as parameters."""

    @classmethod
    def open(cls, address: Address, *, autocommit: bool = False, **options: str) -> "Connection":
        """A new connection; raises `psycopg.Error`."""
        connection = cls.connect(
            **address.parameters(**options),
            autocommit=autocommit,
            row_factory=_rows,
            cursor_factory=Result,
        )
        teach(connection)
        return connection

    def execute(
        self,
        query: Query | str,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool = False,
    ) -> Result:
        """Execute a statement, whose parameters are named such as `%(id)s`."""
        statement: Any = query.encode() if isinstance(query, str) else query
        result = super().execute(statement, params, prepare=prepare, binary=binary)
        return cast("Result", result)


Transaction = Callable[[], AbstractContextManager[Connection]]
"""Begins a transaction on some connection."""
