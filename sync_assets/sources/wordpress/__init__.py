"""WordPress: terms, media, pages, posts and custom post types, over its REST API."""

from sync_assets.sources.wordpress.source import WordPress

__all__ = ["WordPress"]
