"""Tokens that a platform grants for a while, shared by all processes."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Token:
    """A token; it never shows in a repr.

    Attributes:
        ends: when it is no longer good.
        proof: what it was granted for, such as a fingerprint of the credentials.
    """

    value: str = field(repr=False)
    ends: datetime
    proof: str = field(repr=False)


class Tokens(Protocol):
    """The tokens of all tenants."""

    def get(self, tenant_id: str) -> Token | None:
        """The tenant's token, which may have ended."""
        ...

    def put(self, tenant_id: str, token: Token) -> None:
        """Keep a token in the place of an older one."""
        ...
