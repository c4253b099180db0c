"""Finds a site's REST API, wherever its permalinks and plugins put it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError, TenantMustAct
from sync_assets.core.tenants import Tenant
from sync_assets.sources.answers import (
    Answer,
    InCircles,
    Unserved,
    http_date,
    may_carry_credentials,
)
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wordpress.address import ApiRoot, on_the_tenants_terms
from sync_assets.sources.wordpress.client import Client, error_code

_API_LINK = re.compile(r'<([^<>\s]+)>\s*;[^,]*?rel="?https://api\.w\.org/"?', re.IGNORECASE)
_NOT_HERE = (Unserved, InCircles)  # with plain permalinks `/wp-json/` is a page or a circle
_FIELDS = {"_fields": "name,namespaces,home"}


class Found(NamedTuple):
    """A REST API.

    Attributes:
        root: where it is.
        namespaces: what is installed, such as `wp/v2`.
        now: the site's own time.
    """

    root: ApiRoot
    namespaces: frozenset[str]
    now: datetime


def discover(http: HttpSession, tenant: Tenant) -> Found:
    """Find the API: at `/wp-json/`, where the front page says, or behind `?rest_route=/`.

    Raises:
        TenantMustAct: there is no WordPress at the tenant's address.
    """
    trouble: SyncError | None = None
    for url in _candidates(http, tenant):
        try:
            found = _index(http, tenant, url)
        except _NOT_HERE as error:
            trouble = error
            continue
        if found is not None:
            return found
    raise trouble or TenantMustAct(
        f"There is no WordPress API at {tenant.id}'s address. Check the address, and that no "
        "plugin or firewall closes the REST API; a new address is given with "
        f"'sync-assets tenant update {tenant.id} --url URL'."
    )


def _candidates(http: HttpSession, tenant: Tenant) -> Iterator[str]:
    """Addresses to try, the likeliest first: the front page is dear on most sites."""
    site = tenant.url.rstrip("/") + "/"
    yield site + "wp-json/"
    linked = _linked(http, tenant, site)
    if linked is not None:
        yield linked
    yield site + "?rest_route=/"


def _linked(http: HttpSession, tenant: Tenant, site: str) -> str | None:
    """The address that the front page's Link header names, if it answers with one."""
    try:
        answer = http.get(site, auth=tenant.credentials, attempts=2)
    except _NOT_HERE:  # themes break, and front pages redirect to themselves, beside a sound API
        return None
    found = _API_LINK.search(answer.headers.get("Link", ""))
    if found is None:
        return None
    linked = on_the_tenants_terms(urljoin(answer.url, found[1]), answer.url)
    if tenant.credentials is not None and not may_carry_credentials(tenant.url, linked):
        raise TenantMustAct(
            f"{tenant.id}'s site says that its API is at {_home(linked)}, and credentials are not "
            "sent there. If that is the site's address, give it to the tenant with "
            f"'sync-assets tenant update {tenant.id} --url {_home(linked)}'."
        )
    return linked


def _index(http: HttpSession, tenant: Tenant, url: str) -> Found | None:
    """The API at this address, None when it is not there; a refusal is raised."""
    root = ApiRoot.parse(url)
    answer = http.get(*root.request("/", _FIELDS), auth=tenant.credentials, expect=dict)
    if answer.status == 401 or (answer.status == 403 and error_code(answer)):
        raise Client(http, root, tenant).refusal(answer)
    if not _is_wordpress(answer):
        return None
    root = ApiRoot.parse(answer.url)  # redirected to https once, not with every request
    return Found(root, frozenset(answer.json["namespaces"]), _now(answer))


def _is_wordpress(answer: Answer) -> bool:
    return answer.ok and "wp/v2" in (answer.json.get("namespaces") or ())


def _now(answer: Answer) -> datetime:
    return http_date(answer.headers.get("Date", "")) or utc_now()


def _home(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
