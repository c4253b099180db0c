"""One request in, one response out: HTTP without the sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import orjson


def _no_headers() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out.

    The last `cut` bytes of the body are held back and the connection closed; the body takes
    `seconds` to arrive; `hang_up` closes without a word.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=_no_headers)
    cut: int = 0
    seconds: float = 0.0
    hang_up: bool = False

    @classmethod
    def json(
        cls, data: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self:
        """A JSON body under WordPress's content type."""
        kind = {"Content-Type": "application/json; charset=UTF-8"}
        return cls(status, orjson.dumps(data), kind | dict(headers or {}))

    @classmethod
    def html(cls, text: str, status: int = 200) -> Self:
        """A page for people."""
        return cls(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """The same with these headers as well."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Request:
    """What came in.

    `route` is the REST route (`/wp/v2/posts/7`), None for a page for people. `params` are as PHP
    sees them: the last of equal keys wins, `x[]=1&x[]=2` becomes `1,2`. Header names are in lower
    case. A `body` may be a secret and is not shown. `answer` gives the response that the site would
    send; a fault may call it and change that.
    """

    method: str
    target: str
    path: str
    route: str | None
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    answer: Callable[[], Response] = field(default=Response, repr=False)

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str]) -> Self:
        """Splits a request line's target, such as `/wp-json/wp/v2/posts?page=2`."""
        url = urlsplit(target)
        params = _php_params(url.query)
        route = _route(url.path, params)
        return cls(method, target, url.path, route, params, headers)


def _php_params(query: str) -> dict[str, str]:
    params: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        name, bracket, _ = key.partition("[")
        params[name] = f"{params[name]},{value}" if bracket and name in params else value
    return params


def _route(path: str, params: Mapping[str, str]) -> str | None:
    if path in {"/", "/index.php"} and "rest_route" in params:
        return "/" + params["rest_route"].strip("/")
    if path == "/wp-json" or path.startswith("/wp-json/"):
        return "/" + path.removeprefix("/wp-json").strip("/")
    return None
