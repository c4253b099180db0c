"""What a search found, as the page shows it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sync_assets.core.search import Hit
from sync_assets.gateway.pages.words import Words

LONGEST = 320
"""Characters of an excerpt."""


@dataclass(frozen=True, slots=True)
class HitView:
    """A record that was found.

    Attributes:
        link: None where it is no address of the web.
        where: the link's host and path, as people read it.
    """

    title: str
    kind: str
    excerpt: str
    link: str | None
    where: str


def hit_view(hit: Hit, words: Words) -> HitView:
    """A hit; what the site says of it is text, whatever it looks like."""
    link = _web(hit.link)
    return HitView(
        hit.title.strip() or words.search.untitled,
        words.search.types.get(hit.source_type, hit.source_type),
        _excerpt(hit.text),
        link,
        "" if link is None else link.split("://", 1)[1].rstrip("/"),
    )


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    if len(flat) <= LONGEST:
        return flat
    return f"{flat[:LONGEST].rsplit(' ', 1)[0]}…"


def _web(link: str) -> str | None:
    """The link where it leads to the web: `javascript:` and the like are none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in {"http", "https"} and parts.netloc else None
