"""Calls to a provider as the ledger sees them, and what it has booked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sync_assets.core.budget import Call, Change, Monthly, Reservation, Standing
from sync_assets.store.budgets import Budgets
from sync_assets.store.database import Database
from sync_assets.store.ledger import Ledger
from sync_assets_tests.store.looking import Owner, one

PRICE = Decimal(1_000_000)
"""Per million tokens: a token costs 1."""

ZONE = ZoneInfo("America/Sao_Paulo")
JULY = datetime(2026, 7, 15, 12, tzinfo=UTC)
AUGUST = datetime(2026, 8, 1, 3, tzinfo=UTC)
"""As the month begins by the clock of the books' zone."""


def call(
    tenant: str = "acme", bound: int = 100, price: Decimal = PRICE, sync_id: UUID | None = None
) -> Call:
    """A call that costs so much at most."""
    purpose = "query" if sync_id is None else "embed"
    return Call(tenant, purpose, "a-model", 3, bound // 4, bound, price, sync_id)


@dataclass(slots=True)
class Books:
    """Budgets and ledger of a database, and the moment that it is for them."""

    database: Database
    owner: Owner
    now: datetime = JULY
    default: Decimal | None = None
    budgets: Budgets = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.database, ZONE, self.default, "USD", lambda: self.now)
        self.ledger = Ledger(self.database, self.budgets)

    def allow(self, tenant: str = "acme", monthly: int | Monthly = 1_000) -> None:
        """Set a tenant's budget."""
        self.budgets.set_tenant(tenant, Change(_monthly(monthly)))

    def allow_all(self, monthly: int | Monthly, organization: str = "agency") -> None:
        """Set an organization's budget."""
        self.budgets.set_organization(organization, Change(_monthly(monthly)))

    def settle(self, reservation: Reservation, tokens: int | None) -> None:
        """Settle, as the transaction would that stores the vectors."""
        with self.database.as_tenant(reservation.call.tenant_id) as connection:
            self.ledger.settle(connection, reservation, tokens)

    def spend(self, tokens: int, tenant: str = "acme") -> Reservation:
        """Reserve a call and settle it at its bound."""
        reservation = self.ledger.reserve(call(tenant, tokens))
        self.settle(reservation, tokens)
        return reservation

    def spent(self, tenant: str = "acme") -> tuple[Decimal, Decimal]:
        """What a tenant has spent, and what it has in flight."""
        standing = self.budgets.standing(tenant)
        return standing.spent, standing.in_flight

    def shared(self, organization: str = "agency") -> Standing:
        """How an organization's budget stands."""
        return self.budgets.of_organization(organization)

    def states(self) -> Sequence[str]:
        """The states of the ledger's entries, oldest first."""
        return [row[0] for row in self.owner.execute("SELECT state FROM sync.ledger ORDER BY id")]

    def grow_old(self, reservation: Reservation) -> None:
        """Let a reservation be older than any call takes."""
        self.owner.execute(
            "UPDATE sync.ledger SET at = at - interval '121 seconds' WHERE id = %s",
            [reservation.id],
        )

    def adds_up(self) -> bool:
        """Is the spending what the entries say, for each tenant, organization and month?"""
        return one(
            self.owner,
            """
            SELECT NOT EXISTS (
              SELECT FROM (
                SELECT tenant_id, organization, month,
                  CASE state WHEN 'settled' THEN billed WHEN 'lost' THEN reserved END AS amount
                FROM sync.ledger
                UNION ALL SELECT tenant_id, organization, month, -spent FROM sync.spending
              ) both_sides
              GROUP BY tenant_id, organization, month HAVING coalesce(sum(amount), 0) <> 0)
            """,
        )


def _monthly(given: int | Monthly) -> Monthly:
    return Decimal(given) if isinstance(given, int) else given
