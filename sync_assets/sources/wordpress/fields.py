"""Which fields are asked for. Not rendering content is WordPress's biggest saving."""

from collections.abc import Iterable

LISTED = "id,modified_gmt"
"""Enough to find every change and every deletion, at a tenth of the cost."""

_ENTRY = ("id", "modified_gmt", "date_gmt", "slug", "status", "type", "link", "author")
# WordPress gives nothing at all for `caption.raw`: of an attachment it knows these two as a whole.
_WHOLE = ("caption", "description")
_MEDIA = (*_WHOLE, "mime_type", "source_url", "alt_text", "media_details", "post")
_ARTICLE = ("featured_media", "parent", "menu_order", "template", "sticky")
_TERM = ("id", "name", "slug", "description", "parent")


def term_fields(*, acf: bool) -> str:
    """Of a term."""
    return _listed(_TERM, _acf(acf))


def media_fields(*, raw: bool, acf: bool) -> str:
    """Of an attachment; `raw` texts come only with the right to edit."""
    return _listed(_ENTRY, _texts(("title",), raw), _MEDIA, _acf(acf))


def article_fields(terms: Iterable[str], *, raw: bool, acf: bool) -> str:
    """Of a post, page or entry of a custom type, with the fields that hold its terms."""
    protection = ("password",) if raw else ("content.protected",)
    texts = _texts(("title", "content", "excerpt"), raw)
    return _listed(_ENTRY, texts, _ARTICLE, protection, terms, _acf(acf))


def _texts(names: Iterable[str], raw: bool) -> list[str]:  # noqa: FBT001
    return [f"{name}.{'raw' if raw else 'rendered'}" for name in names]


def _acf(wanted: bool) -> tuple[str, ...]:  # noqa: FBT001
    return ("acf",) if wanted else ()


def _listed(*groups: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(name for group in groups for name in group))
