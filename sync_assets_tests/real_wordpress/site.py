"""One real WordPress site, changed as its owner would change it: by WordPress's own PHP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Unpack
from uuid import uuid4

import requests

from sync_assets_tests.real_wordpress.fields import (
    PostFields,
    TermChanges,
    TermFields,
    as_wordpress,
)
from sync_assets_tests.real_wordpress.mariadb import Database
from sync_assets_tests.real_wordpress.processes import program, run, wait_until
from sync_assets_tests.real_wordpress.truth import Truth

_STYLES = "/wp-admin/css/login.css"  # a file, which nginx serves without PHP

SCRIPT = Path(__file__).with_name("wp.php")
MAINTENANCE = "<?php $upgrading = time();"
TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids of what a seed made; `hostile` by name, such as `zero_dates` or `own_parent_page`."""

    categories: list[int]
    tags: list[int]
    generos: list[int]
    pages: list[int]
    posts: list[int]
    eventos: list[int]
    media: list[int]
    hostile: dict[str, int]


@dataclass(slots=True)
class WordPressSite:
    """The site, its administrator's credentials and everything that can happen to it.

    Methods that make something give its id. Every method but `rest` and `maintenance` runs PHP for
    about 0.2 s and raises StackFailed with WordPress's message when it refuses.
    """

    name: str
    url: str
    docroot: Path
    database: Database
    access_log: Path
    username: str = "admin"
    application_password: str = field(default="", repr=False)

    @property
    def truth(self) -> Truth:
        """What WordPress's own tables hold now."""
        return Truth(self.database, self.url)

    def install(self, timezone: str) -> None:
        self._do("install", title=self.name, timezone=timezone)
        self.application_password = self.create_application_password(self.username)

    def seed(self, *, hostile: bool = True, **counts: int) -> Seeded:
        """Makes the same content every time; 2,000 posts take about 10 s.

        Counts default to posts=2000, pages=40, media=60, categories=30, tags=50, eventos=20,
        generos=8. `hostile` adds one of each thing that has broken a sync.
        """
        usual = {"posts": 2000, "pages": 40, "media": 60, "categories": 30, "tags": 50}
        wanted = {**usual, "eventos": 20, "generos": 8, **counts}
        return Seeded(**self._do("seed", hostile=hostile, **wanted))

    # Posts, pages and events

    def create_post(self, **fields: Unpack[PostFields]) -> int:
        """A post, unless `type` says page or eventos; published, unless `status` says otherwise."""
        post: PostFields = {"title": "A post", "content": "Text", "status": "publish", **fields}
        return self._do("create_post", **as_wordpress(post))

    def edit_post(self, post_id: int, **fields: Unpack[PostFields]) -> None:
        """An edit as in the editor: `modified` moves, to the second."""
        self._do("edit_post", id=post_id, **as_wordpress(fields))

    def trash(self, post_id: int) -> None:
        self._do("trash", id=post_id)

    def untrash(self, post_id: int) -> None:
        self._do("untrash", id=post_id)

    def delete(self, post_id: int) -> None:
        """Deletes a post, page, event or medium for good."""
        self._do("delete", id=post_id)

    def make_private(self, post_id: int) -> None:
        self.edit_post(post_id, status="private")

    # From here to the terms, nothing moves `modified` by itself.

    def set_modified(self, post_id: int, when: datetime) -> None:
        """Dates the last change at an aware time: equal seconds, the past, the future."""
        utc = when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self._do("set_modified", id=post_id, utc=utc)

    def set_terms(self, post_id: int, taxonomy: str, terms: Sequence[int]) -> None:
        self._do("dress_post", id=post_id, terms={taxonomy: list(terms)})

    def set_featured(self, post_id: int, media_id: int) -> None:
        self.update_meta(post_id, "_thumbnail_id", media_id)

    def set_sticky(self, post_id: int, *, on: bool = True) -> None:
        self._do("set_sticky", id=post_id, on=on)

    def update_meta(self, post_id: int, key: str, value: str | int) -> None:
        self._do("dress_post", id=post_id, meta={key: value})

    def update_acf(self, post_id: int, acf: object) -> None:
        """Fields of a post, page, event or medium, written by code."""
        self.update_meta(post_id, "acf", json.dumps(acf))

    def update_term_acf(self, term_id: int, acf: object) -> None:
        self._do("update_term_meta", id=term_id, key="acf", value=json.dumps(acf))

    # Terms and media

    def create_term(self, name: str, taxonomy: str = "category", **row: Unpack[TermFields]) -> int:
        return self._do("create_term", name=name, taxonomy=taxonomy, row=row)

    def edit_term(self, term_id: int, **row: Unpack[TermChanges]) -> None:
        self._do("edit_term", id=term_id, row=row)

    def delete_term(self, term_id: int) -> None:
        self._do("delete_term", id=term_id)

    def add_media(
        self,
        title: str = "A photo",
        *,
        caption: str = "",
        alt_text: str = "",
        parent: int = 0,
        file: bool = True,
    ) -> int:
        """An image of one pixel; without `file`, one whose file and details are missing."""
        texts = {"title": title, "caption": caption, "alt_text": alt_text}
        return self._do("add_media", parent=parent, file=file, **texts)

    # The site itself

    @property
    def timezone(self) -> str:
        """Its name, as WordPress has it."""
        where = "WHERE option_name = 'timezone_string'"
        return self.database.rows("wp_options", "option_value", where)[0]["option_value"]

    def set_timezone(self, timezone: str) -> None:
        """A name such as Asia/Tokyo. WordPress leaves the local times of its rows as they are."""
        self._do("set_options", options={"timezone_string": timezone})

    def plain_permalinks(self, *, on: bool = True) -> None:
        """Plain: `/wp-json/` answers 301 and only `?rest_route=` works."""
        structure = "" if on else "/%postname%/"
        self._do("set_options", options={"permalink_structure": structure})

    def serve_acf(self, where: Literal["inline", "api", "off"]) -> None:
        """In the objects (the default), at `/wp-json/acf/v3/{route}/{id}`, or nowhere."""
        self._do("set_options", options={"acf_served": where})

    def maintenance(self, *, on: bool = True) -> None:
        """Every request is answered with 503; the methods here go on working."""
        file = self.docroot / ".maintenance"
        if on:
            file.write_text(MAINTENANCE)
        else:
            file.unlink(missing_ok=True)

    # Accounts

    def create_user(self, username: str, role: str = "author") -> int:
        """Roles: administrator, editor, author, contributor, subscriber."""
        return self._do("create_user", username=username, role=role)

    def create_application_password(self, username: str, name: str = "sync") -> str:
        """The password, in WordPress's groups of four. Names are unique for a user."""
        return self._do("create_application_password", username=username, name=name)["password"]

    def revoke_application_passwords(self, username: str) -> None:
        """All of the user's."""
        self._do("revoke_application_passwords", username=username)

    # Looking at it from outside

    def rest(
        self, route: str, auth: tuple[str, str] | None = None, /, **query: str | int
    ) -> requests.Response:
        """GET of a route such as `/wp/v2/posts`, as the administrator unless `auth` says who."""
        return requests.get(
            f"{self.url}/",
            params={"rest_route": route, **query},
            auth=auth or (self.username, self.application_password),
            timeout=TIMEOUT_SECONDS,
        )

    def requests_seen(self) -> list[str]:
        """Every request that the site was sent so far, as `status method uri`.

        nginx writes a line after it has answered, so one more request is waited for: its only
        worker writes the lines in their order.
        """
        last = f"{_STYLES}?last={uuid4().hex}"
        requests.get(f"{self.url}{last}", timeout=TIMEOUT_SECONDS)
        wait_until(lambda: last in self.access_log.read_text(), "the access log")
        lines = self.access_log.read_text().splitlines()
        return [line for line in lines if f"{_STYLES}?last=" not in line]

    def _do(self, operation: str, **arguments: object) -> Any:
        # Any: each operation has its own kind of answer, and wp.php is the one to know.
        php = [program("php"), "-d", "display_errors=stderr", "-d", "memory_limit=512M"]
        command = [*php, "-d", "sendmail_path=/bin/true", str(SCRIPT), str(self.docroot)]
        request = {"operation": operation, "arguments": arguments}
        return json.loads(run(command, json.dumps(request)))["result"]
