"""Turns templates into answers, in the language of whoever asked."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.gateway.pages import files
from sync_assets.gateway.pages.formats import Formats
from sync_assets.gateway.pages.language import LANGUAGES, language_of

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    # With no-referrer, browsers would not say where a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie",
}
"""Of every page."""


@cache
def templates() -> Environment:
    """The templates; what they are given is escaped, what they are not given is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def formats_of(request: Request) -> Formats:
    """How the answer writes numbers and times."""
    platform: Platform = request.app.state.platform
    writing = language_of(request).writing
    return Formats(writing, ZoneInfo(platform.settings.timezone), utc_now())


def fragment(request: Request, template: str, **values: Any) -> str:  # noqa: ANN401 - a template's
    """A part of a page."""
    shown = {"words": language_of(request), "static": files.address, **values}
    return templates().get_template(template).render(shown)


def page(
    request: Request,
    template: str,
    status: int = 200,
    **values: Any,  # noqa: ANN401 - a template's
) -> HTMLResponse:
    """A whole page."""
    text = fragment(request, template, languages=_languages(request), **values)
    return HTMLResponse(text, status)


def _languages(request: Request) -> list[tuple[str, str, str]]:
    """Each language's code and name, and the address of this page in it."""
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return [
        (words.code, words.name, f"?{urlencode([*rest, ('lang', code)])}")
        for code, words in LANGUAGES.items()
    ]
