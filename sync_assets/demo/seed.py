"""Fills a site with the demo's content. Nothing is random: ids and dates are always the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sync_assets.demo.articles import Article, articles, image, paragraph
from sync_assets.demo.corpus import editions, places, site_texts
from sync_assets.demo.fields import article_fields, event_fields
from sync_assets.demo.site import Site
from sync_assets.demo.slugs import slugify

_SOME_DAY = datetime(2022, 6, 20, 14, 0)  # noqa: DTZ001 - the site's own time
_WIDTH, _HEIGHT = 1600, 1067
_MISSING = 99_999  # an id that nothing has, as after a plugin's clumsy clean-up

# What is not simply published, by the article's number.
_STATUS = {
    5: "draft", 43: "draft", 81: "draft", 119: "draft", 20: "pending",
    7: "private", 57: "private", 107: "private", 13: "trash", 73: "trash", 133: "trash",
}  # fmt: skip
_PASSWORD = {11: "farol", 86: "estaleiro"}
_STICKY = {150, 151}
_FUTURE = {148: "2031-01-06T08:00:00", 149: "2031-03-03T08:00:00"}


def fill(site: Site) -> None:
    """Adds authors, terms, media, pages, posts and events."""
    for author in site_texts()["authors"]:
        site.users.add(author.split()[0].lower(), None, "author", author)
    categories, tags, regions = _categories(site), _tags(site), _regions(site)
    media = list(_media(site))
    _pages(site)
    for article in articles():
        terms = {
            "categories": [categories[article.edition.category]],
            "tags": [tags[name] for name in article.edition.tags[: 1 + article.number % 3]],
            "regiao": [regions[article.place.cidade], regions[article.place.state]],
        }
        _post(site, article, media, terms)
    _events(site, media, regions)


def _categories(site: Site) -> dict[str, int]:
    texts, ids = site_texts(), dict[str, int]()
    for parent, children in texts["categories"].items():
        about = texts["category_descriptions"][parent]
        ids[parent] = site.add("categories", name=parent, description=about)
        for name in children:
            ids[name] = site.add("categories", name=name, parent=ids[parent], acf={"cor": None})
    return ids


def _tags(site: Site) -> dict[str, int]:
    names = dict.fromkeys(tag for edition in editions() for tag in edition.tags)
    return {name: site.add("tags", name=name) for name in names}


def _regions(site: Site) -> dict[str, int]:
    ids: dict[str, int] = {}
    for place in places():
        parent = 0
        for name in (place.region, place.state, place.cidade):
            if name not in ids:
                ids[name] = site.add("regiao", name=name, parent=parent)
            parent = ids[name]
    return ids


def _media(site: Site) -> Iterator[int]:
    """Two photographs of each subject; the last item has lost its file."""
    subjects: list[str] = site_texts()["photos"]["subjects"]
    for number, subject in enumerate(subject for subject in subjects for _ in range(2)):
        date = _SOME_DAY + timedelta(days=number)
        city = places()[number % len(places())].cidade
        lost = number == 2 * len(subjects) - 1
        name = f"{date:%Y/%m}/foto-{number + 1:03}.jpg"
        yield site.add(
            "media",
            title=f"{subject}, {city}",
            date=date.isoformat(),
            author=2 + number % 5,
            alt_text="" if number % 4 == 3 else f"{subject}, em {city}",
            caption=f"{subject}. Foto: acervo da Revista Maré" if number % 2 == 0 else "",
            source_url="" if lost else f"{site.url}/wp-content/uploads/{name}",
            media_details={} if lost else {"width": _WIDTH, "height": _HEIGHT, "file": name},
        )


def _pages(site: Site) -> None:
    pages: list[dict[str, Any]] = site_texts()["pages"]
    ids: dict[str, int] = {}
    for number, page in enumerate(pages):
        fields = {key: value for key, value in page.items() if key not in {"text", "parent"}}
        date = (_SOME_DAY + timedelta(days=number)).isoformat()
        text = paragraph(page["text"])
        ids[page["title"]] = site.add("pages", content=text, date=date, **fields)
    for page in pages:  # once all exist, since a parent may come after its child
        if "parent" in page:
            site.edit("pages", ids[page["title"]], touch=False, parent=ids[page["parent"]])


def _post(site: Site, article: Article, media: list[int], terms: dict[str, list[int]]) -> None:
    number = article.number
    picture = media[number % len(media)]
    date = _FUTURE.get(number, article.date.isoformat())
    status = _STATUS.get(number, "publish")
    edited = article.date + timedelta(days=number % 9, hours=number % 5)
    post = site.add(
        "posts",
        title=article.title,
        content=_with_picture(site, article, picture) if number % 4 == 0 else article.content,
        excerpt="" if number % 3 == 2 else article.lead,
        date=date,
        modified=date if number in _FUTURE or number % 4 else edited.isoformat(),
        status="future" if number in _FUTURE else status,
        slug=f"{slugify(article.title)}__trashed" if status == "trash" else "",
        password=_PASSWORD.get(number, ""),
        sticky=number in _STICKY,
        author=2 + number % 5,
        featured_media=_MISSING if number == 77 else (0 if number % 6 == 5 else picture),
        acf=article_fields(article, media),
        meta={"footnotes": ""},
        **terms,
    )
    if site.entry("media", picture).post is None:
        site.edit("media", picture, touch=False, post=post)


def _with_picture(site: Site, article: Article, picture: int) -> str:
    file = site.entry("media", picture)
    path = file.source_url.removeprefix(site.url)  # the same on whichever port the site runs
    first, rest = article.content.split("\n\n", 1)
    return "\n\n".join((first, image(picture, path, file.alt_text), rest))


def _events(site: Site, media: list[int], regions: dict[str, int]) -> None:
    bairros = {place.cidade: place.bairros[0] for place in places()}
    for number, event in enumerate(site_texts()["events"]):
        city = event["cidade"]
        site.add(
            "eventos",
            title=event["title"],
            content=paragraph(event["text"]),
            excerpt=event["text"],
            date=datetime(2025, 5, 5 + number, 11).isoformat(),  # noqa: DTZ001
            featured_media=media[number],
            regiao=[regions[city]],
            acf=event_fields(event, bairros[city]),
        )
