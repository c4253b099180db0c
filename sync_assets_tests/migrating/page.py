"""The tables of docs/migrating.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sync_assets.settings import PROJECT

PAGE = PROJECT / "docs/migrating.md"


@dataclass(frozen=True, slots=True)
class Row:
    """What one thing of a replaced system has become.

    Attributes:
        section: the heading.
        table: the first cell of the table's head.
        columns: the second one, which says what `now` is part of.
        before: the first cell.
        now: the second cell.
    """

    section: str
    table: str
    columns: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.section[0]}: {self.table}: {self.before}"


def rows() -> Iterator[Row]:
    """Every row, in order."""
    section, head = "", ("", "")
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in re.findall(r"\|([^|]*)(?=\|)", line)]
        if not cells:
            head = ("", "")
        elif not head[0]:
            head = (cells[0], cells[1])
        elif not cells[0].startswith("---"):
            yield Row(section, *head, cells[0], cells[1])
