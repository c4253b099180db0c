"""Turns what an organization sends of a tenant into one, or says what is wrong with it."""

import secrets
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cronsim import CronSim, CronSimError

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError, WrongWish
from sync_assets.core.schedules import OFF
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.limits import Places
from sync_assets.gateway.problems import Problem, plainly
from sync_assets.sources import SOURCES

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"

asking = Places(4, 2)
"""Sites that are asked at the same time; each may keep a thread for a minute."""


def new_id(name: str) -> str:
    """A tenant's id that nobody has: whether a name is taken tells of other organizations."""
    return f"{name}-{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


def known_source(name: str) -> str:
    """The source's name; raises `WrongWish` where there is none."""
    if name not in SOURCES:
        raise WrongWish(f"There is no source {name!r:.60}. There is {', '.join(SOURCES)}.")
    return name


def address(text: str) -> str:
    """A site's URL without a slash at the end; raises `WrongWish`, which repeats no secret."""
    parts = _split(text.strip())
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WrongWish("The url is no address. It looks like https://site.com.")
    if "@" in parts.netloc:
        raise WrongWish("The url holds credentials. Send them beside it.")
    if parts.query or parts.fragment:
        raise WrongWish("The url has a '?' or '#'. Send the address of the site's front page.")
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def settings(given: Mapping[str, str], spec: SourceSpec) -> dict[str, str]:
    """The settings; raises `WrongWish` for unknown or unusable ones."""
    for name, value in given.items():
        if name not in spec.settings:
            has = ", ".join(spec.settings) or "none"
            raise WrongWish(f"{spec.title} has no setting {name!r:.60}. It has {has}.")
        try:
            spec.settings[name].parse(value)
        except ValueError as error:
            raise WrongWish(f"The setting {name}: {error}") from error
    return dict(given)


def schedule(text: str) -> str | None:
    """A schedule as it is stored; raises `WrongWish` for what is no cron line, or never comes."""
    words = " ".join(text.split())
    if words in {OFF, "default"}:
        return None if words == "default" else words
    if _comes(words):
        return words
    raise WrongWish(
        "The schedule is no cron line of five fields, such as '0 */6 * * *', nor 'off' or "
        "'default'."
    )


def _comes(cron: str) -> bool:
    """Is it a cron line, and does its moment ever come?"""
    if len(cron.split()) != 5:  # a sixth field would be seconds, which nobody keeps to
        return False
    try:
        return next(CronSim(cron, utc_now()), None) is not None
    except CronSimError:
        return False


def check_account(platform: Platform, tenant: Tenant) -> None:
    """Ask the site whether the account is good enough.

    Raises:
        Problem: 422 with what the site had against it; 429 or 503 where too many are asked already.
    """
    with asking.taken(tenant.organization):
        try:
            platform.check_account(tenant)
        except SyncError as error:
            detail = f"The site was asked, and nothing was changed. {plainly(str(error))}"
            raise Problem(422, detail=detail) from error


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # ValueError, too, for what is no port
    except ValueError:
        return None
    return parts
