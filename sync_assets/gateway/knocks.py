"""Who knocks at the doors for hooks: tenants that prove themselves often, guessers seldom."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from sync_assets.core.tenants import is_tenant_id
from sync_assets.gateway.limits import GUESS_BURST, GUESSES, Buckets, refuse
from sync_assets.gateway.problems import Problem, not_there

PROVEN, PROVEN_BURST = 6_000, 3_000
"""Signed messages of a platform for a tenant, a minute and at once. A platform gives a subscription
up that is refused again and again, and a shop's import is thousands of messages. One takes 3.7 CPU
milliseconds: a process that shared two cores with much else answered 160 a second."""

MISSES, MISS_BURST = 300, 200
"""Wrong signatures a minute, and at once, from an address, for whatever tenants. More than for one
tenant: a platform's address sends for many, of which one may have been given a wrong secret."""


class Knocks:
    """The limits of these doors, of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._proven = Buckets(PROVEN, PROVEN_BURST, clock)
        self._of_one = Buckets(GUESSES, GUESS_BURST, clock)
        self._of_all = Buckets(MISSES, MISS_BURST, clock)

    def check(self, address: str, tenant_id: str) -> None:
        """Raise `Problem` 429 for who was wrong too often; it costs neither a query nor a hash."""
        wait = max(self._of_one.wait(f"{address} {tenant_id}"), self._of_all.wait(address))
        refuse(wait, "Too many wrong signatures from this address.")

    def missed(self, address: str, tenant_id: str) -> None:
        """Count a wrong signature, or a tenant that there is not, which is the same."""
        self._of_one.take(f"{address} {tenant_id}")
        self._of_all.take(address)

    def proved(self, tenant_id: str) -> None:
        """A signed message of a platform; raises `Problem` 429 for too many of a tenant."""
        refuse(self._proven.take(tenant_id), "This tenant's platform sends too often.")


@dataclass(frozen=True, slots=True)
class Knock:
    """A call at a door, by whoever it may be.

    Attributes:
        knocks: where it counts.
        address: from where it came.
        tenant_id: for whom; empty where that is no id.
    """

    knocks: Knocks
    address: str
    tenant_id: str

    def is_wrong(self) -> Problem:
        """Count it as a guess; gives the one answer to any that proves nothing."""
        self.knocks.missed(self.address, self.tenant_id)
        return not_there()

    def is_proven(self) -> None:
        """Count it for the tenant; raises `Problem` 429."""
        self.knocks.proved(self.tenant_id)


async def knocking(
    request: Request, tenant_id: Annotated[str, Path(description="The tenant's id.")]
) -> Knock:
    """Who knocks, before anything of the call is looked at; raises `Problem` 429 for guessers."""
    # What is no id is remembered as one and the same: it may be as long as a line of a request.
    known = tenant_id if is_tenant_id(tenant_id) else ""
    knock = Knock(request.app.state.knocks, request.client.host if request.client else "", known)
    knock.knocks.check(knock.address, knock.tenant_id)
    return knock


Knocking = Annotated[Knock, Depends(knocking)]
