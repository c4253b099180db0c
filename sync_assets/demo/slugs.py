"""Titles to slugs, as WordPress's `sanitize_title` does."""

import re
import unicodedata
from collections.abc import Container
from urllib.parse import quote


def slugify(title: str) -> str:
    """Lower case, accents removed, hyphens; letters without a Latin base are percent-encoded."""
    decomposed = unicodedata.normalize("NFKD", title.lower())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFC", plain))
    hyphenated = re.sub(r"[\s-]+", "-", words).strip("-")
    return quote(hyphenated, safe="-_").lower()


def unique_slug(title: str, taken: Container[str]) -> str:
    """The title's slug, with `-2`, `-3` … when it is taken."""
    wanted = slug = slugify(title)
    number = 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug
