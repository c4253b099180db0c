"""What goes wrong between a client and a real WordPress, for tests to switch on.

A fault is any callable `(Request) -> Response | None`, asked before the site answers. None passes
the request on; `request.answer()` is what the site would have said.

    demo.faults.add(Fault(rate_limited(retry_after=2), path="/wp/v2/posts", times=3))
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sync_assets.demo.messages import Request, Response

Trouble = Callable[[Request], Response | None]

_MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head>"
    "<body>Briefly unavailable for scheduled maintenance. Check back in a minute.</body></html>"
)


@dataclass(slots=True)
class Fault:
    """A trouble that strikes `times` (None: always), after letting `after` requests through.

    Only requests count whose target (`/wp-json/wp/v2/posts?page=2`) contains `path`.
    """

    trouble: Trouble
    path: str = ""
    times: int | None = 1
    after: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, request: Request) -> Response | None:
        """The trouble's answer, or None when it is not this request's turn."""
        return self.trouble(request) if self._strikes(request) else None

    def _strikes(self, request: Request) -> bool:
        if self.path not in request.target:
            return False
        with self._lock:
            if self.after > 0:
                self.after -= 1
                return False
            if self.times is not None:
                self.times -= 1
            return self.times is None or self.times >= 0


class Faults:
    """The troubles in force, in the order of their adding; the first that answers wins."""

    def __init__(self) -> None:
        self._troubles: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        """Switches a trouble on."""
        self._troubles.append(trouble)

    def clear(self) -> None:
        """Switches all troubles off."""
        self._troubles.clear()

    def respond(self, request: Request) -> Response | None:
        """The first trouble's answer, if any."""
        answers = (trouble(request) for trouble in tuple(self._troubles))
        return next((answer for answer in answers if answer is not None), None)


def status(code: int, body: bytes = b"", **headers: str) -> Trouble:
    """An answer with this status; `Retry_After="2"` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: Response(code, body, {"Content-Type": "text/html"} | named)


def rate_limited(retry_after: float | str = 1) -> Trouble:
    """429 with Retry-After, in seconds or as an HTTP date."""
    return status(429, b"Too Many Requests", Retry_After=str(retry_after))


def maintenance(retry_after: int = 600) -> Trouble:
    """503 with the page that WordPress shows during an update."""
    return status(503, _MAINTENANCE.encode(), Retry_After=str(retry_after))


def html_page(text: str = "<html><body>Checking your browser…</body></html>") -> Trouble:
    """A host's own page with status 200 where JSON should be."""
    return lambda _request: Response.html(text)


def redirect(location: str, code: int = 301) -> Trouble:
    """Sends the client elsewhere."""
    return status(code, Location=location)


def wrapped(before: bytes = b"", after: bytes = b"") -> Trouble:
    """The right JSON with something around it: a BOM, a PHP notice, a cache's comment."""

    def answer(request: Request) -> Response:
        right = request.answer()
        return replace(right, body=before + right.body + after)

    return answer


def truncated(kept: float = 0.5) -> Trouble:
    """The right answer, cut off: the connection closes before Content-Length is reached."""

    def answer(request: Request) -> Response:
        right = request.answer()
        return replace(right, cut=max(1, round(len(right.body) * (1 - kept))))

    return answer


def slow(seconds: float) -> Trouble:
    """The right answer, dripping in over this time."""
    return lambda request: replace(request.answer(), seconds=seconds)


def hang_up() -> Trouble:
    """The connection closes without an answer."""
    return lambda _request: Response(hang_up=True)
