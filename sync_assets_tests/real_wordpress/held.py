"""What the CMS holds of a tenant, straight from its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync_assets.store.database import Database
from sync_assets_tests.real_wordpress.comparison import Rows

WITH_TERMS = ("pages", "posts")
TABLES = (
    "wordpress_terms",
    "wordpress_media",
    "wordpress_pages",
    "wordpress_posts",
    "wordpress_content_terms",
)


@dataclass(frozen=True, slots=True)
class Held:
    """Reads the tables anew at each call."""

    database: Database
    tenant_id: str

    def rows(self, stream: str) -> Rows:
        """The live rows, with their terms by taxonomy where they have terms."""
        found = self._select(f"* FROM cms.wordpress_{stream} WHERE deleted_at IS NULL")
        rows = {row["wp_id"]: dict(row) for row in found}
        if stream in WITH_TERMS:
            terms = self._terms()
            rows = {wp_id: {**row, "terms": terms.get(wp_id, {})} for wp_id, row in rows.items()}
        return rows

    def tombstones(self) -> set[tuple[str, int]]:
        """Stream and id of every row that is marked as deleted."""
        return {
            (stream, row["wp_id"])
            for stream in ("terms", "media", "pages", "posts")
            for row in self._select(
                f"wp_id FROM cms.wordpress_{stream} WHERE deleted_at IS NOT NULL"
            )
        }

    def stamps(self) -> set[tuple[object, ...]]:
        """Table, place and transaction of every row: where they are equal, nothing was written."""
        return {
            (table, *row.values())
            for table in TABLES
            for row in self._select(f"ctid::text, xmin::text FROM cms.{table}")
        }

    def _terms(self) -> dict[int, dict[str, list[int]]]:
        found: dict[int, dict[str, list[int]]] = {}
        for row in self._select("""
            content_wp_id, taxonomy, array_agg(term_wp_id ORDER BY term_wp_id) AS terms
            FROM cms.wordpress_content_terms GROUP BY 1, 2
        """):
            found.setdefault(row["content_wp_id"], {})[row["taxonomy"]] = row["terms"]
        return found

    def _select(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Everything behind SELECT; the names in it are those of this file."""
        with self.database.as_tenant(self.tenant_id) as connection:
            return connection.execute(f"SELECT {query}").mappings()
