"""Asks a tenant's site whether its account is good enough."""

from typing import TYPE_CHECKING

from sync_assets.core.errors import SyncError
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform


def check(platform: "Platform", tenant: Tenant, consequence: str = "") -> None:
    """Connect as a sync would, and look for what the tenant's settings name.

    Raises:
        SyncError: it cannot; the consequence is added to what it says.
    """
    try:
        source = platform.source(tenant)
        with source.connect(tenant, SyncOptions(), StopSignal()) as connection:
            connection.verify()
            for stream in source.spec.streams:
                connection.collections(stream.name)
    except SyncError as error:
        if consequence:
            error.add_note(f"{consequence} (--no-check does without asking the site.)")
        raise
