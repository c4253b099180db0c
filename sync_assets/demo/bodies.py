"""Rows to the JSON of WordPress's REST API."""

from collections.abc import Mapping

from sync_assets.demo.access import User, Visitor
from sync_assets.demo.kinds import PostType, Taxonomy
from sync_assets.demo.links import entry_link, rest_url, term_link
from sync_assets.demo.rendering import rendered_content, rendered_excerpt, texturized
from sync_assets.demo.rows import Entry, Term
from sync_assets.demo.site import Site

Json = dict[str, object]


def entry_body(site: Site, entry: Entry, *, edit: bool) -> Json:
    """A post, page, attachment or event; `edit` adds the raw texts and the password."""
    kind = site.post_types[entry.kind]
    specific = _media(entry, edit=edit) if entry.kind == "media" else _article(entry, kind, edit)
    body = _common(site, entry, edit=edit) | specific | {"meta": entry.meta, "acf": entry.acf}
    for taxonomy in kind.taxonomies:
        body[taxonomy] = list(entry.terms.get(taxonomy, ()))
    return body | {"_links": _links(site, f"/wp/v2/{entry.kind}", entry.id)}


def _common(site: Site, entry: Entry, *, edit: bool) -> Json:
    link = entry_link(site, entry)
    body: Json = {
        "id": entry.id,
        "date": entry.date,
        "date_gmt": entry.date_gmt,
        "guid": _text(f"{site.url}/?p={entry.id}", f"{site.url}/?p={entry.id}", edit=edit),
        "modified": entry.modified,
        "modified_gmt": entry.modified_gmt,
        "slug": entry.slug,
        "status": entry.status,
        "type": site.post_types[entry.kind].name,
        "link": link,
        "title": _text(entry.title, texturized(entry.title), edit=edit),
        "template": entry.template,
    }
    if edit:
        body |= {"permalink_template": link, "generated_slug": entry.slug}
    return body


def _article(entry: Entry, kind: PostType, edit: bool) -> Json:  # noqa: FBT001
    locked = bool(entry.password)
    hidden = locked and not edit  # in the view context from administrators as well
    content = "" if hidden else rendered_content(entry.content)
    excerpt = "" if hidden else rendered_excerpt(entry.excerpt, entry.content)
    body: Json = {
        "content": _text(entry.content, content, edit=edit) | {"protected": locked},
        "excerpt": _text(entry.excerpt, excerpt, edit=edit) | {"protected": locked},
        "featured_media": entry.featured_media,
        "comment_status": "closed",
        "ping_status": "closed",
    }
    optional: dict[str, Json] = {
        "author": {"author": entry.author},
        "sticky": {"sticky": entry.sticky},
        "format": {"format": entry.format},
        "page-attributes": {"parent": entry.parent, "menu_order": entry.menu_order},
    }
    for feature in kind.supports & optional.keys():
        body |= optional[feature]
    return body | ({"password": entry.password} if edit else {})


def _media(entry: Entry, *, edit: bool) -> Json:
    return {
        "author": entry.author,
        "comment_status": "open",
        "ping_status": "closed",
        "description": _text(entry.description, rendered_content(entry.description), edit=edit),
        "caption": _text(entry.caption, rendered_excerpt(entry.caption, ""), edit=edit),
        "alt_text": entry.alt_text,
        "media_type": "image" if entry.mime_type.startswith("image/") else "file",
        "mime_type": entry.mime_type,
        "media_details": entry.media_details or {},
        "post": entry.post or None,
        "source_url": entry.source_url,
    }


def _text(raw: str, rendered: str, *, edit: bool) -> Json:
    return {"raw": raw, "rendered": rendered} if edit else {"rendered": rendered}


def _links(site: Site, route: str, row_id: int) -> Json:
    return {
        "self": [{"href": rest_url(site, f"{route}/{row_id}")}],
        "collection": [{"href": rest_url(site, route)}],
    }


def term_body(site: Site, term: Term, *, count: int) -> Json:
    """A category, tag or region. Tags, being flat, have no `parent`."""
    taxonomy = site.taxonomies[term.kind]
    body: Json = {
        "id": term.id,
        "count": count,
        "description": term.description,
        "link": term_link(site, term),
        "name": term.name,
        "slug": term.slug,
        "taxonomy": taxonomy.name,
    }
    if taxonomy.hierarchical:
        body["parent"] = term.parent
    body |= {"meta": term.meta, "acf": term.acf}
    return body | {"_links": _links(site, f"/wp/v2/{term.kind}", term.id)}


def type_body(site: Site, kind: PostType, *, edit: bool) -> Json:
    """What `/wp/v2/types` says of a post type."""
    body: Json = {
        "description": "",
        "hierarchical": kind.hierarchical,
        "has_archive": bool(kind.path),
        "name": kind.label,
        "slug": kind.name,
        "taxonomies": [site.taxonomies[base].name for base in kind.taxonomies],
        "rest_base": kind.rest_base,
        "rest_namespace": "wp/v2",
        "_links": {"wp:items": [{"href": rest_url(site, f"/wp/v2/{kind.rest_base}")}]},
    }
    if edit:
        body |= {"viewable": kind.viewable, "supports": dict.fromkeys(sorted(kind.supports), True)}
    return body


def taxonomy_body(site: Site, taxonomy: Taxonomy, *, edit: bool) -> Json:
    """What `/wp/v2/taxonomies` says of a taxonomy; `visibility` only to editors."""
    body: Json = {
        "name": taxonomy.label,
        "slug": taxonomy.name,
        "description": "",
        "types": list(taxonomy.types),
        "hierarchical": taxonomy.hierarchical,
        "rest_base": taxonomy.rest_base,
        "rest_namespace": "wp/v2",
        "_links": {"wp:items": [{"href": rest_url(site, f"/wp/v2/{taxonomy.rest_base}")}]},
    }
    if edit:
        names = ("public", "publicly_queryable", "show_in_nav_menus", "show_ui")
        body["visibility"] = dict.fromkeys(names, taxonomy.public)
    return body


def user_body(site: Site, user: User, *, edit: bool) -> Json:
    """What `/wp/v2/users/me` says of whoever asks."""
    visitor: Visitor = user.visitor
    body: Json = {
        "id": visitor.id,
        "name": user.display_name,
        "url": "",
        "description": "",
        "link": f"{site.url}/author/{visitor.name}/",
        "slug": visitor.name,
        "meta": [],
    }
    if edit:
        capabilities = dict.fromkeys(sorted(visitor.capabilities | {visitor.role}), True)
        body |= {"username": visitor.name, "roles": [visitor.role], "capabilities": capabilities}
    return body


def only_fields(body: Mapping[str, object], fields: str) -> Json:
    """Applies `_fields=id,title.raw`. An object that nothing is left of becomes PHP's `[]`."""
    wanted: dict[str, list[str]] = {}
    for name in filter(None, fields.replace(" ", ",").split(",")):
        top, _, rest = name.partition(".")
        wanted.setdefault(top, []).append(rest)
    return {key: _below(body[key], paths) for key, paths in wanted.items() if key in body}


def _below(value: object, paths: list[str]) -> object:
    if "" in paths or not isinstance(value, dict):
        return value
    return only_fields(value, ",".join(paths)) or []  # pyright: ignore[reportUnknownArgumentType]
