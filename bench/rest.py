"""The part of WordPress's REST API that a sync client uses, over precomputed posts.

Discovery, the account probe, types, taxonomies and posts, with WordPress's paging and its refusals;
every other collection is empty. Three shapes of a post: id and modification only, raw texts
(`context=edit`) and rendered ones; `_fields` decides, and the fields outside the texts always come.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bench.posts import Post

Query = dict[str, str]
TYPES = {"post": "posts", "page": "pages", "attachment": "media"}
TAXONOMIES = {"category": "categories", "post_tag": "tags"}
TAXONOMY_TYPES = ["post"]
TEXTS = ("title", "content", "excerpt")
CAPABILITIES = [
    *("administrator", "read", "manage_options", "manage_categories", "upload_files", "list_users"),
    *("edit_posts", "edit_others_posts", "edit_published_posts", "edit_private_posts"),
    *("edit_pages", "edit_others_pages", "edit_published_pages", "edit_private_pages"),
    *("read_private_posts", "read_private_pages"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response's status, body and the headers that only it has."""

    body: bytes
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()


class Site:
    """Everything the site knows, and the answer to any request for it."""

    def __init__(self, posts: list[Post], url: str) -> None:
        self.posts = posts
        self.url = url
        self.by_modification = sorted(posts, key=lambda post: post.modified)
        self.fixed = self._fixed_answers()

    def answer(self, path: str, query: Query, *, authorized: bool) -> Answer:
        """Like WordPress, credentials are believed only when they are sent; any are right."""
        path = query.get("rest_route", path.removeprefix("/wp-json")).rstrip("/") or "/"
        if query.get("context") == "edit" and not authorized:
            return _refusal("401 Unauthorized", "rest_forbidden_context")
        if path == "/wp/v2/users/me" and not authorized:
            return _refusal("401 Unauthorized", "rest_not_logged_in")
        if path == "/wp/v2/posts":
            return self._list_posts(query)
        if path.startswith("/wp/v2/posts/"):
            return self._one_post(path.rsplit("/", 1)[1], query)
        return self.fixed.get(path) or _refusal("404 Not Found", "rest_no_route")

    def front_page(self) -> Answer:
        """HTML whose `Link` header tells where the API is."""
        link = f'<{self.url}/wp-json/>; rel="https://api.w.org/"'
        return Answer(b"<!doctype html><title>Bench</title>", headers=(("Link", link),))

    def _list_posts(self, query: Query) -> Answer:
        per_page = int(query.get("per_page", "10"))
        if not 1 <= per_page <= 100:
            return _refusal("400 Bad Request", "rest_invalid_param")
        found = self._found(query)
        start = int(query.get("offset", (int(query.get("page", "1")) - 1) * per_page))
        if start and start >= len(found):
            return _refusal("400 Bad Request", "rest_post_invalid_page_number")
        pages = -(-len(found) // per_page)
        headers = (("X-WP-Total", str(len(found))), ("X-WP-TotalPages", str(pages)))
        return Answer(_array(found[start : start + per_page], query), headers=headers)

    def _one_post(self, number: str, query: Query) -> Answer:
        if not number.isdigit() or not 1 <= int(number) <= len(self.posts):
            return _refusal("404 Not Found", "rest_post_invalid_id")
        return Answer(_array([self.posts[int(number) - 1]], query)[1:-1])

    def _found(self, query: Query) -> list[Post]:
        if not {"publish", "any"} & set(query.get("status", "publish").split(",")):
            return []
        found = self.by_modification if query.get("orderby") == "modified" else self.posts
        if "include" in query:
            wanted = {int(number) for number in query["include"].split(",")}
            found = [self.posts[n - 1] for n in sorted(wanted) if 1 <= n <= len(self.posts)]
        if "modified_after" in query:  # the site's zone is UTC, so any zone given may be cut off
            after = query["modified_after"][:19]
            found = [post for post in found if post.modified > after]
        # Ids follow dates, so the default order, by date, is the order of ids.
        return found if query.get("order", "desc") == "asc" else found[::-1]

    def _fixed_answers(self) -> dict[str, Answer]:
        root = {
            "name": "Bench",
            "url": self.url,
            "home": self.url,
            "gmt_offset": 0,
            "timezone_string": "UTC",
            "namespaces": ["wp/v2"],
            "routes": {f"/wp/v2/{name}": {} for name in ["posts", *TYPES.values()]},
        }
        administrator = {
            "id": 1,
            "name": "bench",
            "roles": ["administrator"],
            "capabilities": dict.fromkeys(CAPABILITIES, True),
        }
        none = (("X-WP-Total", "0"), ("X-WP-TotalPages", "0"))
        empty = ("pages", "media", "categories", "tags")
        return {
            "/": _json(root),
            "/wp/v2/users/me": _json(administrator),
            "/wp/v2/types": _json({name: _type(name, base) for name, base in TYPES.items()}),
            "/wp/v2/taxonomies": _json({n: _taxonomy(n, base) for n, base in TAXONOMIES.items()}),
            **{f"/wp/v2/{name}": Answer(b"[]", headers=none) for name in empty},
        }


def _array(posts: Iterable[Post], query: Query) -> bytes:
    fields = set(query["_fields"].split(",")) if "_fields" in query else set()
    if fields and fields <= {"id", "modified_gmt"}:
        return b"[" + b",".join(post.sweep for post in posts) + b"]"
    edit = query.get("context") == "edit"
    shapes = [(name, _subfields(name, fields, edit=edit)) for name in TEXTS]
    shapes = [(name, keys) for name, keys in shapes if keys]
    return b"[" + b",".join(_record(post, shapes) for post in posts) + b"]"


def _record(post: Post, shapes: list[tuple[str, list[str]]]) -> bytes:
    pieces = [post.head]
    for name, keys in shapes:
        text: bytes = getattr(post, name)
        pieces.append(f',"{name}":{{'.encode())
        for key in keys:
            pieces += [f'"{key}":'.encode(), text, b","]
        pieces.append(b'"protected":false}')
    pieces.append(post.tail)
    return b"".join(pieces)


def _subfields(name: str, fields: set[str], *, edit: bool) -> list[str]:
    """`raw`, `rendered` or both, as asked for; they carry the same text here."""
    possible = ["raw", "rendered"] if edit else ["rendered"]
    whole = not fields or name in fields
    return [key for key in possible if whole or f"{name}.{key}" in fields]


def _type(name: str, base: str) -> dict[str, object]:
    taxonomies = list(TAXONOMIES) if name in TAXONOMY_TYPES else []
    return {
        "name": name,
        "slug": name,
        "rest_base": base,
        "rest_namespace": "wp/v2",
        "hierarchical": name == "page",
        "viewable": True,
        "taxonomies": taxonomies,
    }


def _taxonomy(name: str, base: str) -> dict[str, object]:
    return {
        "name": name,
        "slug": name,
        "rest_base": base,
        "rest_namespace": "wp/v2",
        "hierarchical": name == "category",
        "types": TAXONOMY_TYPES,
    }


def _refusal(status: str, code: str) -> Answer:
    number = int(status.split(" ", 1)[0])
    body = {"code": code, "message": code, "data": {"status": number}}
    return Answer(json.dumps(body).encode(), status)


def _json(value: dict[str, object]) -> Answer:
    return Answer(json.dumps(value).encode())
