"""HTML to trees, in time linear in its length whatever it holds.

A tree's construction walks up the open elements at many a tag: 100,000 nested `<div>` took 23 s.
So inline tags, which say nothing about paragraphs, go before, and what then still has
thousands of tags is parsed in pieces.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

_INSIDE = r"""(?:=\s*+(?:"[^"]*+"|'[^']*+')|[^>])*+(?:>|\Z)"""
"""The rest of a tag after its name: a quoted value may hold `>`."""

_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<code>script|style|iframe|noscript|textarea|noembed|noframes|title)(?=[\s/>]){_INSIDE}"
    r".*?(?:</(?P=code)(?=[\s/>])[^>]*+(?:>|\Z)|\Z)"
    rf"|</?(?P<name>[a-z][^\s/>]*+){_INSIDE}"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def tags(names: str) -> frozenset[str]:
    """Names of tags, from a text with spaces."""
    return frozenset(names.split())


_INLINE = tags(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp"
    " small span strike strong sub sup time tt u var wbr"
)
_START_OR_END = re.compile(r"<(?:([a-z][a-z0-9]*+)|/[a-z])", re.IGNORECASE)
_CUTS = tags("p h1 h2 h3 h4 h5 h6 div section ul ol table blockquote figure tr li")
_MANY = 1000
"""Tags of a piece: that many nested ones take half a millisecond."""


def trees(html: str) -> Iterator[LexborNode]:
    """The body of each piece; comments, scripts and inline tags are gone."""
    html = _TAG.sub(_kept, html) if "<" in html else html
    for piece in _pieces(html):
        table = "<table>" if piece[:3].lower() == "<tr" else ""
        parser = LexborHTMLParser(
            f"<body>{table}{piece}", options=LexborDocumentOptions.WO_EVENTS.value
        )
        if parser.body is not None:
            yield parser.body


def _kept(found: re.Match[str]) -> str:
    name = found["name"]
    if name is not None and name.lower() not in _INLINE:
        return found[0]
    before = found.start() - 1
    # `<<b>i>` must not become a tag.
    return "<!---->" if before >= 0 and found.string[before] == "<" else ""


def _pieces(html: str) -> Iterator[str]:
    """All of it as a rule; the cuts of a huge one are made before blocks."""
    start = tags = 0
    if html.count("<") > 2 * _MANY:
        for tag in _START_OR_END.finditer(html):
            tags += 1
            name = (tag[1] or "").lower()
            if tags > 2 * _MANY or (tags > _MANY and name in _CUTS):
                yield html[start : tag.start()]
                start, tags = tag.start(), 0
    yield html[start:]
