"""The records that a sync could not keep."""

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_LETTERS = """
    SELECT stream, record, cause FROM sync.dead_letters
    WHERE sync_id = :sync AND resolved_at IS NULL ORDER BY id LIMIT :limit
"""


def letters_of(platform: "Platform", sync_id: UUID, limit: int) -> list[tuple[str, str, str]]:
    """Stream, record and cause of a sync's dead letters, the first few."""
    from sqlalchemy import text

    with platform.database.as_control() as connection:
        rows = connection.execute(text(_LETTERS), {"sync": sync_id, "limit": limit})
        return [(row.stream, row.record, row.cause) for row in rows]
