"""What can be given of a post or a term, in our words, and how WordPress is told."""

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

# Our names on the left, those of wp_insert_post on the right.
POST_COLUMNS = {
    "type": "post_type",
    "title": "post_title",
    "content": "post_content",
    "excerpt": "post_excerpt",
    "slug": "post_name",
    "status": "post_status",
    "date": "post_date",
    "author": "post_author",
    "parent": "post_parent",
    "menu_order": "menu_order",
    "password": "post_password",
}


class PostFields(TypedDict, total=False):
    """What can be given of a post, page or event; `date` is local, `2026-01-31 10:00:00`."""

    type: str
    title: str
    content: str
    excerpt: str
    slug: str
    status: str
    date: str
    author: int
    parent: int
    menu_order: int
    password: str
    template: str
    terms: Mapping[str, Sequence[int]]
    acf: object


class TermFields(TypedDict, total=False):
    """What can be given of a term besides its name."""

    slug: str
    parent: int
    description: str


class TermChanges(TermFields, total=False):
    """What can be changed of a term."""

    name: str


def as_wordpress(fields: PostFields) -> dict[str, object]:
    """The columns of the row, its terms and its meta, apart."""
    given: dict[str, object] = {**fields}
    meta: dict[str, object] = {}
    if "template" in fields:
        meta["_wp_page_template"] = fields["template"]
    if "acf" in fields:
        meta["acf"] = json.dumps(fields["acf"])
    row = {POST_COLUMNS[name]: value for name, value in given.items() if name in POST_COLUMNS}
    return {"row": row, "terms": given.get("terms", {}), "meta": meta}
