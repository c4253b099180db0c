"""HTML, WordPress's blocks and classic posts to paragraphs that a person would read."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from sync_assets.embeddings.markup import tags, trees
from sync_assets.embeddings.reader import Paragraph, Reader
from sync_assets.embeddings.shortcodes import without_shortcodes

__all__ = ["Paragraph", "one_line", "paragraphs"]

_SKIPPED = tags(
    "script style noscript template iframe object form select textarea input svg canvas audio"
    " video title datalist -comment"
)
_RENDERED = re.compile(r"<!-- wp:|<(?:p|br)[\s/>]", re.IGNORECASE)


def paragraphs(html: str) -> list[Paragraph]:
    """What a reader of the page sees, in order. Takes any text; never raises."""
    html = without_shortcodes(_sound(html))
    # The classic editor stores no <p> and <br>: there, a line's end is a line break.
    return _read(html, Reader(has_lines=not _RENDERED.search(html)))


def one_line(html: str) -> str:
    """A title, without tags and entities; what it has in brackets is no shortcode."""
    found = _read(_sound(html), Reader())
    return " ".join(" ".join(paragraph.text.split()) for paragraph in found)


def _sound(html: str) -> str:
    """Without lone surrogates, and with one kind of line end."""
    try:
        html.encode()
    except UnicodeEncodeError:
        html = html.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return html.replace("\r\n", "\n").replace("\r", "\n") if "\r" in html else html


def _read(html: str, reader: Reader) -> list[Paragraph]:
    for tree in trees(html):
        for node, tag, begins in _steps(tree):
            if tag == "-text":
                reader.read(node.text_content or "")
            elif not begins:
                reader.end(tag)
            elif tag == "img":
                reader.picture(node.attributes.get("alt") or "", node.attributes.get("class") or "")
            else:
                reader.begin(tag)
        reader.flush()
    return reader.paragraphs


def _steps(root: LexborNode) -> Iterator[tuple[LexborNode, str, bool]]:
    """Each node with its tag as it begins, each element as it ends; without recursion."""
    above = list[tuple[LexborNode, str]]()
    node = root.first_child
    while node is not None:
        tag = node.tag or ""
        if tag not in _SKIPPED:
            yield node, tag, True
            if (child := node.first_child) is not None:
                above.append((node, tag))
                node = child
                continue
            if tag != "-text":
                yield node, tag, False
        following = node.next
        while following is None and above:
            node, tag = above.pop()
            yield node, tag, False
            following = node.next
        node = following
