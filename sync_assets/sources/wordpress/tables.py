"""The tables that WordPress's streams fill."""

from sync_assets.core.streams import Column, ColumnType, LinkTable, Table

_TEXT, _BIGINT, _BOOLEAN = ColumnType.TEXT, ColumnType.BIGINT, ColumnType.BOOLEAN
_TIME, _JSON = ColumnType.TIMESTAMPTZ, ColumnType.JSONB

CONTENT_TERMS = LinkTable(
    "wordpress_content_terms", owner="content_wp_id", kind="taxonomy", target="term_wp_id"
)

TERMS = Table(
    "wordpress_terms",
    key="wp_id",
    scope="taxonomy",
    columns=(
        Column("taxonomy", _TEXT),
        Column("name", _TEXT),
        Column("slug", _TEXT),
        Column("description", _TEXT),
        Column("parent_wp_id", _BIGINT),
        Column("acf", _JSON),
    ),
)

MEDIA = Table(
    "wordpress_media",
    key="wp_id",
    columns=(
        Column("title", _TEXT),
        Column("slug", _TEXT),
        Column("status", _TEXT),
        Column("link", _TEXT),
        Column("mime_type", _TEXT),
        Column("source_url", _TEXT),
        Column("alt_text", _TEXT),
        Column("caption", _TEXT),
        Column("description", _TEXT),
        Column("details", _JSON),
        Column("parent_wp_id", _BIGINT),
        Column("author_wp_id", _BIGINT),
        Column("published_at", _TIME),
        Column("is_raw", _BOOLEAN),
        Column("acf", _JSON),
    ),
)

# Pages and posts begin and end alike, as their mappings do.
_ARTICLE = (
    Column("type", _TEXT),
    Column("status", _TEXT),
    Column("title", _TEXT),
    Column("slug", _TEXT),
    Column("link", _TEXT),
    Column("content", _TEXT),
    Column("excerpt", _TEXT),
    Column("author_wp_id", _BIGINT),
    Column("featured_media_wp_id", _BIGINT),
)
_ARTICLE_END = (
    Column("password_protected", _BOOLEAN),
    Column("is_raw", _BOOLEAN),
    Column("acf", _JSON),
    Column("published_at", _TIME),
)

PAGES = Table(
    "wordpress_pages",
    key="wp_id",
    scope="type",
    links=CONTENT_TERMS,
    columns=(
        *_ARTICLE,
        Column("parent_wp_id", _BIGINT),
        Column("menu_order", _BIGINT),
        Column("template", _TEXT),
        *_ARTICLE_END,
    ),
)

POSTS = Table(
    "wordpress_posts",
    key="wp_id",
    scope="type",
    links=CONTENT_TERMS,
    columns=(
        *_ARTICLE,
        Column("template", _TEXT),
        Column("sticky", _BOOLEAN),
        *_ARTICLE_END,
    ),
)
