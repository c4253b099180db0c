"""Text and tags in their order to paragraphs: where one ends, and what shares a line."""

import re
from dataclasses import dataclass, field
from unicodedata import normalize

from sync_assets.embeddings.markup import tags

_BLOCKS = tags(
    "address article aside blockquote body button caption center details dialog dir div dl"
    " fieldset figcaption figure footer header hgroup hr legend main menu nav ol p section"
    " summary table tbody tfoot thead ul xmp dt"
)
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_CELLS = ("td", "th")
_LONGEST_HEADING = 200
"""Characters; page builders give whole paragraphs a heading's tag for its looks."""

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f"
    "\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_RULE = re.compile(r"[\s*_=~.·•#+|/\\–—-]*")  # noqa: RUF001 -- dashes are what it looks for
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|avif|bmp)|(?:IMG|DSC)[-_]?\d\S*", re.I)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, list item, table row or heading.

    Attributes:
        headings: the headings above it, outermost first; a heading's own is the last.
        text: NFC, without blank lines; one line, unless it has line breaks.
        is_heading: does a section begin here?
    """

    headings: tuple[str, ...]
    text: str
    is_heading: bool = False


@dataclass(slots=True)
class Reader:
    """Collects text until a block begins or ends.

    A break takes effect when more text comes: the cells of a row, or a term and its definition,
    share a line although they may hold paragraphs.

    Attributes:
        has_lines: a line's end in the source is a line break.
        paragraphs: what was read.
    """

    has_lines: bool = False
    paragraphs: list[Paragraph] = field(default_factory=list[Paragraph])
    _buffer: list[str] = field(default_factory=list[str])
    _path: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _broken: bool = False
    _gap: str = ""
    _bullet: str = ""
    _level: int = 0
    _pre: int = 0
    _cells: int = 0
    _alt: str | None = None

    def read(self, text: str) -> None:
        """Take a text node."""
        if self._pre:
            self._add(text)
            return
        for number, piece in enumerate(_BLANK_LINE.split(text) if "\n" in text else (text,)):
            if number:
                self._break()
            keeps = self.has_lines and not self._cells and not self._level
            self._add(piece if keeps else piece.replace("\n", " "))

    def begin(self, tag: str) -> None:
        """An element begins."""
        if tag in _BLOCKS or (tag == "dd" and self._gap != ": "):
            self._break()
        elif tag in _LEVELS or tag == "tr":
            self.flush()
            self._level = _LEVELS.get(tag, 0)
        elif tag in _CELLS:
            self._cells += 1
            self._join(" | ")
        elif tag == "li":
            self._break()
            self._bullet = "- "
        elif tag == "pre":
            self._break()
            self._pre += 1
        elif tag == "br":
            self._line_break()

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "dt":
            self._join(": ")
        elif tag in _BLOCKS or tag in {"dd", "li", "pre"}:
            self._break()
            self._bullet = "" if tag == "li" else self._bullet
            self._pre -= tag == "pre"
        elif tag in _LEVELS or tag == "tr":
            self.flush()
            self._level = 0
        elif tag in _CELLS:
            self._cells -= 1

    def picture(self, alt: str, kind: str) -> None:
        """An image: its description becomes a paragraph before the one in which it stands."""
        if "emoji" in kind or "smiley" in kind:
            self._add(alt)
            return
        text = _clean(" ".join(alt.split()))
        if text and not _FILE_NAME.fullmatch(text):
            if self._broken:
                self.flush()
            self._keep(text)
            self._alt = text

    def flush(self) -> None:
        """What was collected is a paragraph."""
        if self._level:
            self._end_heading()
        elif text := self._take():
            if text != self._alt:  # a caption often repeats it
                self._keep(text)
            self._alt = None

    def _keep(self, text: str) -> None:
        self.paragraphs.append(Paragraph(tuple(heading for _, heading in self._path), text))

    def _end_heading(self) -> None:
        text = self._take().replace("\n", " ")
        if not text:
            return
        level, self._level = self._level, 0  # what follows in it is no heading any more
        if len(text) > _LONGEST_HEADING:
            self._keep(text)
            return
        self._path = [above for above in self._path if above[0] < level] + [(level, text)]
        path = tuple(heading for _, heading in self._path)
        self.paragraphs.append(Paragraph(path, text, is_heading=True))

    def _take(self) -> str:
        text, self._broken, self._gap = "".join(self._buffer), False, ""
        self._buffer.clear()
        return _clean(text)

    def _break(self) -> None:
        if self._level:
            self._end_heading()
        self._broken, self._gap = True, ""

    def _join(self, gap: str) -> None:
        """What comes next goes on with the line, after this."""
        if self._buffer:
            self._broken, self._gap = False, gap

    def _line_break(self) -> None:
        if self._buffer and self._buffer[-1] == "\n":  # two of them: people's blank line
            self._break()
        elif self._buffer and not self._broken:
            self._buffer.append(" " if self._cells or self._level else "\n")

    def _add(self, text: str) -> None:
        if not text.strip():
            pending = self._broken or self._gap or not self._buffer
            if text and not pending and not self._buffer[-1][-1:].isspace():
                self._buffer.append(text)
            return
        if self._broken:
            self.flush()
        if not self._buffer:
            self._buffer.append(self._bullet)
            text = text.lstrip()
        elif self._gap:
            self._buffer[-1] = self._buffer[-1].rstrip()
            self._buffer.append(" " if self._buffer[-1][-1:] in {":", "?", "!"} else self._gap)
        self._bullet = self._gap = ""
        self._buffer.append(text)


def _clean(text: str) -> str:
    """Without what nobody sees, spaces made one, lines that are empty left out."""
    text = _INVISIBLE.sub("", text)
    text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
    return "" if _RULE.fullmatch(text) else normalize("NFC", text)
