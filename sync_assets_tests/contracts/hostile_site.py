"""A site without sockets: it answers in bytes, and meets every trouble that a real one does."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync_assets_tests.contracts.lab import Spoilt, Trouble

BEGINNING = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOKEN = "an extremely secret token"  # noqa: S105 - of a site that does not exist

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes back: `cut` bodies end too early, and take `seconds` to arrive."""

    status: int = 200
    body: bytes = b""
    retry_after: float | None = None
    cut: bool = False
    seconds: float = 0.0


REPLIES: Mapping[Trouble, Callable[[Reply], Reply]] = {
    Trouble.UNAUTHORIZED: lambda _: Reply(401),
    Trouble.FORBIDDEN: lambda _: Reply(403),
    Trouble.BUSY: lambda _: Reply(429, retry_after=0.001),
    Trouble.RESTING: lambda _: Reply(429, retry_after=30),
    Trouble.BUSY_FOR_HOURS: lambda _: Reply(429, retry_after=7200),
    Trouble.BROKEN: lambda _: Reply(500),
    Trouble.DOWN: lambda _: Reply(503),
    Trouble.MALFORMED: lambda right: replace(right, body=right.body[: len(right.body) // 2]),
    Trouble.PAGE: lambda _: Reply(body=b"<html>Checking your browser</html>"),
    Trouble.TRUNCATED: lambda right: replace(right, cut=True),
    Trouble.HANG_UP: lambda _: Reply(cut=True),
}

SPOILT: Mapping[Spoilt, Mapping[str, Any]] = {
    Spoilt.NUL: {"text": "a\x00b"},
    Spoilt.IMPOSSIBLE_DATE: {"modified": "-0001-11-30T00:00:00"},
    Spoilt.WRONG_TYPE: {"text": ["a", "b"]},
    Spoilt.UNSERVABLE: {},
}


@dataclass(slots=True)
class HostileSite:
    """Things with a text and a modified time; hidden ones need the token."""

    drip: float = 30.0
    token: str = TOKEN
    things: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    hidden: set[int] = field(default_factory=set[int])
    spoilt: dict[int, Spoilt] = field(default_factory=dict[int, Spoilt])
    requests: int = 0
    now: datetime = BEGINNING
    trouble: tuple[Trouble, float] | None = None
    pending: dict[int, Callable[[], None]] = field(default_factory=dict[int, Callable[[], None]])
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, key: int, text: str) -> None:
        self.now += timedelta(seconds=1)
        self.things[key] = {"id": key, "modified": self.now.isoformat(), "text": text}

    def ask(self, path: str, params: Params, token: str | None) -> Reply:
        """Answer a request."""
        with self.lock:
            self.requests += 1
            self.pending.pop(self.requests, lambda: None)()
            right = self._right(path, params, token)
            return self._troubled(right)

    def _troubled(self, right: Reply) -> Reply:
        if self.trouble is None:
            return right
        kind, left = self.trouble
        self.trouble = (kind, left - 1) if left > 1 else None
        if kind is Trouble.DRIP:
            return replace(right, seconds=self.drip)
        return REPLIES[kind](right)

    def _right(self, path: str, params: Params, token: str | None) -> Reply:
        if token is not None and token != self.token:
            return Reply(401)
        shown = sorted(self.things.keys() - (set() if token else self.hidden))
        match path:
            case "list":
                return _json({"total": len(shown), "rows": self._rows(shown, params)})
            case "read":
                return self._read([key for key in params["ids"] if key in shown])
            case "exists" if params["id"] in self.things:
                return _json(True) if params["id"] in shown else Reply(403)
            case "exists":
                return Reply(404)
            case _:
                return _json({"now": self.now.isoformat()})

    def _rows(self, shown: list[int], params: Params) -> list[dict[str, Any]]:
        behind = [key for key in shown if key > params["after"]][params["offset"] :]
        rows = [self._thing(key) for key in behind[: params["limit"]]]
        return [{"id": row["id"], "modified": row["modified"]} for row in rows]

    def _read(self, keys: list[int]) -> Reply:
        if any(self.spoilt.get(key) is Spoilt.UNSERVABLE for key in keys):
            return Reply(500)
        return _json([self._thing(key) for key in keys])

    def _thing(self, key: int) -> dict[str, Any]:
        kind = self.spoilt.get(key)
        return {**self.things[key], **(SPOILT[kind] if kind else {})}


def _json(value: object) -> Reply:
    return Reply(body=json.dumps(value).encode())
