"""Who calls: the key in the header, and what it may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from sync_assets.core.keys import Scope
from sync_assets.gateway.limits import Limits
from sync_assets.gateway.problems import Problem, not_there
from sync_assets.gateway.state import ThePlatform

BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `sa_…`.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds a key."""

    key_id: str
    organization: str
    scopes: frozenset[Scope]

    @property
    def name(self) -> str:
        """As it stands in records: `key abc…`."""
        return f"key {self.key_id}"


def authenticated(
    request: Request, platform: ThePlatform, _scheme: Annotated[object, Security(BEARER)]
) -> Caller:
    """The holder of the key in the header.

    Raises:
        Problem: 401 without any; 404, as for what is unknown, for one that is no good; 429.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise Problem(
            401,
            detail="Send a key: 'Authorization: Bearer sa_…'.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    scheme, _, text = header.partition(" ")
    given = text.strip() if scheme.lower() == "bearer" else ""
    caller = caller_of_text(request, platform, given)
    if caller is None:
        raise not_there()
    return caller


def caller_of_text(request: Request, platform: ThePlatform, text: str) -> Caller | None:
    """The holder of a key, None where it is no good; both ways count against limits.

    Raises:
        Problem: 429 for who asks too often, or gives wrong keys too often.
    """
    limits: Limits = request.app.state.limits
    address = request.client.host if request.client else ""
    key = platform.keys.good(text)
    if key is None:
        limits.guessed(address)
        return None
    caller = Caller(key.id, key.organization, key.scopes)
    request.state.caller = caller
    limits.spend(key.id)
    return caller


Authenticated = Annotated[Caller, Depends(authenticated)]


def _with(scope: Scope) -> Callable[[Authenticated], Awaitable[Caller]]:
    async def caller(caller: Authenticated) -> Caller:
        if scope not in caller.scopes:
            detail = f"This key lacks the scope {scope.value!r}."
            raise Problem(403, detail=detail, kind="missing-scope", scope=scope.value)
        return caller

    return caller


Reader = Annotated[Caller, Depends(_with(Scope.READ))]
Syncer = Annotated[Caller, Depends(_with(Scope.SYNC))]
Admin = Annotated[Caller, Depends(_with(Scope.ADMIN))]
"""The caller, whose key has that scope."""
