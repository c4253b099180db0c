"""What a WordPress site can hold: its post types and taxonomies, keyed by REST base."""

from dataclasses import dataclass

_ARTICLE = frozenset({"title", "content", "author", "excerpt", "thumbnail"})


@dataclass(frozen=True, slots=True)
class PostType:
    """A post type. `taxonomies` are REST bases; its capabilities are `edit_{rights}` and so on."""

    rest_base: str
    name: str
    label: str
    hierarchical: bool = False
    taxonomies: tuple[str, ...] = ()
    supports: frozenset[str] = _ARTICLE
    viewable: bool = True
    rights: str = "posts"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A taxonomy. `types` are post type names; a taxonomy that is not `public` needs `right`."""

    rest_base: str
    name: str
    label: str
    types: tuple[str, ...]
    hierarchical: bool = False
    public: bool = True
    path: str = ""
    right: str = "manage_categories"


def default_post_types() -> dict[str, PostType]:
    """The post types of a fresh site, WordPress's internal ones included."""
    types = (
        PostType(
            "posts",
            "post",
            "Posts",
            taxonomies=("categories", "tags", "regiao"),
            supports=_ARTICLE | {"sticky", "format"},
        ),
        PostType(
            "pages",
            "page",
            "Páginas",
            hierarchical=True,
            rights="pages",
            supports=_ARTICLE | {"page-attributes"},
        ),
        PostType("media", "attachment", "Mídia", supports=frozenset({"title", "author"})),
        # Without author support WordPress leaves `author` out of the JSON altogether.
        PostType(
            "eventos",
            "evento",
            "Eventos",
            taxonomies=("regiao",),
            path="eventos/",
            supports=_ARTICLE - {"author"},
        ),
        PostType("blocks", "wp_block", "Padrões", viewable=False, supports=frozenset({"title"})),
    )
    return {kind.rest_base: kind for kind in types}


def default_taxonomies() -> dict[str, Taxonomy]:
    """The taxonomies of a fresh site; `nav_menu` is in REST although it is not public."""
    taxonomies = (
        Taxonomy(
            "categories", "category", "Categorias", ("post",), hierarchical=True, path="category/"
        ),
        Taxonomy("tags", "post_tag", "Tags", ("post",), path="tag/"),
        Taxonomy(
            "regiao", "regiao", "Regiões", ("post", "evento"), hierarchical=True, path="regiao/"
        ),
        Taxonomy(
            "menus",
            "nav_menu",
            "Menus de navegação",
            ("nav_menu_item",),
            public=False,
            right="edit_theme_options",
        ),
    )
    return {taxonomy.rest_base: taxonomy for taxonomy in taxonomies}
