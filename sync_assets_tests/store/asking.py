"""Asks for syncs, and begins them as a run would."""

from dataclasses import replace
from uuid import UUID, uuid4

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncRequest
from sync_assets.core.queues import Priority
from sync_assets.core.tenants import Tenant
from sync_assets.enqueue import enqueue


def know(platform: Platform, *tenants: str, organization: str = "agency") -> None:
    """Register public tenants."""
    for tenant in tenants:
        platform.tenants.add(Tenant(tenant, "wordpress", organization, "http://demo.invalid"))


def ask(
    platform: Platform, tenant: str = "acme", *streams: str, priority: Priority = Priority.NORMAL
) -> UUID:
    """Ask for a sync of a registered tenant; gives its id."""
    asked = enqueue(platform, [tenant], streams=streams, priority=priority, asked_by="test")
    return asked[0].sync_id


def launch(platform: Platform, sync_id: UUID) -> UUID:
    """Launch whatever waits, as the sensor would; gives the claim of this one."""
    for found in platform.claims.take(100, utc_now()):
        if sync_id in {request.id for request in found.requests}:
            return found.claim
    raise AssertionError("it is not due")


def begin(platform: Platform, sync_id: UUID) -> SyncRequest:
    """Launch a request and begin it, as its run would."""
    claim, request = launch(platform, sync_id), platform.requests.get(sync_id)
    wanted = platform.request(request.tenant_id, request.streams, request.options, sync_id)
    wanted = replace(wanted, run_id=str(uuid4()))
    platform.attempts.take_up(wanted, claim, "test")
    platform.syncs.begin(wanted)
    return wanted
