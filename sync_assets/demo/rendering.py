"""Raw text to the HTML that WordPress shows."""

import re
from functools import lru_cache

_BLOCK_COMMENT = re.compile(r"<!-- /?wp:.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_EXCERPT_WORDS = 55


def texturized(text: str) -> str:
    """Typographer's quotes and escaped ampersands, as in a rendered title."""
    text = re.sub(r"&(?!#?\w+;)", "&#038;", text)
    text = re.sub(r'"([^"<>]*)"', r"&#8220;\1&#8221;", text)
    return text.replace("'", "&#8217;").replace(" - ", " &#8211; ")


@lru_cache(maxsize=4096)
def rendered_content(raw: str) -> str:
    """Block comments are dropped; text without blocks gets its paragraphs."""
    if "<!-- wp:" in raw:
        return "\n" + _BLOCK_COMMENT.sub("", raw).strip("\n") + "\n"
    paragraphs = [part.strip() for part in raw.split("\n\n") if part.strip()]
    return "".join(f"<p>{_texturized_text(part)}</p>\n" for part in paragraphs)


@lru_cache(maxsize=4096)
def rendered_excerpt(excerpt: str, content: str) -> str:
    """The excerpt, or else the first 55 words of the content."""
    if excerpt:
        return f"<p>{texturized(excerpt)}</p>\n"
    words = _TAG.sub(" ", rendered_content(content)).split()
    if not words:
        return ""
    more = " [&hellip;]" if len(words) > _EXCERPT_WORDS else ""
    return f"<p>{texturized(' '.join(words[:_EXCERPT_WORDS]))}{more}</p>\n"


def _texturized_text(html: str) -> str:
    """Texturizes what is between the tags."""
    pieces = re.split(r"(<[^>]*>)", html)
    return "".join(piece if piece.startswith("<") else texturized(piece) for piece in pieces)
