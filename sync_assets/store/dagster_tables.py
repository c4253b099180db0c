"""Looks into Dagster's tables, in the schema `dagster` of the same database.

For what Dagster's public interface does not offer, to processes that do not load it.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

BATCH = 10_000

# The column `timestamp` has no zone, and is filled by the server's; the body has seconds.
_BEATS = """
    SELECT daemon_type, (body::jsonb->>'timestamp')::float8 AS at FROM dagster.daemon_heartbeats
"""
# `delete_run` leaves them. The newest of each partition is what Dagster shows.
_CHECKS = """
    WITH newest AS (
      SELECT max(id) AS id FROM dagster.asset_check_executions
      WHERE evaluation_event_storage_id IS NOT NULL
      GROUP BY asset_key, check_name, partition
    )
    DELETE FROM dagster.asset_check_executions WHERE id IN (
      SELECT c.id FROM dagster.asset_check_executions c
      WHERE c.evaluation_event_timestamp < %(before)s::timestamptz AT TIME ZONE 'UTC'
        AND NOT EXISTS (SELECT FROM dagster.runs r WHERE r.run_id = c.run_id)
        AND NOT EXISTS (SELECT FROM newest n WHERE n.id = c.id)
      ORDER BY c.id LIMIT %(batch)s)
"""


def heartbeats(database: Database) -> Mapping[str, datetime]:
    """When each part of Dagster's daemon last gave a sign of life; empty if it never ran here."""
    with database.as_owner() as connection:
        if not _there(connection, "daemon_heartbeats"):
            return {}
        rows = connection.execute(_BEATS).fetchall()
    return {row.daemon_type: datetime.fromtimestamp(row.at, UTC) for row in rows}


def forget_checks(database: Database, before: datetime, until: float) -> int:
    """Delete old results of checks whose run was deleted, but the newest; gives their number.

    Stops between two batches once `time.monotonic()` is past `until`.
    """
    deleted = 0
    while time.monotonic() < until:
        with database.as_owner() as connection:
            if not _there(connection, "asset_check_executions"):
                return 0
            count = connection.execute(_CHECKS, {"before": before, "batch": BATCH}).rowcount
        deleted += count
        if count < BATCH:
            break
    return deleted


def _there(connection: Connection, table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%(name)s)", {"name": f"dagster.{table}"})
    return found.scalar() is not None
