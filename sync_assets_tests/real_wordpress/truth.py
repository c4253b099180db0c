"""What a perfect sync would hold, computed from WordPress's own tables and never from its REST API.

Names and conventions are those of our tables: absent references, unusable dates and empty custom
fields are None, times are UTC.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync_assets_tests.real_wordpress.mariadb import Database
from sync_assets_tests.real_wordpress.php import unserialized

Row = dict[str, Any]

TAXONOMIES = ("category", "post_tag", "genero")
_TAXONOMIES_OF = {"post": {"category", "post_tag"}, "eventos": {"genero"}}
"""What a post was filed under before it became a page stays in WordPress's table."""
POST_TYPES = ("post", "eventos")
LIVE = ("publish", "future", "draft", "pending", "private")
WITH_TRASH = (*LIVE, "trash")
# These have no date of publication yet, whatever their columns say.
UNPUBLISHED = ("draft", "pending", "auto-draft")
ZERO = "0000-00-00 00:00:00"

POST_COLUMNS = (
    "ID, post_type, post_status, post_title, post_name, post_content, post_excerpt, post_author,"
    "post_parent, post_password, post_mime_type, menu_order, guid,"
    "post_date, post_date_gmt, post_modified, post_modified_gmt"
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Reads the tables anew at each call; every method gives a dict of WordPress id → fields."""

    database: Database
    url: str

    def terms(self, taxonomies: Sequence[str] = TAXONOMIES) -> dict[int, Row]:
        acf = self._meta("wp_termmeta", "term_id", "acf")
        rows = self.database.rows(
            "wp_terms t JOIN wp_term_taxonomy tt ON tt.term_id = t.term_id",
            "t.term_id, tt.taxonomy, t.name, t.slug, tt.description, tt.parent",
            f"WHERE tt.taxonomy IN ({_quoted(taxonomies)})",
        )
        return {row["term_id"]: _term(row, acf.get(row["term_id"])) for row in rows}

    def media(self) -> dict[int, Row]:
        alt = self._meta("wp_postmeta", "post_id", "_wp_attachment_image_alt")
        files = self._meta("wp_postmeta", "post_id", "_wp_attached_file")
        details = self._meta("wp_postmeta", "post_id", "_wp_attachment_metadata")
        zone = self._zone()
        return {
            wp_id: {
                **common,
                "mime_type": row["post_mime_type"],
                "alt_text": alt.get(wp_id, "").strip(),
                "caption": row["post_excerpt"],
                "description": row["post_content"],
                "source_url": self._upload(files.get(wp_id)) or row["guid"],
                "details": _details(details.get(wp_id)),
                "status": row["post_status"],
                "published_at": _published_at(row, zone),
            }
            for wp_id, row, common in self._posts(("attachment",), ("inherit", "private"))
        }

    def pages(self, statuses: Sequence[str] = LIVE) -> dict[int, Row]:
        return self._contents(("page",), statuses)

    def posts(
        self, types: Sequence[str] = POST_TYPES, statuses: Sequence[str] = LIVE
    ) -> dict[int, Row]:
        return self._contents(types, statuses)

    def _contents(self, types: Sequence[str], statuses: Sequence[str]) -> dict[int, Row]:
        templates = self._meta("wp_postmeta", "post_id", "_wp_page_template")
        featured = self._meta("wp_postmeta", "post_id", "_thumbnail_id")
        sticky, terms, zone = self._sticky(), self._terms_of_posts(), self._zone()
        return {
            wp_id: {
                **common,
                **_content(row, zone),
                "template": "" if templates.get(wp_id) == "default" else templates.get(wp_id, ""),
                "featured_media_wp_id": int(featured.get(wp_id) or 0) or None,
                "sticky": row["post_type"] == "post" and wp_id in sticky,
                "terms": {
                    taxonomy: found
                    for taxonomy, found in terms.get(wp_id, {}).items()
                    if taxonomy in _TAXONOMIES_OF.get(row["post_type"], ())
                },
            }
            for wp_id, row, common in self._posts(types, statuses)
        }

    def _posts(
        self, types: Sequence[str], statuses: Sequence[str]
    ) -> Iterable[tuple[int, Row, Row]]:
        """Id, row of wp_posts, and the fields that every kind has."""
        acf = self._meta("wp_postmeta", "post_id", "acf")
        offset = self._offset()
        where = f"WHERE post_type IN ({_quoted(types)}) AND post_status IN ({_quoted(statuses)})"
        for row in self.database.rows("wp_posts", POST_COLUMNS, where):
            yield row["ID"], row, _common(row, acf.get(row["ID"]), offset)

    def _meta(self, table: str, owner: str, key: str) -> dict[int, str]:
        # Of several rows WordPress shows the oldest: later ones are written first.
        where = f"WHERE meta_key = '{key}' ORDER BY meta_id DESC"
        rows = self.database.rows(table, f"{owner}, meta_value", where)
        return {row[owner]: row["meta_value"] for row in rows}

    def _terms_of_posts(self) -> dict[int, dict[str, list[int]]]:
        found: dict[int, dict[str, list[int]]] = defaultdict(dict)
        rows = self.database.rows(
            "wp_term_relationships r"
            " JOIN wp_term_taxonomy tt ON tt.term_taxonomy_id = r.term_taxonomy_id",
            "r.object_id, tt.taxonomy, tt.term_id",
            f"WHERE tt.taxonomy IN ({_quoted(TAXONOMIES)}) ORDER BY tt.term_id",
        )
        for row in rows:
            found[row["object_id"]].setdefault(row["taxonomy"], []).append(row["term_id"])
        return found

    def _sticky(self) -> set[int]:
        # A list as PHP serializes it: a:2:{i:0;i:12;i:1;i:15;}
        return {int(wp_id) for wp_id in re.findall(r"i:\d+;i:(\d+);", self._option("sticky_posts"))}

    def _zone(self) -> ZoneInfo | None:
        name = self._option("timezone_string")
        return ZoneInfo(name) if name else None

    def _offset(self) -> timedelta:
        """The site's offset from UTC as of now."""
        zone = self._zone()
        if zone:
            return datetime.now(zone).utcoffset() or timedelta()
        return timedelta(hours=float(self._option("gmt_offset") or 0))

    def _option(self, name: str) -> str:
        rows = self.database.rows("wp_options", "option_value", f"WHERE option_name = '{name}'")
        return rows[0]["option_value"] if rows else ""

    def _upload(self, file: str | None) -> str | None:
        return f"{self.url}/wp-content/uploads/{file}" if file else None


def normalised(acf: object) -> object:
    """Custom fields as we keep them: in an object, whatever ACF gives for "nothing" is None."""
    return None if acf == {} or _is_nothing(acf) else _inside(acf)


def _inside(value: object) -> object:
    """Items of a list keep their places and values; what they hold is looked into."""
    if isinstance(value, dict):
        return {key: None if _is_nothing(held) else _inside(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_inside(item) for item in value]
    return value


def _is_nothing(value: object) -> bool:
    return value is None or value is False or value == "" or value == []


def _term(row: Row, acf: str | None) -> Row:
    names = ("taxonomy", "name", "slug", "description")
    parent = {"parent_wp_id": row["parent"] or None}
    modified = {"source_modified_at": None}  # WordPress does not keep it for terms
    return {**{name: row[name] for name in names}, **parent, **modified, "acf": _acf(acf)}


def _details(serialized: str | None) -> object:
    """What is known of the file; images of one pixel are in no other size."""
    found = unserialized(serialized) if serialized else None
    return {**found, "sizes": {}} if found else None


def _common(row: Row, acf: str | None, offset: timedelta) -> Row:
    modified = _utc(row["post_modified_gmt"])
    if row["post_modified_gmt"] == ZERO:
        # As WordPress does it: today's offset, whatever it was at the time.
        local = _utc(row["post_modified"])
        modified = local - offset if local else None
    return {
        "type": row["post_type"],
        "title": row["post_title"],
        "slug": row["post_name"],
        "acf": _acf(acf),
        "author_wp_id": row["post_author"] or None,
        "parent_wp_id": row["post_parent"] or None,
        "source_modified_at": modified,
    }


def _content(row: Row, zone: ZoneInfo | None) -> Row:
    return {
        "status": row["post_status"],
        "content": row["post_content"],
        "excerpt": row["post_excerpt"],
        "menu_order": row["menu_order"],
        "password_protected": row["post_password"] != "",
        "published_at": _published_at(row, zone),
    }


def _published_at(row: Row, zone: ZoneInfo | None) -> datetime | None:
    if row["post_status"] in UNPUBLISHED:
        return None
    if row["post_date_gmt"] == ZERO and (local := _utc(row["post_date"])):
        return local.replace(tzinfo=zone or UTC).astimezone(UTC)
    return _utc(row["post_date_gmt"])


def _utc(text: str) -> datetime | None:
    return None if text == ZERO else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _acf(json_text: str | None) -> object:
    return normalised(json.loads(json_text)) if json_text else None


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
