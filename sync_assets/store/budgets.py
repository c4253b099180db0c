"""Budgets of tenants and organizations, and how they stand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg

from sync_assets.core.budget import Cap, Change, Standing, month_of
from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.errors import OperatorMustAct, UnknownTenant
from sync_assets.store.connection import Connection, Row
from sync_assets.store.database import Database

IN_FLIGHT = 120
"""Seconds for which a reservation is that of a call being made; an older one counts as spent."""

_ORGANIZATION = "SELECT organization FROM sync.tenants WHERE id = %(tenant)s"
_IS_ORGANIZATION = "SELECT EXISTS (SELECT FROM sync.tenants WHERE organization = %(owner)s)"
_KNOWN_ORGANIZATIONS = "SELECT DISTINCT organization FROM sync.tenants ORDER BY 1 LIMIT 10"

# One snapshot: what a settlement moves from the reservations to the spending is there once.
_CAP = """
    SELECT b.monthly, b.currency, b.unlimited, b.blocked, b.reason, held.young AS in_flight,
      held.old + (SELECT coalesce(sum(s.spent), 0) FROM sync.spending s
        WHERE s.{column} = %(owner)s AND s.month = %(month)s) AS spent
    FROM (SELECT coalesce(sum(reserved) FILTER (WHERE is_young), 0) AS young,
        coalesce(sum(reserved) FILTER (WHERE NOT is_young), 0) AS old
      FROM (SELECT reserved, at > clock_timestamp() - make_interval(secs => %(in_flight)s)
        AS is_young
        FROM sync.ledger WHERE {column} = %(owner)s AND month = %(month)s
          AND state = 'reserved') l) held
    LEFT JOIN sync.{table} b ON b.{column} = %(owner)s
"""
_SET = """
    INSERT INTO sync.{table} AS b ({column}, monthly, currency, unlimited, blocked, reason)
    VALUES (%(owner)s, %(monthly)s, %(currency)s, %(unlimited)s, coalesce(%(blocked)s, false),
      %(reason)s)
    ON CONFLICT ({column}) DO UPDATE SET changed_at = now(),
      monthly = CASE WHEN %(keeps)s THEN b.monthly ELSE excluded.monthly END,
      currency = CASE WHEN %(keeps)s THEN b.currency ELSE excluded.currency END,
      unlimited = CASE WHEN %(keeps)s THEN b.unlimited ELSE excluded.unlimited END,
      blocked = coalesce(%(blocked)s, b.blocked),
      reason = CASE WHEN %(blocked)s::boolean IS NULL THEN b.reason ELSE excluded.reason END
"""
_TENANT = {"table": "tenant_budgets", "column": "tenant_id"}
_OF_ORGANIZATION = {"table": "organization_budgets", "column": "organization"}
_TENANT_CAP, _ORGANIZATION_CAP = ((_CAP.format(**of)) for of in (_TENANT, _OF_ORGANIZATION))
_SET_TENANT, _SET_ORGANIZATION = ((_SET.format(**of)) for of in (_TENANT, _OF_ORGANIZATION))


@dataclass(frozen=True, slots=True)
class Budgets:
    """Sets budgets and tells how they stand.

    Attributes:
        database: where they are kept.
        zone: whose months count.
        default: money a month for a tenant without a budget of its own; None for no cap.
        currency: of the prices, and of every amount.
        clock: tells which month it is.
    """

    database: Database
    zone: ZoneInfo
    default: Decimal | None
    currency: str
    clock: Clock = utc_now

    def standing(self, tenant_id: str, next_call: Decimal | None = None) -> Standing:
        """How a tenant's budget stands, with its organization's.

        Args:
            tenant_id: whose.
            next_call: what the smallest next call may cost: less than that is as good as nothing.
                0 where calls are free, which no budget forbids.

        Raises:
            UnknownTenant: it is not registered.
            OperatorMustAct: a budget is in another currency than the prices.
        """
        with self.database.as_control() as connection:
            organization = connection.execute(_ORGANIZATION, {"tenant": tenant_id}).scalar()
            if organization is None:
                raise _unknown(tenant_id)
            return self.standing_within(connection, tenant_id, organization, next_call)

    def of_organization(self, organization: str) -> Standing:
        """How an organization's budget stands; raises `OperatorMustAct` if it has no tenant."""
        with self.database.as_control() as connection:
            _check_organization(connection, organization)
            month = month_of(self.clock(), self.zone)
            cap = self._organization(connection, organization, month)
            return Standing((cap,), month, self.currency)

    def standing_within(
        self,
        connection: Connection,
        tenant_id: str,
        organization: str,
        next_call: Decimal | None,
    ) -> Standing:
        """How both budgets stand, within a transaction of the control role."""
        month = month_of(self.clock(), self.zone)
        own = self._tenant(connection, tenant_id, month)
        shared = self._organization(connection, organization, month)
        capped = shared.monthly is not None or shared.blocked
        return Standing((own, shared) if capped else (own,), month, self.currency, next_call)

    def set_tenant(self, tenant_id: str, change: Change) -> None:
        """Change a tenant's budget; raises `UnknownTenant`."""
        try:
            with self.database.as_control() as connection:
                connection.execute(_SET_TENANT, self._row(tenant_id, change))
        except psycopg.IntegrityError as error:
            raise _unknown(tenant_id) from error

    def set_organization(self, organization: str, change: Change) -> None:
        """Change an organization's budget; raises `OperatorMustAct` if it has no tenant."""
        with self.database.as_control() as connection:
            _check_organization(connection, organization)
            connection.execute(_SET_ORGANIZATION, self._row(organization, change))

    def _tenant(self, connection: Connection, tenant_id: str, month: date) -> Cap:
        row = connection.execute(_TENANT_CAP, self._whose(tenant_id, month)).one()
        return self._cap(row, tenant_id, tenant_id, self.default)

    def _organization(self, connection: Connection, organization: str, month: date) -> Cap:
        row = connection.execute(_ORGANIZATION_CAP, self._whose(organization, month)).one()
        named = f"--organization {organization}"
        return self._cap(row, f"organization {organization}", named, None)

    def _cap(self, row: Row, owner: str, named: str, default: Decimal | None) -> Cap:
        if row.currency not in {None, self.currency}:
            raise OperatorMustAct(
                f"The budget of {owner} is in {row.currency}, and the prices are in "
                f"{self.currency}. Set it anew: 'sync-assets budget set {named} --monthly AMOUNT'."
            )
        is_default = row.monthly is None and not row.unlimited
        return Cap(
            owner,
            named,
            default if is_default else row.monthly,
            row.spent,
            row.in_flight,
            blocked=bool(row.blocked),
            reason=row.reason,
            is_default=is_default,
        )

    def _whose(self, owner: str, month: date) -> dict[str, object]:
        return {"owner": owner, "month": month, "in_flight": IN_FLIGHT}

    def _row(self, owner: str, change: Change) -> dict[str, object]:
        amount = change.monthly if isinstance(change.monthly, Decimal) else None
        return {
            "owner": owner,
            "keeps": change.monthly is None,
            "monthly": amount,
            "currency": None if amount is None else self.currency,
            "unlimited": change.monthly == "none",
            "blocked": change.blocked,
            "reason": change.reason,
        }


def _check_organization(connection: Connection, organization: str) -> None:
    if not connection.execute(_IS_ORGANIZATION, {"owner": organization}).scalar_one():
        known = ", ".join(connection.execute(_KNOWN_ORGANIZATIONS).scalars())
        raise OperatorMustAct(
            f"No tenant belongs to an organization {organization!r:.80}. "
            + (f"There is {known}." if known else "There is no tenant at all.")
        )


def _unknown(tenant_id: str) -> UnknownTenant:
    return UnknownTenant(
        f"There is no tenant {tenant_id!r:.80}. 'sync-assets tenant list' shows them all."
    )
