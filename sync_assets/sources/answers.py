"""What an HTTP answer means before anybody looks into its JSON.

RetryLater
└── Unserved            the site could not serve this request; a smaller one may succeed
    └── TooLarge        the answer is larger than the cap
TenantMustAct
└── InCircles           the address redirects without end
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit

from sync_assets.core.clock import utc_now
from sync_assets.core.errors import RetryLater, TenantMustAct

_REDIRECTS = {301, 302, 303, 307, 308}
_WORTH_ANOTHER_TRY = {408, 425, 429}
_NEVER_BETTER = {501, 505}
_PORTS = {"http": 80, "https": 443}


class Unserved(RetryLater):
    """The site could not serve this request, but might be able to serve a smaller one."""


class TooLarge(Unserved):
    """The answer is larger than the cap; asking again would only repeat that."""


class InCircles(TenantMustAct):
    """The address redirects without end."""


class Answer(NamedTuple):
    """An answer that was read to its end.

    Attributes:
        headers: names in any case.
        json: the parsed body; None when there is none, or it was not asked for.
        url: where it came from, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    json: Any
    url: str

    @property
    def ok(self) -> bool:
        """Is the status one of success?"""
        return 200 <= self.status < 300


def worth_another_try(status: int) -> bool:
    """Can the same request succeed later?"""
    return status in _WORTH_ANOTHER_TRY or (status >= 500 and status not in _NEVER_BETTER)


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Does the answer only say where another one is?"""
    return status in _REDIRECTS and "Location" in headers


def redirected_to(status: int, headers: Mapping[str, str], url: str) -> str | None:
    """The address that a redirect names, None when it is no redirect."""
    location = headers.get("Location") if status in _REDIRECTS else None
    if not location:
        return None
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:
        return location


def is_secret(url: str) -> bool:
    """Is what goes to this address, the address included, nobody else's to read?"""
    return url.lower().startswith("https://")


def stays_secret(url: str, onward: str) -> bool:
    """Does a redirect lead from https to nothing less?"""
    return is_secret(onward) or not is_secret(url)


def may_carry_credentials(origin: str, target: str) -> bool:
    """May credentials that were meant for one address go to another one?

    Only to the same host and port, or from http up to https on the same host.
    """
    first, then = urlsplit(origin), urlsplit(target)
    if first.hostname != then.hostname:
        return False
    if (first.scheme, then.scheme) == ("http", "https"):
        return True
    return first.scheme == then.scheme and _port(first) == _port(then)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the site asks us to wait; an HTTP date counts from its own clock."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    wanted = http_date(text)
    if wanted is None:
        return None
    now = http_date(headers.get("Date", "")) or utc_now()
    return max(0.0, (wanted - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """An HTTP date in UTC, or None."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown(url: str) -> str:
    """An address as messages and logs may show it: no credentials, no query but the route."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable)"
    host = parts.netloc.rpartition("@")[2]
    route = parse_qs(parts.query).get("rest_route")
    return f"{parts.scheme}://{host}{parts.path}" + (f"?rest_route={route[0]}" if route else "")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
