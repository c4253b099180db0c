"""The pages that people see: a plain front page, and every published entry at its permalink."""

from html import escape

from sync_assets.demo.links import entry_link, rest_url
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.rendering import rendered_content, texturized
from sync_assets.demo.rows import Entry
from sync_assets.demo.site import Site

_LATEST = 20


def page_for_people(site: Site, request: Request) -> Response:
    """The front page, which tells clients where the API is; one entry; or a 404."""
    if request.path in {"/", "/index.php"}:
        return _html(site, site.name, _front(site))
    wanted = f"{site.url}{request.path}"
    for entry in _published(site):
        if entry_link(site, entry) == wanted:
            return _html(site, entry.title, rendered_content(entry.content))
    return _html(site, "Página não encontrada", "", status=404)


def _published(site: Site) -> list[Entry]:
    return [
        entry
        for base in site.post_types
        for entry in site.tables.entries(base)
        if entry.status == "publish" and not entry.password
    ]


def _front(site: Site) -> str:
    posts = [entry for entry in _published(site) if entry.kind == "posts"]
    latest = sorted(posts, key=lambda entry: (entry.date, entry.id), reverse=True)[:_LATEST]
    items = (
        f'<li><a href="{escape(entry_link(site, entry))}">{texturized(entry.title)}</a></li>'
        for entry in latest
    )
    return f"<p>{escape(site.description)}</p><ul>{''.join(items)}</ul>"


def _html(site: Site, title: str, body: str, status: int = 200) -> Response:
    api = rest_url(site, "/")
    page = Response.html(
        f'<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><link rel="https://api.w.org/" href="{api}"></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>",
        status,
    )
    return page.with_headers({"Link": f'<{api}>; rel="https://api.w.org/"'})
