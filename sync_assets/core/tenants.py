"""A tenant: one customer's site, shop or account at a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync_assets.core.errors import OperatorMustAct

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a source accepts as proof; the secret never shows in a repr."""

    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A registered tenant.

    Attributes:
        id: unique across sources; also the partition key.
        source: the platform's name.
        organization: who owns it.
        url: the address of the site, shop or account.
        credentials: None for a public tenant.
        settings: by name, as text; the source says which there are.
        active: False once it was removed; its rows stay.
        schedule: its own, as a cron line; `off` for none, None for the common one.
    """

    id: str
    source: str
    organization: str
    url: str
    credentials: Credentials | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    active: bool = True
    created_at: datetime | None = None
    schedule: str | None = None


def is_tenant_id(text: str) -> bool:
    """Does it look like a tenant's id?"""
    return _ID.fullmatch(text) is not None


def check_tenant_id(text: str) -> str:
    """The id itself, or an error that says what an id looks like."""
    if is_tenant_id(text):
        return text
    raise OperatorMustAct(
        f"{text!r:.80} cannot be a tenant's id. Use up to 63 small letters, digits, '-' and '_', "
        "beginning with a letter or digit."
    )
