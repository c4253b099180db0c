"""One row of what the site stores, as WordPress's own tables would hold it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The PHP for "no fields" is an empty array, which JSON shows as a list: hence the `[]` defaults.


def _nothing() -> object:
    return []


def _no_terms() -> dict[str, tuple[int, ...]]:
    return {}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `wp_posts` with its meta: post, page, attachment or custom type.

    Dates are WordPress's strings (`2024-05-01T10:00:00`, no zone): local, and GMT beside it.
    `terms` maps a taxonomy's REST base to term ids.
    """

    id: int
    kind: str
    date: str
    date_gmt: str
    modified: str
    modified_gmt: str
    status: str = "publish"
    slug: str = ""
    title: str = ""
    content: str = ""
    excerpt: str = ""
    password: str = ""
    author: int = 1
    featured_media: int = 0
    parent: int = 0
    menu_order: int = 0
    template: str = ""
    sticky: bool = False
    format: str = "standard"
    terms: Mapping[str, tuple[int, ...]] = field(default_factory=_no_terms)
    meta: object = field(default_factory=_nothing)
    acf: object = field(default_factory=_nothing)
    post: int | None = None
    mime_type: str = "image/jpeg"
    media_details: object = field(default_factory=_nothing)
    source_url: str = ""
    alt_text: str = ""
    caption: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A row of `wp_terms`. Its count is not stored: it follows from the published entries."""

    id: int
    kind: str
    name: str = ""
    slug: str = ""
    description: str = ""
    parent: int = 0
    meta: object = field(default_factory=_nothing)
    acf: object = field(default_factory=_nothing)
