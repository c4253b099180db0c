"""The texts that the demo's content is made of, read from `content/*.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_CONTENT = files("sync_assets.demo").joinpath("content")


@dataclass(frozen=True, slots=True)
class Edition:
    """A theme in one language: five paragraphs that stand alone, and titles to put over them."""

    language: str
    category: str
    tags: tuple[str, ...]
    titles: tuple[str, ...]
    headings: tuple[str, ...]
    quote: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article takes place."""

    region: str
    state: str
    cidade: str
    bairros: tuple[str, ...]


@cache
def site_texts() -> dict[str, Any]:
    """Everything that is not an article: authors, categories, pages, events and so on."""
    return _read(_CONTENT.joinpath("site.toml"))


@cache
def places() -> tuple[Place, ...]:
    """The cities that the magazine writes about."""
    return tuple(
        Place(each["region"], each["state"], each["cidade"], tuple(each["bairros"]))
        for each in site_texts()["places"]
    )


@cache
def editions() -> tuple[Edition, ...]:
    """Every theme, in Portuguese and then in English, by the name of its file."""
    themes = sorted(_CONTENT.joinpath("themes").iterdir(), key=lambda file: file.name)
    return tuple(
        _edition(theme, language) for theme in map(_read, themes) for language in ("pt", "en")
    )


def _edition(theme: dict[str, Any], language: str) -> Edition:
    texts: dict[str, Any] = theme[language]
    return Edition(
        language=language,
        category=texts["category"],
        tags=tuple(theme["tags"]),
        titles=tuple(texts["titles"]),
        headings=tuple(texts["headings"]),
        quote=texts["quote"],
        # The files break lines for the reader's sake.
        paragraphs=tuple(" ".join(text.split()) for text in texts["paragraphs"]),
    )


def _read(file: Traversable) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
