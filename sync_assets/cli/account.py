"""Asks a tenant's site whether its account is good enough."""

from typing import TYPE_CHECKING

from sync_assets.core.errors import SyncError
from sync_assets.core.tenants import Tenant

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform


def check(platform: "Platform", tenant: Tenant, consequence: str = "") -> None:
    """Connect as a sync would; see `Platform.check_account`.

    Raises:
        SyncError: it cannot; the consequence is added to what it says.
    """
    try:
        platform.check_account(tenant)
    except SyncError as error:
        if consequence:
            error.add_note(f"{consequence} (--no-check does without asking the site.)")
        raise
