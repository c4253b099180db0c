"""Looks into the gateway's own tables, as their owner."""

from typing import Any

from sync_assets.bootstrap import Platform


def rows(platform: Platform, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query."""
    with platform.database.as_owner() as connection:
        return [dict(row) for row in connection.execute(query, parameters).mappings()]


def change(platform: Platform, statement: str, **parameters: Any) -> None:
    """Do what no part of the program does."""
    with platform.database.as_owner() as connection:
        connection.execute(statement, parameters)


def count(platform: Platform, table: str) -> int:
    """The rows of a table of the schema `sync`."""
    return rows(platform, f"SELECT count(*) AS n FROM sync.{table}")[0]["n"]  # noqa: S608
