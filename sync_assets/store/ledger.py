"""The ledger: money is reserved before a call to a provider, and settled with its answer."""

import logging
from datetime import date
from uuid import UUID

from sync_assets.core.budget import Call, Reservation
from sync_assets.core.errors import UnknownTenant
from sync_assets.store.budgets import Budgets
from sync_assets.store.connection import Connection
from sync_assets.store.database import Database

_log = logging.getLogger(__name__)

# One at a time for each organization and tenant, whether they have budgets or not: a row that is
# not there cannot be locked. Another seed than that of the lock which a purge takes.
_ALONE = """
    SELECT organization, pg_advisory_xact_lock(hashtextextended(organization, 1)),
      pg_advisory_xact_lock(hashtextextended(id, 2))
    FROM sync.tenants WHERE id = %(tenant)s
"""
_WHOSE = "SELECT organization FROM sync.tenants WHERE id = %(tenant)s"
_RESERVE = """
    INSERT INTO sync.ledger (tenant_id, organization, month, sync_id, purpose, model, inputs,
      tokens_estimated, tokens_reserved, price_per_million, currency, reserved)
    VALUES (%(tenant)s, %(organization)s, %(month)s, %(sync)s, %(purpose)s, %(model)s, %(inputs)s,
      %(estimated)s, %(bound)s, %(price)s, %(currency)s, %(reserved)s)
    RETURNING id
"""
# What was believed lost is in the spending already, at its upper bound: that is corrected.
_SETTLE = """
    WITH held AS (
      SELECT id, CASE state WHEN 'lost' THEN reserved ELSE 0 END AS counted FROM sync.ledger
      WHERE id = %(id)s AND state IN ('reserved', 'lost') FOR UPDATE
    ), settled AS (
      UPDATE sync.ledger l SET state = 'settled', tokens_billed = %(tokens)s, billed = %(billed)s,
        settled_at = clock_timestamp()
      FROM held WHERE l.id = held.id
      RETURNING l.tenant_id, l.organization, l.month, l.billed - held.counted AS more
    ), added AS (
      INSERT INTO sync.spending AS s (tenant_id, organization, month, spent)
      SELECT tenant_id, organization, month, more FROM settled WHERE more <> 0
      ON CONFLICT (tenant_id, organization, month) DO UPDATE SET spent = s.spent + excluded.spent
    )
    SELECT count(*) FROM settled
"""
_RELEASE = """
    UPDATE sync.ledger SET state = 'released', billed = 0, settled_at = clock_timestamp()
    WHERE id = %(id)s AND state = 'reserved'
"""
_GIVE_UP = """
    WITH lost AS (
      UPDATE sync.ledger SET state = 'lost', settled_at = clock_timestamp()
      WHERE {which} AND state = 'reserved'
      RETURNING tenant_id, organization, month, reserved
    ), added AS (
      INSERT INTO sync.spending AS s (tenant_id, organization, month, spent)
      SELECT tenant_id, organization, month, sum(reserved) FROM lost
      GROUP BY 1, 2, 3 HAVING sum(reserved) <> 0
      ON CONFLICT (tenant_id, organization, month) DO UPDATE SET spent = s.spent + excluded.spent
    )
    SELECT count(*) FROM lost
"""
_LOSE, _FORFEIT = (_GIVE_UP.format(which=one) for one in ("sync_id = %(sync)s", "id = %(id)s"))


class Ledger:
    """Books every call to a provider.

    A budget's spending is what was billed, and the upper bound of every call that was reserved
    and neither settled nor released: so the budget holds, whoever dies wherever.
    """

    def __init__(self, database: Database, budgets: Budgets) -> None:
        self._database = database
        self._budgets = budgets

    def reserve(self, call: Call) -> Reservation:
        """Reserve what a call can cost at most, in the tenant's and the organization's budget.

        Raises:
            BudgetSpent: it does not fit into what is left, or spending is blocked.
            RetryLater: it would fit, but for calls that are being made right now.
            UnknownTenant: it is not registered.
        """
        with self._database.as_control() as connection:
            statement = _ALONE if call.most else _WHOSE  # who needs no budget waits for nobody
            row = connection.execute(statement, {"tenant": call.tenant_id}).fetchone()
            if row is None:
                raise UnknownTenant(f"There is no tenant {call.tenant_id!r:.80} any more.")
            standing = self._budgets.standing_within(
                connection, call.tenant_id, row.organization, call.most
            )
            standing.permit()
            entry = self._entry(call, row.organization, standing.month)
            return Reservation(connection.execute(_RESERVE, entry).scalar_one(), call)

    def settle(self, connection: Connection, reservation: Reservation, tokens: int | None) -> None:
        """Book what a call has cost, together with storing its answer.

        Args:
            connection: of the tenant, in the transaction that stores what was paid for.
            reservation: of the call.
            tokens: billed, as the provider says; None if it does not: then it counts as reserved.
        """
        billed = {"id": reservation.id, "tokens": tokens, "billed": reservation.billed(tokens)}
        if connection.execute(_SETTLE, billed).scalar_one() == 0:
            _log.warning("Entry %d of the ledger was closed already", reservation.id)
        if tokens is not None and tokens > reservation.call.bound:
            _log.warning(
                "%s billed %d tokens for a call that cannot take more than %d",
                reservation.call.model,
                tokens,
                reservation.call.bound,
            )

    def release(self, reservation: Reservation) -> None:
        """Give back what was reserved for a call that surely was not billed."""
        with self._database.as_control() as connection:
            connection.execute(_RELEASE, {"id": reservation.id})

    def forfeit(self, reservation: Reservation) -> None:
        """Count as spent what was reserved for a call that failed and may have been billed."""
        with self._database.as_control() as connection:
            connection.execute(_FORFEIT, {"id": reservation.id})

    def lose(self, sync_id: UUID) -> int:
        """Give up what a dead attempt of a sync had reserved; gives the number of calls.

        They may have been billed, so they stay counted, at their upper bound.
        """
        with self._database.as_control() as connection:
            return connection.execute(_LOSE, {"sync": sync_id}).scalar_one()

    def _entry(self, call: Call, organization: str, month: date) -> dict[str, object]:
        return {
            "tenant": call.tenant_id,
            "organization": organization,
            "month": month,
            "sync": call.sync_id,
            "purpose": call.purpose,
            "model": call.model,
            "inputs": call.inputs,
            "estimated": call.estimated,
            "bound": call.bound,
            "price": call.price,
            "currency": self._budgets.currency,
            "reserved": call.most,
        }
