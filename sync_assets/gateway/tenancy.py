"""Whose a tenant or a sync is: the caller's organization's, or it is as good as unknown."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from sync_assets.core.tenants import Tenant
from sync_assets.gateway.access import Authenticated
from sync_assets.gateway.state import ThePlatform


def own_tenant(
    tenant_id: Annotated[str, Path(description="The tenant's id.")],
    caller: Authenticated,
    platform: ThePlatform,
) -> Tenant:
    """An active tenant of the caller's organization, without its secret.

    Raises:
        UnknownTenant: it is unknown, removed, or somebody else's.
    """
    return platform.tenants.owned(tenant_id, caller.organization)


@dataclass(frozen=True, slots=True)
class SyncOf:
    """A sync and the tenant that it belongs to."""

    id: UUID
    tenant_id: str


def own_sync(
    sync_id: Annotated[UUID, Path(description="The sync's id.")],
    caller: Authenticated,
    platform: ThePlatform,
) -> SyncOf:
    """A sync of a tenant of the caller's organization.

    Raises:
        UnknownSync: it is unknown, or somebody else's.
    """
    return SyncOf(sync_id, platform.syncs.owner_of(sync_id, caller.organization))


OwnTenant = Annotated[Tenant, Depends(own_tenant)]
OwnSync = Annotated[SyncOf, Depends(own_sync)]
