"""Deletes all that is kept of a tenant."""

from typing import TYPE_CHECKING

from sync_assets.cli import children
from sync_assets.cli.output import say
from sync_assets.core.tenants import Tenant

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform


def purge(platform: "Platform", tenant: Tenant) -> int:
    """Delete a tenant, its rows and its history; gives the number of rows."""
    from sync_assets.store.chunk_indexes import ChunkIndexes
    from sync_assets.store.rows import tables_of

    streams = platform.spec(tenant.source).streams
    tables = list(dict.fromkeys(tables_of(stream.table for stream in streams)))
    deleted = platform.tenants.purge(tenant.id, tables)
    ChunkIndexes(platform.database).tidy()
    _forget(platform, tenant)
    return deleted


def _forget(platform: "Platform", tenant: Tenant) -> None:
    """Remove the partition in Dagster."""
    from sync_assets.environment import environment

    child = children.start(
        "forget",
        children.python("sync_assets.defs.forget", tenant.source, tenant.id),
        platform.settings.home / "logs" / "forget.log",
        environment(platform),
    )
    if child.process.wait() != 0:
        say(
            f"Dagster still shows the partition {tenant.id}; the tenant sensor will remove it. "
            f"The cause is in {child.log}."
        )
