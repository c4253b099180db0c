"""A sync's log as the page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync_assets.gateway.pages.formats import Formats
from sync_assets.gateway.pages.telling import part_title, said
from sync_assets.gateway.pages.words import Words


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log.

    Attributes:
        level: `plain`, or what is to be noticed: `warning` or `error`.
        level_text: the same in words, where it is to be noticed.
        part: whose line it is; None for the whole sync's, and where the text says so.
    """

    at: datetime
    clock: str
    level: str
    level_text: str | None
    part: str | None
    text: str


def line_view(line: Mapping[str, Any], words: Words, formats: Formats) -> Line:
    """A line from what the store says of it."""
    level, stream = str(line["level"]), line["stream"]
    text = said(str(line["message"]), words) or ""
    title = None if stream is None else part_title(stream, words)
    noticed = {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}
    return Line(
        line["at"],
        formats.clock(line["at"]),
        noticed.get(level, "plain"),
        words.sync.levels.get(level),
        None if title is None or title in text else title,
        text,
    )


def lines_view(lines: Sequence[Mapping[str, Any]], words: Words, formats: Formats) -> list[Line]:
    """Lines, in their order."""
    return [line_view(line, words, formats) for line in lines]
