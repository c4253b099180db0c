"""The site's posts, precomputed: each one a few pieces of JSON, an answer a join of them."""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.prose import Prose, escape

CONTENT_BYTES = 5_000
FIRST_DAY = datetime(2016, 1, 1)  # noqa: DTZ001 - `modified_gmt` carries no zone
YEARS_COVERED = timedelta(days=8 * 365)
CATEGORIES = 24
TAGS = 400


@dataclass(frozen=True, slots=True)
class Post:
    """One record; `head` opens the object and `tail` closes it, the texts come quoted."""

    modified: str
    sweep: bytes
    head: bytes
    title: bytes
    content: bytes
    excerpt: bytes
    tail: bytes


def make_posts(count: int, site: str) -> list[Post]:
    """The same posts for the same count: ids 1 to `count`, in the order of their dates."""
    prose = Prose()
    step = YEARS_COVERED / count
    return [_post(number, FIRST_DAY + number * step, prose, site) for number in range(1, count + 1)]


def _post(number: int, published: datetime, prose: Prose, site: str) -> Post:
    rng = prose.random
    title = prose.title()
    slug = f"{number}-" + "-".join(title.lower().encode("ascii", "ignore").decode().split())
    modified = _iso(published + timedelta(minutes=rng.randint(1, 500_000)))
    head = {
        "id": number,
        "date": _iso(published - timedelta(hours=3)),
        "date_gmt": _iso(published),
        "modified_gmt": modified,
        "slug": slug,
        "status": "publish",
        "type": "post",
        "link": f"{site}/{published:%Y/%m}/{slug}/",
    }
    return Post(
        modified=modified,
        sweep=_json({"id": number, "modified_gmt": modified}),
        head=_json(head)[:-1],
        title=f'"{escape(title)}"'.encode(),
        content=f'"{prose.paragraphs(CONTENT_BYTES + rng.randint(-900, 500))}"'.encode(),
        excerpt=f'"{rng.choice(prose.sentences)}"'.encode(),
        tail=b"," + _json(_rest(number, rng))[1:],
    )


def _rest(number: int, rng: random.Random) -> dict[str, object]:
    return {
        "author": rng.randint(1, 12),
        "featured_media": rng.choice([0, number + 1_000_000]),
        "sticky": number % 997 == 0,
        "template": "",
        "password": "",
        "categories": sorted(rng.sample(range(1, CATEGORIES + 1), rng.randint(1, 2))),
        "tags": sorted(rng.sample(range(1_000, 1_000 + TAGS), rng.randint(0, 4))),
        "acf": {
            "subtitulo": " ".join(rng.choices(["guia", "novo", "de", "da", "casa", "vida"], k=5)),
            "destaque": rng.choice([True, False, None]),
            "tempo_de_leitura": rng.randint(1, 15),
            "relacionados": rng.sample(range(1, number + 4), 3),
            "fonte": {"nome": "Agência", "url": f"https://fonte.exemplo/{number}"},
        },
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()
