"""What calls to a model cost, and whether a budget lets the next one be made.

Money is a `Decimal` in the currency of the prices, never a float. A month is one of the
configured zone, named by its first day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import StrEnum
from typing import Literal
from uuid import UUID

from sync_assets.core.errors import BudgetSpent, RetryLater

CAUTION, HARD_LIMIT = Decimal("0.8"), Decimal("1.2")
"""Parts of a budget: from the one on people are warned, beyond the other all is blocked."""

UNIT = Decimal("0.0000000001")
"""The least amount that is kept: less than a token costs at any price of today."""

MOST = Decimal("9999999999.9999999999")
"""The greatest amount that the tables hold."""

MILLION = 1_000_000
"""Prices are for so many tokens."""

PATIENCE = 1.0
"""Seconds after which a call that only others in flight kept out is worth another try."""

Purpose = Literal["embed", "query"]

Monthly = Decimal | Literal["none", "default"]
"""A budget as it is set: an amount, no cap at all, or what the settings say."""


class CostState(StrEnum):
    """How a budget stands, in the order of how much it keeps from being done."""

    NORMAL = "NORMAL"
    CAUTION = "CAUTION"
    THROTTLED = "THROTTLED"
    BLOCKED = "BLOCKED"

    @property
    def lets_spend(self) -> bool:
        """May calls be made?"""
        return self in {CostState.NORMAL, CostState.CAUTION}


_ORDER = list(CostState)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a provider that is about to be made.

    Attributes:
        tenant_id: who pays.
        purpose: what it is for.
        model: as the provider calls it.
        inputs: how many texts it carries.
        estimated: tokens that it will take, about.
        bound: tokens that it can take at most.
        price: of a million tokens; 0 needs no budget.
        sync_id: the sync that it belongs to, None for a search.
    """

    tenant_id: str
    purpose: Purpose
    model: str
    inputs: int
    estimated: int
    bound: int
    price: Decimal
    sync_id: UUID | None = None

    @property
    def most(self) -> Decimal:
        """What it can cost at most."""
        return cost(self.bound, self.price)


@dataclass(frozen=True, slots=True)
class Reservation:
    """The right to make a call, booked in the ledger before it is made."""

    id: int
    call: Call

    def billed(self, tokens: int | None) -> Decimal:
        """What the call cost; where the provider does not say, what it may have cost."""
        return cost(self.call.bound if tokens is None else tokens, self.call.price)


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of a budget; None leaves as it is.

    Attributes:
        monthly: the amount for each month.
        blocked: nothing may be spent, whatever is left.
        reason: why it is blocked.
    """

    monthly: Monthly | None = None
    blocked: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """What somebody may spend in a month, and has spent in this one.

    Attributes:
        owner: whose it is, as people read it: `acme`, `organization agency`.
        named: the same as arguments of a command: `acme`, `--organization agency`.
        monthly: the budget; None for no cap.
        spent: what was billed, or may have been by calls that nobody settled.
        in_flight: what the calls of this very moment may cost in addition.
        blocked: by the operator.
        reason: why the operator did so.
        is_default: nobody has set the amount; it is that of the settings.
    """

    owner: str
    named: str
    monthly: Decimal | None
    spent: Decimal = Decimal(0)
    in_flight: Decimal = Decimal(0)
    blocked: bool = False
    reason: str | None = None
    is_default: bool = False

    @property
    def left(self) -> Decimal | None:
        """What is not spent yet, calls in flight aside; None for no cap."""
        return None if self.monthly is None else max(self.monthly - self.spent, Decimal(0))

    def as_dict(self) -> dict[str, object]:
        """The cap for programs; amounts are text, which is exact."""
        return {
            "monthly": _amount(self.monthly),
            "isDefault": self.is_default,
            "spent": money(self.spent),
            "inFlight": money(self.in_flight),
            "left": _amount(self.left),
            "blocked": self.blocked,
        }

    def state(self, next_call: Decimal | None = None) -> CostState:
        """How it stands for a call that costs so much at most; None for an unknown little."""
        if self.blocked:
            return CostState.BLOCKED
        if self.monthly is None or next_call == 0:
            return CostState.NORMAL
        if self.spent > self.monthly * HARD_LIMIT:
            return CostState.BLOCKED
        if self.spent >= self.monthly or self.spent + (next_call or 0) > self.monthly:
            return CostState.THROTTLED
        return CostState.CAUTION if self.spent >= self.monthly * CAUTION else CostState.NORMAL

    def is_crowded(self, next_call: Decimal) -> bool:
        """Do only calls that are being made keep this one out?"""
        if self.monthly is None or next_call == 0:
            return False
        return self.spent + self.in_flight + next_call > self.monthly


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant's budget stands together with its organization's: both caps hold.

    Attributes:
        caps: the own one, then the organization's where it has one.
        month: its first day.
        currency: of all amounts.
        next_call: what the next call may cost; 0 where calls are free, None if unknown.
    """

    caps: Sequence[Cap]
    month: date
    currency: str
    next_call: Decimal | None = None

    @property
    def decisive(self) -> Cap:
        """The cap that keeps most from being done, the own one among equals."""
        return max(self.caps, key=lambda cap: _ORDER.index(cap.state(self.next_call)))

    @property
    def state(self) -> CostState:
        """The worse of the caps' states."""
        return self.decisive.state(self.next_call)

    @property
    def reason(self) -> str | None:
        """One sentence on any state but NORMAL: what, which, what next."""
        return _reason(self.decisive, self)

    @property
    def monthly(self) -> Decimal | None:
        """The own budget; None for no cap."""
        return self.caps[0].monthly

    @property
    def spent(self) -> Decimal:
        """What was spent of the own budget."""
        return self.caps[0].spent

    @property
    def in_flight(self) -> Decimal:
        """What the own calls of this very moment may cost in addition."""
        return self.caps[0].in_flight

    @property
    def left(self) -> Decimal | None:
        """What both caps leave, calls in flight aside; None for no cap."""
        return min((cap.left for cap in self.caps if cap.left is not None), default=None)

    def as_dict(self) -> dict[str, object]:
        """How it stands, for programs; amounts are text, which is exact."""
        own, *shared = self.caps
        return {
            "state": self.state.value,
            "reason": self.reason,
            "month": f"{self.month:%Y-%m}",
            "currency": self.currency,
            **own.as_dict(),
            "left": _amount(self.left),
            "organization": shared[0].as_dict() if shared else None,
        }

    def affords(self, price: Decimal) -> int | None:
        """How many tokens what is left can pay for; None for any number."""
        return None if self.left is None or price == 0 else int(self.left * MILLION // price)

    def permit(self) -> None:
        """Let the next call be made.

        Raises:
            BudgetSpent: it does not fit into what is left, or spending is blocked.
            RetryLater: it would, but for calls that are being made right now.
        """
        if not self.state.lets_spend:
            raise BudgetSpent(self.reason)
        for cap in self.caps:
            if cap.is_crowded(self.next_call or Decimal(0)):
                raise RetryLater(
                    f"Calls that are being made have reserved what is left of {cap.owner}'s "
                    "budget; there may be room again once they are settled.",
                    after=PATIENCE,
                )


def cost(tokens: int, price: Decimal) -> Decimal:
    """What so many tokens cost at a price per million; rounded up, so that no sum is too small."""
    return (price * tokens / MILLION).quantize(UNIT, ROUND_CEILING)


def month_of(moment: datetime, zone: tzinfo) -> date:
    """The first day of the moment's month, by the zone's clock."""
    return moment.astimezone(zone).date().replace(day=1)


def money(amount: Decimal) -> str:
    """An amount for people and programs: exact, with two decimals at least."""
    whole, _, decimals = f"{amount:.10f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def parse_amount(text: str) -> Decimal:
    """An amount of money that can be a budget; ValueError with a sentence for any other text."""
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r:.40} is no amount, such as 5.00.") from error
    if not (amount.is_finite() and 0 <= amount <= MOST):
        raise ValueError(f"{text!r:.40} is no amount that can be spent.")
    if amount != amount.quantize(UNIT):
        raise ValueError(f"{text!r:.40} has more than ten decimals.")
    return amount


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)


def _reason(cap: Cap, standing: Standing) -> str | None:
    state, currency = cap.state(standing.next_call), standing.currency
    if state is CostState.NORMAL:
        return None
    if cap.blocked:
        why = f" ({cap.reason})" if cap.reason else ""
        allow = f"'sync-assets budget set {cap.named} --unblock' allows it again."
        return f"Spending of {cap.owner} is blocked{why}; {allow}"
    budget = f"budget of {money(cap.monthly or Decimal(0))} {currency} for {standing.month:%Y-%m}"
    if state is CostState.CAUTION:
        return f"{cap.owner} has spent {money(cap.spent)} of its {budget}."
    wait = f"'sync-assets budget set {cap.named} --monthly AMOUNT' raises it; so does a new month."
    if state is CostState.BLOCKED:
        return f"{cap.owner} has spent {money(cap.spent)}, far beyond its {budget}; {wait}"
    if not cap.left or standing.next_call is None:
        return f"{cap.owner} has spent its {budget}; {wait}"
    need = f"the next call may cost {money(standing.next_call)}"
    return f"{cap.owner} has {money(cap.left)} left of its {budget}, and {need}; {wait}"
