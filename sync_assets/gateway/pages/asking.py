"""What the page's buttons do: start, cancel and repeat syncs; each leads back to the page."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from pydantic import Field

from sync_assets.core.errors import Conflict
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.enqueue import enqueue
from sync_assets.gateway.pages.route import PageRoute
from sync_assets.gateway.pages.visitor import Acting, PageSync, PageTenant
from sync_assets.gateway.shapes import Name
from sync_assets.gateway.state import ThePlatform

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Parts = Annotated[list[Name], Form(), Field(max_length=50)]


@router.post("/t/{tenant_id}/syncs")
def start(
    tenant: PageTenant,
    visitor: Acting,
    platform: ThePlatform,
    kind: Annotated[Literal["quick", "full"], Form()] = "quick",
    parts: Parts = [],  # noqa: B006 - pydantic copies it
) -> RedirectResponse:
    """Ask for a sync; a quick one goes before all that is less urgent."""
    if not parts:
        return RedirectResponse(f"/t/{tenant.id}?choose=1#start", 303)
    full = kind == "full"
    [asked] = enqueue(
        platform,
        [tenant.id],
        SyncOptions(full=full),
        streams=parts,
        organization=visitor.caller.organization,
        priority=Priority.NORMAL if full else Priority.HIGH,
        asked_by=visitor.caller.name,
    )
    return _back(tenant.id, asked.sync_id)


@router.post("/t/{tenant_id}/syncs/{sync_id}/cancel")
def cancel(
    tenant: PageTenant, sync: PageSync, visitor: Acting, platform: ThePlatform
) -> RedirectResponse:
    """Take a sync back; one that has ended meanwhile is just shown."""
    try:
        platform.requests.cancel(sync, visitor.caller.name)
    except Conflict:
        return _back(tenant.id, sync)
    return _back(tenant.id, sync, "&cancelling=1")


@router.post("/t/{tenant_id}/syncs/{sync_id}/retry")
def retry(
    tenant: PageTenant, sync: PageSync, visitor: Acting, platform: ThePlatform
) -> RedirectResponse:
    """Ask once more for a sync that failed or was cancelled."""
    return _back(tenant.id, platform.requests.retry(sync, visitor.caller.name))


def _back(tenant_id: str, sync: UUID, also: str = "") -> RedirectResponse:
    return RedirectResponse(f"/t/{tenant_id}?sync={sync}{also}#sync", 303)
