"""WordPress's JSON to records. Pure: no client, no clock, no store."""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from sync_assets.core.records import Link, Payload, Record
from sync_assets.core.repair import Repairs
from sync_assets.sources.wordpress.acf import normalised

PROTECTED = "password_protected"
"""Stands in a payload for the password, which never gets further than the answer."""

_UNPUBLISHED = {"draft", "pending", "auto-draft"}  # their date is only a wish

Taxonomies = Mapping[str, str]
"""The names of the taxonomies of a post type, by the field that holds the term ids."""


def to_term(payload: Payload, taxonomy: str) -> Record:
    """A category, tag or term of another taxonomy; it has no modified time."""
    mend = Repairs()
    values = (
        taxonomy,
        mend.text(payload.get("name"), "name"),
        mend.text(payload.get("slug"), "slug"),
        mend.text(payload.get("description"), "description"),
        mend.reference(payload.get("parent"), "parent"),
        _json(mend, normalised(payload.get("acf"))),
    )
    return Record(payload["id"], None, values, repaired=mend.count)


def to_media(payload: Payload) -> Record:
    """An attachment, without its bytes."""
    mend = Repairs()
    values = (
        _text(mend, payload, "title"),
        mend.text(payload.get("slug"), "slug"),
        mend.text(payload.get("status"), "status"),
        mend.text(payload.get("link"), "link"),
        mend.text(payload.get("mime_type"), "mime_type"),
        mend.text(payload.get("source_url"), "source_url"),
        mend.text(payload.get("alt_text"), "alt_text"),
        _text(mend, payload, "caption"),
        _text(mend, payload, "description"),
        _json(mend, payload.get("media_details") or None),  # PHP's empty object is `[]`
        mend.reference(payload.get("post"), "post"),
        mend.reference(payload.get("author"), "author"),
        mend.moment(payload.get("date_gmt"), "date_gmt"),
        _is_raw(payload, "title"),
        _json(mend, normalised(payload.get("acf"))),
    )
    modified = mend.moment(payload.get("modified_gmt"), "modified_gmt")
    return Record(payload["id"], modified, values, repaired=mend.count)


def to_page(payload: Payload, kind: str, taxonomies: Taxonomies) -> Record:
    """A page."""
    mend = Repairs()
    values = (
        *_article(mend, payload, kind),
        mend.reference(payload.get("parent"), "parent"),
        mend.integer(payload.get("menu_order"), "menu_order"),
        mend.text(payload.get("template"), "template"),
        *_article_end(mend, payload),
    )
    return _content(mend, payload, values, taxonomies)


def to_post(payload: Payload, kind: str, taxonomies: Taxonomies) -> Record:
    """A post, or an entry of a custom post type."""
    mend = Repairs()
    values = (
        *_article(mend, payload, kind),
        mend.text(payload.get("template"), "template"),
        payload.get("sticky") is True,
        *_article_end(mend, payload),
    )
    return _content(mend, payload, values, taxonomies)


def _article(mend: Repairs, payload: Payload, kind: str) -> tuple[str | int | None, ...]:
    """The columns with which pages and posts begin."""
    return (
        kind,
        mend.text(payload.get("status"), "status"),
        _text(mend, payload, "title"),
        mend.text(payload.get("slug"), "slug"),
        mend.text(payload.get("link"), "link"),
        _text(mend, payload, "content"),
        _text(mend, payload, "excerpt"),
        mend.reference(payload.get("author"), "author"),
        mend.reference(payload.get("featured_media"), "featured_media"),
    )


def _article_end(mend: Repairs, payload: Payload) -> tuple[Any, ...]:
    """The columns with which pages and posts end."""
    unpublished = payload.get("status") in _UNPUBLISHED
    return (
        _is_protected(payload),
        _is_raw(payload, "content", "title"),
        _json(mend, normalised(payload.get("acf"))),
        None if unpublished else mend.moment(payload.get("date_gmt"), "date_gmt"),
    )


def _content(
    mend: Repairs, payload: Payload, values: tuple[Any, ...], taxonomies: Taxonomies
) -> Record:
    modified = mend.moment(payload.get("modified_gmt"), "modified_gmt")
    links = _links(mend, payload, taxonomies)
    return Record(payload["id"], modified, values, links, mend.count)


def _links(mend: Repairs, payload: Payload, taxonomies: Taxonomies) -> tuple[Link, ...]:
    found = {
        (taxonomy, key)
        for field, taxonomy in taxonomies.items()
        for term in _list(payload.get(field))
        if (key := mend.reference(term, field)) is not None
    }
    return tuple(map(Link._make, sorted(found)))


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(mend: Repairs, payload: Payload, name: str) -> str:
    """The raw text where there is one, the rendered one otherwise."""
    value = payload.get(name)
    if isinstance(value, dict):
        texts = cast("dict[str, object]", value)
        return mend.text(texts.get("raw", texts.get("rendered")), name)
    return "" if value == [] else mend.text(value, name)  # `[]`: nothing is left of an object


def _json(mend: Repairs, value: object) -> str | None:
    """Canonical JSON text: what orjson wrote in a tenth of the time, unless it has to be mended."""
    if value is None:
        return None
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # a lone surrogate, a number beyond 64 bits, too deep
        return mend.json(value)
    return mend.json(value) if "\\u0000" in text else text


def _is_raw(payload: Payload, *names: str) -> bool:
    for name in names:
        text = payload.get(name)
        if isinstance(text, dict) and "raw" in text:
            return True
    return False


def _is_protected(payload: Payload) -> bool:
    content = payload.get("content")
    shown = isinstance(content, dict) and cast("dict[str, Any]", content).get("protected") is True
    return shown or payload.get(PROTECTED) is True
