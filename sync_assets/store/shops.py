"""Adds a shop's month up where its rows are: exact, and bounded by the catalogue, not the sales."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sync_assets.core.months import Month
from sync_assets.core.shops import (
    DayTakings,
    EmptyStock,
    ProductSales,
    ShopQueries,
    ShopSummary,
    Takings,
)
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

MOST = 10
"""Products of a currency, and variants without stock, that are told."""


class Shops:
    """Counts the months of shops, as their tenant."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        """`zone`: by whose clocks a month begins."""
        self._database = database
        self._zone = zone

    def now_month(self, now: datetime) -> Month:
        """The month that it is."""
        return Month.of(now, self._zone)

    def summary(
        self, tenant_id: str, queries: ShopQueries, month: Month, most: int = MOST
    ) -> ShopSummary:
        """A tenant's month, from the rows as they are now.

        Args:
            tenant_id: whose.
            queries: those of its source.
            month: which; it may be over, at work, or to come.
            most: how many products of a currency, and variants without stock, are wanted.

        Raises:
            SyncError: the database does not answer.
        """
        start, until = month.span(self._zone)
        span = {"start": start, "until": until, "zone": self._zone.key, "most": most}
        with self._database.as_tenant(tenant_id) as connection:
            empty, total = _empty(connection, queries, span)
            return ShopSummary(
                tenant_id,
                str(month),
                self._zone.key,
                start,
                until,
                most,
                days=_days(connection, queries, span),
                products=_products(connection, queries, span),
                empty=empty,
                empty_total=total,
            )


def _days(
    connection: Connection, queries: ShopQueries, span: Mapping[str, Any]
) -> list[DayTakings]:
    query = f"""
        SELECT (at AT TIME ZONE %(zone)s)::date AS day, currency,
          sum(orders), sum(revenue), sum(refunds), sum(refunded)
        FROM ({queries.takings}) AS taken GROUP BY day, currency ORDER BY day, currency
    """  # noqa: S608 - written in the registry, as are those below
    return [DayTakings(day, Takings(*row)) for day, *row in connection.execute(query, span)]


def _products(
    connection: Connection, queries: ShopQueries, span: Mapping[str, Any]
) -> list[ProductSales]:
    """The best; what has no product is told apart by its title."""
    query = f"""
        WITH sold AS (
          SELECT currency, product_id, max(title) AS title, sum(units)::bigint AS units,
            sum(revenue) AS revenue
          FROM ({queries.sales}) AS lines
          GROUP BY currency, product_id, CASE WHEN product_id IS NULL THEN title END
        ), placed AS (
          SELECT *,
            row_number() OVER (PARTITION BY currency
              ORDER BY revenue DESC, units DESC, title, product_id) AS by_revenue,
            row_number() OVER (PARTITION BY currency
              ORDER BY units DESC, revenue DESC, title, product_id) AS by_units
          FROM sold
        )
        SELECT * FROM placed WHERE least(by_revenue, by_units) <= %(most)s
        ORDER BY currency, by_revenue
    """  # noqa: S608 - names of our own
    return [ProductSales(*row) for row in connection.execute(query, span)]


def _empty(
    connection: Connection, queries: ShopQueries, span: Mapping[str, Any]
) -> tuple[list[EmptyStock], int]:
    """What can be bought comes first: nobody misses what was archived."""
    query = f"""
        SELECT *, count(*) OVER () AS total FROM ({queries.stock}) AS held WHERE available <= 0
        ORDER BY NOT on_sale, product, product_id, variant, variant_id LIMIT %(most)s
    """  # noqa: S608 - names of our own
    rows = connection.execute(query, span).fetchall()
    return [EmptyStock(*row[:-1]) for row in rows], rows[0].total if rows else 0
