"""Where each collection of a tenant's stream stands."""

from uuid import UUID

from sqlalchemy import Connection, text

from sync_assets.core.ports import Checkpoint

_LOAD = text("""
    SELECT overlap_from, reread_from, loaded, listed_at, sync_id = :sync_id AS own
    FROM sync.checkpoints
    WHERE stream = :stream AND collection = :collection
""")
_SAVE = text("""
    INSERT INTO sync.checkpoints
      (tenant_id, stream, collection, overlap_from, reread_from, loaded, listed_at, sync_id)
    VALUES (current_setting('sync_assets.tenant_id'), :stream, :collection, :overlap_from,
      :reread_from, :loaded, :listed_at, :sync_id)
    ON CONFLICT (tenant_id, stream, collection) DO UPDATE SET
      overlap_from = excluded.overlap_from, reread_from = excluded.reread_from,
      loaded = excluded.loaded, listed_at = excluded.listed_at,
      sync_id = excluded.sync_id, updated_at = now()
""")


def load_checkpoint(
    connection: Connection, stream: str, collection: str, sync_id: UUID | None
) -> Checkpoint:
    """The stored checkpoint, as this sync sees it; an empty one before the first sync."""
    parameters = {"stream": stream, "collection": collection, "sync_id": sync_id}
    row = connection.execute(_LOAD, parameters).one_or_none()
    return Checkpoint() if row is None else Checkpoint(*row[:4], own=bool(row.own))


def save_checkpoint(
    connection: Connection, stream: str, collection: str, sync_id: UUID, checkpoint: Checkpoint
) -> None:
    """Store a checkpoint, in the transaction of the page that it stands behind."""
    connection.execute(
        _SAVE,
        {
            "stream": stream,
            "collection": collection,
            "sync_id": sync_id,
            "overlap_from": checkpoint.overlap_from,
            "reread_from": checkpoint.reread_from,
            "loaded": checkpoint.loaded,
            "listed_at": checkpoint.listed_at,
        },
    )
