"""Who looks at a page: whoever signed in with a key, for as long as the key is good."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from sync_assets.core.keys import Scope
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.access import Caller
from sync_assets.gateway.limits import Limits
from sync_assets.gateway.pages import cookies, forms
from sync_assets.gateway.problems import Problem, not_there
from sync_assets.gateway.state import ThePlatform


class SignedOut(Exception):
    """Nobody is signed in; the answer is the way to the door."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in.

    Attributes:
        token: what the forms of the page bear.
    """

    caller: Caller
    token: str

    @property
    def may_sync(self) -> bool:
        """May syncs be started and cancelled?"""
        return Scope.SYNC in self.caller.scopes


def signed_in(request: Request, platform: ThePlatform) -> Visitor:
    """Whoever has the session of the cookie.

    Raises:
        SignedOut: there is none, or it is over.
        Problem: 429 for who asks too often.
    """
    session = cookies.session_of(request)
    found = platform.page_sessions.find(session) if session else None
    if session is None or found is None:
        raise SignedOut
    caller = Caller(found.key_id, found.organization, found.scopes)
    request.state.caller = caller
    limits: Limits = request.app.state.limits
    limits.spend(caller.key_id)
    return Visitor(caller, forms.token_of(session))


SignedIn = Annotated[Visitor, Depends(signed_in)]


def tenant_of(tenant_id: str, visitor: SignedIn, platform: ThePlatform) -> Tenant:
    """The tenant of the page.

    Raises:
        UnknownTenant: it is unknown, removed, or somebody else's.
    """
    return platform.tenants.owned(tenant_id, visitor.caller.organization)


PageTenant = Annotated[Tenant, Depends(tenant_of)]


def sync_of(
    tenant: PageTenant,
    visitor: SignedIn,
    platform: ThePlatform,
    sync_id: Annotated[UUID, Path()],
) -> UUID:
    """A sync of the page's tenant.

    Raises:
        UnknownSync: there is none, or it is another organization's.
        Problem: 404 for one of another tenant.
    """
    if platform.syncs.owner_of(sync_id, visitor.caller.organization) != tenant.id:
        raise not_there()
    return sync_id


PageSync = Annotated[UUID, Depends(sync_of)]


def acting(request: Request, visitor: SignedIn, token: forms.Token = "") -> Visitor:
    """Whoever sent a form that changes something.

    Raises:
        Problem: 403 for a form that is not ours, or a key that may not.
    """
    forms.check(request, token, cookies.session_of(request))
    if not visitor.may_sync:
        scope = Scope.SYNC.value
        raise Problem(403, detail=f"This key lacks the scope {scope!r}.", scope=scope)
    return visitor


Acting = Annotated[Visitor, Depends(acting)]
