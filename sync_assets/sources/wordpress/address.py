"""Where a site's REST API is, with pretty permalinks or plain ones."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit, urlunsplit

Params = Mapping[str, str | int]


class ApiRoot(NamedTuple):
    """The API's address: `https://example.org/wp-json`, or one with `?rest_route=`.

    Attributes:
        base: without a slash at the end.
        plain: routes go into the query, for sites without pretty permalinks.
    """

    base: str
    plain: bool = False

    @classmethod
    def parse(cls, url: str) -> "ApiRoot":
        """From the address of the API's index."""
        parts = urlsplit(url)
        plain = "rest_route" in parse_qs(parts.query, keep_blank_values=True)
        path = parts.path if plain else parts.path.rstrip("/")
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), plain)

    def request(self, route: str, params: Params) -> tuple[str, Params]:
        """The URL and the query of a route such as `/wp/v2/posts`."""
        if self.plain:
            return self.base, {"rest_route": route, **params}
        return self.base + route, params


def on_the_tenants_terms(linked: str, given: str) -> str:
    """An address that a site names, with the scheme and port under which the site was reached.

    Sites behind a proxy that ends TLS often call themselves http. Going up to https is fine,
    going down is not.
    """
    link, own = urlsplit(linked), urlsplit(given)
    if link.hostname != own.hostname or (own.scheme, link.scheme) == ("http", "https"):
        return linked
    return urlunsplit((own.scheme, own.netloc, link.path, link.query, ""))
