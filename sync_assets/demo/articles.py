"""Articles from the corpus: the same ones, in the same order, every time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_assets.demo.corpus import Edition, Place, editions, places, site_texts

_FIRST = datetime(2022, 7, 4, 9, 30)  # noqa: DTZ001 - the site's own time; then one a week
_HOURS = (0, 2, 5, 8)


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `number` counts from 0 and decides all that varies."""

    number: int
    edition: Edition
    place: Place
    title: str
    lead: str
    content: str

    @property
    def date(self) -> datetime:
        """When it was published, in the site's time."""
        hours = _HOURS[self.number % len(_HOURS)]
        return _FIRST + timedelta(weeks=self.number, hours=hours, minutes=self.number % 60)


def articles() -> Iterator[Article]:
    """All articles, theme after theme in turn."""
    longest = max(len(edition.titles) for edition in editions())
    turns = [
        (edition, turn)
        for turn in range(longest)
        for edition in editions()
        if turn < len(edition.titles)
    ]
    for number, (edition, turn) in enumerate(turns):
        yield _article(number, edition, turn)


def _article(number: int, edition: Edition, turn: int) -> Article:
    place = places()[(number + turn) % len(places())]
    names = {"cidade": place.cidade, "bairro": place.bairros[number % len(place.bairros)]}
    texts = site_texts()
    leads, closings = texts["leads"][edition.language], texts["closings"][edition.language]
    lead: str = leads[number % len(leads)].format(**names)
    closing: str = closings[number % len(closings)].format(**names)
    blocks = [paragraph(lead), *_body(edition, turn), paragraph(closing)]
    title = edition.titles[turn].format(**names)
    return Article(number, edition, place, title, lead, "\n\n".join(blocks))


def _body(edition: Edition, turn: int) -> Iterator[str]:
    """Three to five of the paragraphs; no two turns choose the same ones in the same order."""
    count, step = 3 + turn % 3, 1 + turn // 5
    available = len(edition.paragraphs)
    for place in range(count):
        if place == 2:
            yield heading(edition.headings[turn % len(edition.headings)])
        yield paragraph(edition.paragraphs[(turn + place * step) % available])
        if place == 1 and turn % 2 == 0:
            yield quote(edition.quote)


def paragraph(text: str) -> str:
    """A Gutenberg paragraph."""
    return _block("paragraph", f"<p>{text}</p>")


def heading(text: str) -> str:
    """A Gutenberg heading of the second level."""
    return _block("heading", f'<h2 class="wp-block-heading">{text}</h2>')


def quote(text: str) -> str:
    """A Gutenberg quotation."""
    inner = _block("paragraph", f"<p>{text}</p>")
    return _block("quote", f'<blockquote class="wp-block-quote">{inner}</blockquote>')


def image(media_id: int, path: str, alt: str) -> str:
    """A Gutenberg image of the media library."""
    tag = f'<img src="{path}" alt="{alt}" class="wp-image-{media_id}"/>'
    figure = f'<figure class="wp-block-image size-large">{tag}</figure>'
    return _block("image", figure, id=media_id, sizeSlug="large")


def _block(name: str, html: str, **attributes: object) -> str:
    settings = f" {json.dumps(attributes, separators=(',', ':'))}" if attributes else ""
    return f"<!-- wp:{name}{settings} -->\n{html}\n<!-- /wp:{name} -->"
