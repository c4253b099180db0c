"""What a site says that it has, asked once a connection."""

from typing import Any, cast

from sync_assets.sources.wordpress.client import Client
from sync_assets.sources.wordpress.kinds import (
    PostType,
    Taxonomy,
    parse_post_types,
    parse_taxonomies,
)

# `any` also means statuses that nothing registers any more, such as those of a plugin that was
# switched off, but neither the trash nor those that plugins hide from searches.
_STATUSES = ("any", "publish", "future", "draft", "pending", "private", "trash")
_MEDIA_STATUSES = ("inherit", "private", "trash")


class Catalog:
    """Post types, taxonomies and statuses.

    All without `_fields`: WordPress would apply it to the names, and nothing would be left.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._post_types: list[PostType] | None = None
        self._taxonomies: list[Taxonomy] | None = None
        self._statuses: tuple[str, ...] | None = None

    def post_types(self) -> list[PostType]:
        """The post types that we may read; with credentials, those that the user may edit."""
        if self._post_types is None:
            found = self._client.object("/wp/v2/types", self._client.context)
            self._post_types = parse_post_types(found)
        return self._post_types

    def taxonomies(self) -> list[Taxonomy]:
        """The taxonomies that the site shows us."""
        if self._taxonomies is None:
            found = self._client.object("/wp/v2/taxonomies", self._client.context)
            self._taxonomies = parse_taxonomies(found)
        return self._taxonomies

    def status_param(self, kind: PostType) -> dict[str, str]:
        """Every status in which an entry still exists; anonymous readers get the public one."""
        if not self._client.authenticated:
            return {}
        if kind.name == "attachment":
            return {"status": ",".join(_MEDIA_STATUSES)}
        if self._statuses is None:
            self._statuses = tuple(dict.fromkeys((*_STATUSES, *self._custom_statuses())))
        return {"status": ",".join(self._statuses)}

    def _custom_statuses(self) -> list[str]:
        """Those of plugins; WordPress leaves its internal ones out."""
        answer = self._client.ask("/wp/v2/statuses", {"context": "edit"})
        return list(cast(dict[str, Any], answer.json)) if answer.ok else []
