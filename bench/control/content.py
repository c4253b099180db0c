"""A small WordPress site: a few records in each of the four streams."""

import json
from functools import partial

from bench import rest
from bench.posts import make_posts
from bench.rest import Answer, Query

CATEGORIES, TAGS, MEDIA, PAGES, POSTS = 4, 8, 6, 3, 8
RECORDS = CATEGORIES + TAGS + MEDIA + PAGES + POSTS
_MODIFIED = "2024-05-06T07:08:09"

Record = dict[str, object]


class SmallSite:
    """Answers as `rest.Site` does, with records also in the other three streams."""

    def __init__(self, url: str) -> None:
        self._posts = rest.Site(make_posts(POSTS, url), url)
        self._collections: dict[str, list[Record]] = {
            "/wp/v2/categories": [_term(number) for number in range(1, CATEGORIES + 1)],
            "/wp/v2/tags": [_term(number) for number in range(1_000, 1_000 + TAGS)],
            "/wp/v2/media": _entries(10_001, MEDIA, "attachment", "inherit", url),
            "/wp/v2/pages": _entries(20_001, PAGES, "page", "publish", url),
        }
        self._answers: dict[tuple[str, str, bool], Answer] = {}

    def answer(self, path: str, query: Query, *, authorized: bool) -> Answer:
        """Every answer is made once: what the site costs would be taken from those it serves."""
        asked = (path, json.dumps(query, sort_keys=True), authorized)
        if asked not in self._answers:
            self._answers[asked] = self._made(path, query, authorized=authorized)
        return self._answers[asked]

    def _made(self, path: str, query: Query, *, authorized: bool) -> Answer:
        records = self._collections.get(path.removeprefix("/wp-json").rstrip("/"))
        if records is None:
            return self._posts.answer(path, query, authorized=authorized)
        return _listed(records, query)


def _listed(records: list[Record], query: Query) -> Answer:
    found = records
    if "include" in query:
        wanted = set(query["include"].split(","))
        found = [record for record in records if str(record["id"]) in wanted]
    size = int(query.get("per_page", "10"))
    start = int(query.get("offset", (int(query.get("page", "1")) - 1) * size))
    pages = -(-len(found) // size)
    headers = (("X-WP-Total", str(len(found))), ("X-WP-TotalPages", str(pages)))
    shown = map(partial(_projected, query), found[start : start + size])
    return Answer(json.dumps(list(shown)).encode(), headers=headers)


def _projected(query: Query, record: Record) -> Record:
    if "_fields" not in query:
        return record
    wanted = {field.partition(".")[0] for field in query["_fields"].split(",")}
    return {name: value for name, value in record.items() if name in wanted}


def _term(number: int) -> Record:
    name = f"Assunto {number}"
    return {"id": number, "name": name, "slug": f"assunto-{number}", "description": "", "parent": 0}


def _entries(first: int, count: int, kind: str, status: str, url: str) -> list[Record]:
    return [_entry(first + number, kind, status, url) for number in range(count)]


def _entry(number: int, kind: str, status: str, url: str) -> Record:
    texts = {name: _text(f"{name} {number}") for name in ("title", "content", "excerpt")}
    media = {
        "caption": _text(""),
        "description": _text(""),
        "mime_type": "image/jpeg",
        "source_url": f"{url}/wp-content/uploads/{number}.jpg",
        "alt_text": "Uma praia",
        "media_details": {"width": 1600, "height": 900},
        "post": None,
    }
    page = {"featured_media": 0, "parent": 0, "menu_order": 0, "template": "", "password": ""}
    return {
        "id": number,
        "date_gmt": _MODIFIED,
        "modified_gmt": _MODIFIED,
        "slug": f"{kind}-{number}",
        "status": status,
        "type": kind,
        "link": f"{url}/{kind}-{number}/",
        "author": 1,
        **texts,
        **(media if kind == "attachment" else page),
    }


def _text(text: str) -> dict[str, object]:
    return {"raw": text, "rendered": text, "protected": False}
