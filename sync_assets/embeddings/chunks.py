"""A record's text in pieces that are embedded, each known by its contents alone."""

from collections.abc import Iterator

from sync_assets.core.texts import Chunk
from sync_assets.embeddings.cuts import cut, fitted
from sync_assets.embeddings.text import Paragraph, one_line, paragraphs

SPLITTER = "1/0"
"""Changes whenever chunks would: ours, and semantic-text-splitter's major version."""

BETWEEN = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


def chunks_of(title: str, body: str) -> list[Chunk]:
    """What is embedded of a record: its title, and its contents in HTML or plain text."""
    pieces = [("", piece) for piece in fitted(one_line(title))]
    for heading, texts in _sections(paragraphs(body)):
        pieces += [(heading, piece) for piece in cut(texts)]
    return [Chunk(position, heading, text) for position, (heading, text) in enumerate(pieces)]


def _sections(found: list[Paragraph]) -> Iterator[tuple[str, list[str]]]:
    """The path of headings and the texts below; the last heading goes with the first text."""
    headings, texts = list[str](), list[str]()
    path = ""
    for paragraph in found:
        if paragraph.is_heading and texts:
            yield path, texts
            texts = []
        path = BETWEEN.join(paragraph.headings)
        if paragraph.is_heading:
            headings.append(paragraph.text)
        else:
            texts.append("\n".join([*headings, paragraph.text]))
            headings = []
    if headings:
        texts.append("\n".join(headings))
    if texts:
        yield path, texts
