"""What WordPress has: four streams and the settings of a tenant."""

from sync_assets.core.streams import SourceSpec, StreamSpec, Text
from sync_assets.sources.wordpress.hints import to_hint
from sync_assets.sources.wordpress.settings import SETTINGS
from sync_assets.sources.wordpress.tables import MEDIA, PAGES, POSTS, TERMS

_PUBLIC = {"status": "publish", "password_protected": False}

SPEC = SourceSpec(
    name="wordpress",
    title="WordPress",
    streams=(
        StreamSpec(
            "terms", TERMS, needs=(), description="Categories, tags and other public taxonomies."
        ),
        StreamSpec(
            "media", MEDIA, needs=("terms",), description="Images and other files, without bytes."
        ),
        StreamSpec(
            "pages",
            PAGES,
            needs=("terms", "media"),
            description="Pages.",
            text=Text("wp_page", _PUBLIC),
        ),
        StreamSpec(
            "posts",
            POSTS,
            needs=("terms", "media", "pages"),
            description="Posts, and the custom post types that the tenant names.",
            text=Text("wp_post", _PUBLIC),
        ),
    ),
    settings=SETTINGS,
    hint=to_hint,
)
