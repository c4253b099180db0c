"""Opens the platform for a command.

Imported late: what the platform stands on takes a second to load, and `--help` needs none of it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sync_assets.core.errors import UnknownTenant
from sync_assets.core.tenants import Tenant
from sync_assets.start_up import loading

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform


@contextmanager
def opened() -> "Generator[Platform]":
    """The platform, closed at the end."""
    with loading():
        from sync_assets.bootstrap import Platform

    platform = Platform()
    try:
        yield platform
    finally:
        platform.close()


def registered(platform: "Platform", tenant_id: str) -> Tenant:
    """A tenant, removed ones included, without its secret: no key is needed to look.

    Raises:
        UnknownTenant: there never was one.
    """
    for tenant in platform.tenants.all():
        if tenant.id == tenant_id:
            return tenant
    raise UnknownTenant(
        f"There is no tenant {tenant_id!r:.80}. 'sync-assets tenant list' shows them all; "
        "'sync-assets tenant add' registers one."
    )
