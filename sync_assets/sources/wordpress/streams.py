"""What WordPress has: four streams and the settings of a tenant."""

from sync_assets.core.streams import SourceSpec, StreamSpec
from sync_assets.sources.wordpress.settings import SETTINGS
from sync_assets.sources.wordpress.tables import MEDIA, PAGES, POSTS, TERMS

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
        StreamSpec("pages", PAGES, needs=("terms", "media"), description="Pages."),
        StreamSpec(
            "posts",
            POSTS,
            needs=("terms", "media", "pages"),
            description="Posts, and the custom post types that the tenant names.",
        ),
    ),
    settings=SETTINGS,
)
