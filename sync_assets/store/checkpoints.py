"""Where each collection of a tenant's stream stands."""

from uuid import UUID

import orjson

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import Checkpoint
from sync_assets.core.tenants import Tenant
from sync_assets.store.connection import Connection

_LOAD = """
    SELECT overlap_from, reread_from, loaded, listed_at, begun_at,
      sync_id = %(sync_id)s AS own
    FROM sync.checkpoints
    WHERE stream = %(stream)s AND collection = %(collection)s
"""
# Whoever changes a tenant holds its leases meanwhile, and so does the transaction of this.
_SAVE = """
    INSERT INTO sync.checkpoints
      (tenant_id, stream, collection, overlap_from, reread_from, loaded, listed_at, begun_at,
       sync_id)
    SELECT id, %(stream)s, %(collection)s, %(overlap_from)s::timestamptz,
      %(reread_from)s::bigint, %(loaded)s, %(listed_at)s::timestamptz,
      %(begun_at)s::timestamptz, %(sync_id)s
    FROM sync.tenants
    WHERE id = current_setting('sync_assets.tenant_id') AND url = %(url)s
      AND (secret IS NULL) = %(public)s AND settings = %(settings)s::jsonb
    ON CONFLICT (tenant_id, stream, collection) DO UPDATE SET
      overlap_from = excluded.overlap_from, reread_from = excluded.reread_from,
      loaded = excluded.loaded, listed_at = excluded.listed_at, begun_at = excluded.begun_at,
      sync_id = excluded.sync_id, updated_at = now()
"""


def load_checkpoint(
    connection: Connection, stream: str, collection: str, sync_id: UUID | None
) -> Checkpoint:
    """The stored checkpoint, as this sync sees it; an empty one before the first sync."""
    parameters = {"stream": stream, "collection": collection, "sync_id": sync_id}
    row = connection.execute(_LOAD, parameters).fetchone()
    return Checkpoint() if row is None else Checkpoint(*row[:5], own=bool(row.own))


def save_checkpoint(
    connection: Connection,
    tenant: Tenant,
    stream: str,
    collection: str,
    sync_id: UUID,
    checkpoint: Checkpoint,
) -> None:
    """Store a checkpoint, in the transaction of the page that it stands behind.

    Args:
        connection: in a transaction that holds the stream's lease.
        tenant: as the sync knows it.
        stream: which is synced.
        collection: where the checkpoint stands.
        sync_id: the sync.
        checkpoint: what is stored.

    Raises:
        RetryLater: the tenant was changed meanwhile, so that what was read may be another site's.
    """
    parameters = {
        "stream": stream,
        "collection": collection,
        "sync_id": sync_id,
        "overlap_from": checkpoint.overlap_from,
        "reread_from": checkpoint.reread_from,
        "loaded": checkpoint.loaded,
        "listed_at": checkpoint.listed_at,
        "begun_at": checkpoint.begun_at,
        "url": tenant.url,
        "public": tenant.credentials is None,
        "settings": orjson.dumps(dict(tenant.settings)).decode(),
    }
    if connection.execute(_SAVE, parameters).rowcount == 0:
        raise RetryLater(
            f"The address, settings or kind of access of {tenant.id} were changed while it was "
            "synced. The next attempt reads everything again."
        )
