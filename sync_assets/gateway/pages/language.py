"""Which language a page is in: the one chosen by hand, else the one that the browser asks for."""

from collections.abc import Mapping

from fastapi import Request

from sync_assets.gateway.pages.english import ENGLISH
from sync_assets.gateway.pages.portuguese import PORTUGUESE
from sync_assets.gateway.pages.words import Words

LANGUAGES: Mapping[str, Words] = {"pt": PORTUGUESE, "en": ENGLISH}
"""By the primary part of their codes."""

DEFAULT = "en"

COOKIE, LASTS = "sync_language", 365 * 24 * 3600
"""The cookie that remembers a choice, and for how many seconds."""


def chosen(request: Request) -> str | None:
    """The language that was chosen by following a link of this page."""
    code = request.query_params.get("lang", "")
    return code if code in LANGUAGES else None


def language_of(request: Request) -> Words:
    """The language of the answer."""
    code = chosen(request) or request.cookies.get(COOKIE, "")
    return LANGUAGES.get(code) or LANGUAGES[_asked(request.headers.get("accept-language", ""))]


def _asked(header: str) -> str:
    """The language that a browser likes best among ours."""
    wishes = [_wish(part) for part in header.split(",")[:20]]
    best = max(wishes, key=lambda wish: wish[1], default=(DEFAULT, 0.0))
    return best[0] if best[1] > 0 else DEFAULT


def _wish(part: str) -> tuple[str, float]:
    """A language of ours and how much it is wished for; 0 for any other one."""
    tag, _, weight = part.strip().lower().partition(";q=")
    code = tag.partition("-")[0]
    try:
        quality = float(weight or 1)
    except ValueError:
        quality = 0.0
    return code, quality if code in LANGUAGES else 0.0
