"""WordPress as a source: terms, media, pages and posts."""
