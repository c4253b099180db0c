"""The laboratory of WordPress: the demo site with what a test adds to it."""

import base64
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

import orjson

from sync_assets.core.ports import SyncOptions
from sync_assets.core.retry import Backoff
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import faults
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.server import DemoSite
from sync_assets.sources.wordpress import WordPress
from sync_assets_tests.contracts.lab import Patience, Spoilt, Trouble


class Impatient(Backoff):
    """Waits next to nothing, so that tests can afford every try."""

    def delay(
        self, attempt: int, asked: float | None, jitter: Callable[[], float] = lambda: 0.0
    ) -> float | None:
        return super().delay(attempt, asked, jitter)


def halved(right: Response) -> Response:
    """The first half of an answer that says that it is complete."""
    return replace(right, body=right.body[: len(right.body) // 2])


TROUBLES: Mapping[Trouble, faults.Trouble] = {
    Trouble.UNAUTHORIZED: faults.status(401, b'{"code": "rest_not_logged_in"}'),
    Trouble.FORBIDDEN: faults.status(403, b"<html>Forbidden</html>"),
    Trouble.BUSY: faults.rate_limited(0),
    Trouble.RESTING: faults.rate_limited(30),
    Trouble.BUSY_FOR_HOURS: faults.rate_limited(7200),
    Trouble.BROKEN: faults.status(500, b"<html>There has been a critical error</html>"),
    Trouble.DOWN: faults.status(503, b"<html>Bad gateway</html>"),
    Trouble.MALFORMED: lambda request: halved(request.answer()),
    Trouble.PAGE: faults.html_page(),
    Trouble.TRUNCATED: faults.truncated(),
    Trouble.HANG_UP: faults.hang_up(),
}

NEVER = "-0001-11-30T00:00:00"  # how WordPress shows a date of nothing but zeros


@dataclass
class WordPressLab:
    """One kind of a WordPress site, with 23 records, five a page."""

    demo: DemoSite
    kind: ClassVar[str]
    stream: ClassVar[str]
    collection: ClassVar[str]
    spoilable: ClassVar[Collection[Spoilt]]
    patience: Patience = field(default_factory=Patience)
    options: SyncOptions = field(default_factory=lambda: SyncOptions(batch_size=5))

    def __post_init__(self) -> None:
        for _ in range(23):
            self.add()

    @property
    def source(self) -> WordPress:
        return WordPress(allow_private=True, backoff=Impatient(base=0.01))

    @property
    def tenant(self) -> Tenant:
        credentials = Credentials(self.demo.username, self.demo.password)
        return Tenant("acme", "wordpress", "Acme", self.demo.url, credentials)

    @property
    def public(self) -> Tenant | None:
        return Tenant("acme-public", "wordpress", "Acme", self.demo.url)

    @property
    def secrets(self) -> Sequence[str]:
        pair = f"{self.demo.username}:{self.demo.password}".encode()
        basic = base64.b64encode(pair).decode()
        return [self.demo.password, self.demo.password.replace(" ", ""), basic]

    def keys(self) -> set[int]:
        return set(self.demo.site.ids(self.kind))

    def add(self) -> int:
        long_ago = self.demo.site.clock() - timedelta(days=1)
        return self.demo.site.add(self.kind, title="Olá", content="<p>Olá</p>", date=long_ago)

    def hide(self, key: int) -> None:
        self.demo.site.edit(self.kind, key, status="private")

    def edit(self, key: int) -> None:
        self.demo.site.edit(self.kind, key, title="Edited")

    def delete(self, key: int) -> None:
        self.demo.site.delete(self.kind, key)

    def revoke(self) -> None:
        self.demo.site.revoke()

    def requests(self) -> int:
        return len(self.demo.received)

    def trouble(self, kind: Trouble, *, times: int | None = None) -> None:
        drips = faults.slow(self.patience.drip)
        self.demo.faults.add(faults.Fault(TROUBLES.get(kind, drips), times=times))

    def calm(self) -> None:
        self.demo.faults.clear()

    def spoil(self, key: int, kind: Spoilt) -> None:
        spoilt = Spoiler(key, kind, self.bad_values(kind))
        self.demo.faults.add(spoilt)

    def bad_values(self, kind: Spoilt) -> Mapping[str, Any]:
        """The fields of a record that is spoilt in this way."""
        return {
            Spoilt.NUL: {"slug": "a\x00b"},
            Spoilt.IMPOSSIBLE_DATE: {"date_gmt": NEVER, "modified_gmt": NEVER},
            Spoilt.WRONG_TYPE: {"slug": ["a", "b"]},
            Spoilt.UNSERVABLE: {},
        }[kind]

    def interpose(self, action: Callable[[], None], *, after: int) -> None:
        self.demo.faults.add(Interposed(action, after))


class PostsLab(WordPressLab):
    """Posts are listed cheaply and read by id."""

    kind = "posts"
    stream = "posts"
    collection = "post"
    spoilable = tuple(Spoilt)


class MediaLab(WordPressLab):
    """Media are listed cheaply and read by id, and follow the status of what they belong to."""

    kind = "media"
    stream = "media"
    collection = "attachment"
    spoilable = tuple(Spoilt)

    @property
    def public(self) -> None:
        return None

    def add(self) -> int:
        long_ago = self.demo.site.clock() - timedelta(days=1)
        return self.demo.site.add(self.kind, title="Farol", date=long_ago)


class TermsLab(WordPressLab):
    """Terms come with their listing, and have no dates."""

    kind = "tags"
    stream = "terms"
    collection = "post_tag"
    spoilable = (Spoilt.NUL, Spoilt.WRONG_TYPE)

    @property
    def public(self) -> None:
        return None

    def add(self) -> int:
        return self.demo.site.add(self.kind, name=f"Tag {len(self.keys())}")

    def edit(self, key: int) -> None:
        self.demo.site.edit(self.kind, key, name="Edited")


@dataclass
class Interposed:
    """Does something before one request of many is answered."""

    action: Callable[[], None]
    left: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response | None:
        del request
        with self.lock:
            self.left -= 1
            if self.left == -1:
                self.action()


@dataclass(frozen=True)
class Spoiler:
    """Changes one record in every answer, or makes the answers impossible that include it."""

    key: int
    kind: Spoilt
    values: Mapping[str, Any]

    def __call__(self, request: Request) -> Response | None:
        right = request.answer()
        rows = orjson.loads(right.body)
        if not isinstance(rows, list):
            return right
        if self.kind is Spoilt.UNSERVABLE:
            return Response(500) if self._is_asked_for(request, rows) else None
        return replace(right, body=orjson.dumps([self._spoil(row) for row in rows]))

    def _is_asked_for(self, request: Request, rows: list[dict[str, Any]]) -> bool:
        """By its id, or in a listing that carries more than ids and times."""
        asked = str(self.key) in request.params.get("include", "").split(",")
        return asked or any(row.get("id") == self.key and "slug" in row for row in rows)

    def _spoil(self, row: dict[str, Any]) -> dict[str, Any]:
        if row.get("id") != self.key:
            return row
        return row | {name: value for name, value in self.values.items() if name in row}
