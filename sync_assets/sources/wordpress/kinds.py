"""The post types and taxonomies of a site, and which of them a tenant syncs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from sync_assets.core.errors import TenantMustAct

BUILT_IN = {"media": "attachment", "pages": "page", "posts": "post"}
"""The post type with which each stream begins."""

_INTERNAL = {"nav_menu", "link_category", "wp_pattern_category", "wp_theme", "post_format"}
_META = {"edit_categories", "edit_post_tags"}  # stand for the right to manage categories
_MANAGE = "manage_categories"


class PostType(NamedTuple):
    """A post type: its name, and the route under which its entries are."""

    name: str
    base: str
    route: str


class Taxonomy(NamedTuple):
    """A taxonomy.

    Attributes:
        name: as WordPress names it, such as `post_tag`.
        base: the field of an entry that holds the ids of its terms, such as `tags`.
        route: where its terms are.
        types: the names of the post types that use it.
        hierarchical: its terms have parents, and WordPress lists them by page numbers only.
        public: it is meant to be seen.
        right: the capability without which `context=edit` is refused.
    """

    name: str
    base: str
    route: str
    types: frozenset[str]
    hierarchical: bool
    public: bool
    right: str


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def base(self) -> str: ...


_Kind = TypeVar("_Kind", bound=_Named)


def parse_post_types(found: Mapping[str, Any]) -> list[PostType]:
    """From the answer of `/wp/v2/types`."""
    return [PostType(name, *_where(name, said)) for name, said in _members(found)]


def parse_taxonomies(found: Mapping[str, Any]) -> list[Taxonomy]:
    """From the answer of `/wp/v2/taxonomies`."""
    return [
        Taxonomy(
            name,
            *_where(name, said),
            frozenset(said.get("types") or ()),
            bool(said.get("hierarchical")),
            _public(name, said),
            _right(said),
        )
        for name, said in _members(found)
    ]


def chosen_types(
    tenant: str, stream: str, wanted: Iterable[str], offered: Sequence[PostType]
) -> list[PostType]:
    """The post types of a stream: the built-in one, and with the posts those that are named."""
    names = [BUILT_IN[stream], *(wanted if stream == "posts" else ())]
    chosen = dict.fromkeys(_pick(tenant, "post type", name, offered) for name in names)
    other = set(BUILT_IN.values()) - {BUILT_IN[stream]}
    return [kind for kind in chosen if kind.name not in other]


def chosen_taxonomies(
    tenant: str, wanted: Iterable[str], offered: Sequence[Taxonomy]
) -> list[Taxonomy]:
    """Every public taxonomy, and those that are named."""
    named = [_pick(tenant, "taxonomy", name, offered) for name in wanted]
    return list(dict.fromkeys([*(kind for kind in offered if kind.public), *named]))


def fields_of_terms(kind: PostType, offered: Iterable[Taxonomy]) -> dict[str, str]:
    """The fields of a post type's entries that hold term ids, with their taxonomies' names."""
    return {taxonomy.base: taxonomy.name for taxonomy in offered if kind.name in taxonomy.types}


def _pick(tenant: str, what: str, name: str, offered: Sequence[_Kind]) -> _Kind:
    for kind in offered:
        if name in {kind.name, kind.base}:
            return kind
    exist = ", ".join(sorted(kind.name for kind in offered)) or "none"
    raise TenantMustAct(
        f"{tenant}'s WordPress offers no {what} {name!r} to this user; it offers {exist}. Change "
        "the tenant's settings, or have the site show it in the REST API ('show_in_rest')."
    )


def _members(found: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, cast(dict[str, Any], said)) for name, said in found.items() if isinstance(said, dict)
    ]


def _where(name: str, said: Mapping[str, Any]) -> tuple[str, str]:
    """The REST base and the route; older sites name no namespace."""
    base = str(said.get("rest_base") or name)
    return base, f"/{said.get('rest_namespace') or 'wp/v2'}/{base}"


def _public(name: str, said: Mapping[str, Any]) -> bool:
    """With `context=edit` WordPress says so; otherwise it lists little else."""
    if name in _INTERNAL:
        return False
    visibility = said.get("visibility")
    if isinstance(visibility, dict):
        return bool(cast(dict[str, Any], visibility).get("public"))
    return True


def _right(said: Mapping[str, Any]) -> str:
    """The capability `edit_terms` of a taxonomy; without `context=edit` it is not told."""
    capabilities = said.get("capabilities")
    if not isinstance(capabilities, dict):
        return _MANAGE
    right = str(cast(dict[str, Any], capabilities).get("edit_terms") or _MANAGE)
    return _MANAGE if right in _META else right
