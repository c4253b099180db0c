"""What calls cost, and which of them a budget lets through."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sync_assets.core.budget import (
    Call,
    Cap,
    CostState,
    Reservation,
    Standing,
    cost,
    money,
    month_of,
)
from sync_assets.core.errors import BudgetSpent, RetryLater

JULY = date(2026, 7, 1)
PRICE = Decimal("0.02")

PRICES = some.decimals(min_value="0.0001", max_value="1000", places=4)


def cap(spent: str = "0", monthly: str | None = "5", **more: object) -> Cap:
    budget = None if monthly is None else Decimal(monthly)
    return Cap("acme", "acme", budget, Decimal(spent), **more)  # type: ignore[arg-type]


def shared(spent: str = "0", monthly: str | None = "50", **more: object) -> Cap:
    budget = None if monthly is None else Decimal(monthly)
    named = "--organization agency"
    return Cap("organization agency", named, budget, Decimal(spent), **more)  # type: ignore[arg-type]


def standing(*caps: Cap, next_call: str | None = None) -> Standing:
    need = None if next_call is None else Decimal(next_call)
    return Standing(caps, JULY, "USD", need)


def refused(*caps: Cap, next_call: str = "1") -> str:
    with pytest.raises(BudgetSpent) as caught:
        standing(*caps, next_call=next_call).permit()
    return str(caught.value)


# Costs


@pytest.mark.parametrize(
    ("tokens", "price", "expected"),
    [
        (1_000_000, "0.02", "0.02"),
        (1, "0.02", "0.00000002"),
        (0, "0.02", "0"),
        (12_345, "0", "0"),
        (1, "0.00001", "0.0000000001"),  # a tenth of what is kept
        (3, "0.13", "0.00000039"),
    ],
)
def test_a_cost_is_exact_or_rounded_up(tokens: int, price: str, expected: str):
    assert cost(tokens, Decimal(price)) == Decimal(expected)


@given(some.integers(0, 10**9), some.integers(0, 10**9), PRICES)
def test_what_takes_fewer_tokens_never_costs_more(one: int, other: int, price: Decimal):
    few, many = sorted((one, other))
    assert cost(few, price) <= cost(many, price)


@given(some.decimals(min_value=0, max_value=10_000, places=10), PRICES)
def test_what_a_budget_affords_fits_and_one_token_more_does_not(left: Decimal, price: Decimal):
    tokens = standing(Cap("acme", "acme", left)).affords(price)
    assert tokens is not None
    assert cost(tokens, price) <= left < cost(tokens + 1, price)


def test_without_a_cap_or_a_price_anything_is_afforded():
    assert standing(cap(monthly=None)).affords(PRICE) is None
    assert standing(cap("5")).affords(Decimal(0)) is None


def test_a_call_is_billed_by_what_the_provider_says_or_else_by_its_bound():
    call = Call("acme", "embed", "m", 1, estimated=300, bound=1_000, price=PRICE)
    reservation = Reservation(1, call)
    assert call.most == reservation.billed(None) == Decimal("0.00002")
    assert reservation.billed(250) == Decimal("0.000005")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("5", "5.00"), ("4.9990000000", "4.999"), ("0", "0.00"), ("1E+3", "1000.00"), ("0.1", "0.10")],
)
def test_money_is_shown_exactly_with_two_decimals_at_least(amount: str, shown: str):
    assert money(Decimal(amount)) == shown


def test_a_month_begins_by_the_zones_clock():
    zone = ZoneInfo("America/Sao_Paulo")
    assert month_of(datetime(2026, 8, 1, 2, 59, tzinfo=UTC), zone) == date(2026, 7, 1)
    assert month_of(datetime(2026, 8, 1, 3, 0, tzinfo=UTC), zone) == date(2026, 8, 1)


# States


@pytest.mark.parametrize(
    ("spent", "state"),
    [
        ("0", "NORMAL"),
        ("3.9999999999", "NORMAL"),
        ("4", "CAUTION"),
        ("4.9999999999", "CAUTION"),
        ("5", "THROTTLED"),
        ("6", "THROTTLED"),
        ("6.0000000001", "BLOCKED"),
    ],
)
def test_the_state_follows_from_how_much_of_the_budget_is_spent(spent: str, state: str):
    assert standing(cap(spent)).state == CostState(state)


def test_only_normal_and_caution_let_spend():
    assert [state.value for state in CostState if state.lets_spend] == ["NORMAL", "CAUTION"]


def test_a_remainder_that_no_call_fits_into_is_as_good_as_nothing():
    assert standing(cap("4.99"), next_call="0.01").state is CostState.CAUTION
    assert standing(cap("4.99"), next_call="0.0100000001").state is CostState.THROTTLED


def test_a_budget_of_nothing_is_spent_from_the_beginning():
    assert standing(cap(monthly="0")).state is CostState.THROTTLED
    assert standing(cap("0.01", monthly="0")).state is CostState.BLOCKED


def test_without_a_cap_there_is_no_end():
    boundless = standing(cap("1000000", monthly=None), next_call="1000")
    assert (boundless.state, boundless.left, boundless.reason) == (CostState.NORMAL, None, None)
    boundless.permit()


def test_a_free_call_needs_no_budget():
    for spent in ("5", "100"):
        standing(cap(spent, in_flight=Decimal(9)), next_call="0").permit()


def test_but_the_operators_block_forbids_it_too():
    assert "blocked" in refused(cap(blocked=True), next_call="0")
    assert "blocked" in refused(cap(monthly=None, blocked=True))


def test_the_worse_of_both_budgets_decides_and_the_lesser_remainder():
    both = standing(cap("1"), shared("49"))
    assert (both.state, both.left) == (CostState.CAUTION, Decimal(1))
    assert (both.monthly, both.spent) == (Decimal(5), Decimal(1))
    assert standing(cap("1"), shared(blocked=True)).state is CostState.BLOCKED
    assert standing(cap("5"), shared("1")).state is CostState.THROTTLED
    assert standing(cap(monthly=None), shared("48")).left == Decimal(2)


# What is let through


def test_a_call_that_fits_exactly_is_let_through():
    standing(cap("4", in_flight=Decimal("0.5")), shared("49"), next_call="0.5").permit()


@pytest.mark.parametrize("caps", [(cap("4"), shared("0")), (cap("0"), shared("49"))])
def test_one_that_does_not_fit_into_either_budget_is_refused(caps: tuple[Cap, Cap]):
    refused(*caps, next_call="1.0000000001")


@pytest.mark.parametrize(
    "caps",
    [
        (cap("4", in_flight=Decimal("0.5")), shared()),
        (cap(), shared("49", in_flight=Decimal("0.5"))),
    ],
)
def test_one_that_only_calls_in_flight_keep_out_is_worth_another_try(caps: tuple[Cap, Cap]):
    with pytest.raises(RetryLater) as caught:
        standing(*caps, next_call="0.6").permit()
    assert caught.value.after == 1


def test_what_is_refused_for_good_in_one_budget_waits_for_nothing_in_the_other():
    refused(cap("4", in_flight=Decimal(1)), shared("50"))


# Reasons


def test_normal_needs_no_reason():
    assert standing(cap("1")).reason is None


@pytest.mark.parametrize(
    ("one", "next_call", "expected"),
    [
        (cap("4.5"), None, "acme has spent 4.50 of its budget of 5.00 USD for 2026-07."),
        (
            cap("5"),
            None,
            "acme has spent its budget of 5.00 USD for 2026-07; 'sync-assets budget set acme "
            "--monthly AMOUNT' raises it; so does a new month.",
        ),
        (
            cap("4.99"),
            "0.02",
            "acme has 0.01 left of its budget of 5.00 USD for 2026-07, and the next call may "
            "cost 0.02; 'sync-assets budget set acme --monthly AMOUNT' raises it; so does a new "
            "month.",
        ),
        (
            cap("7"),
            None,
            "acme has spent 7.00, far beyond its budget of 5.00 USD for 2026-07; 'sync-assets "
            "budget set acme --monthly AMOUNT' raises it; so does a new month.",
        ),
        (
            cap(blocked=True, reason="unpaid"),
            None,
            "Spending of acme is blocked (unpaid); 'sync-assets budget set acme --unblock' "
            "allows it again.",
        ),
    ],
)
def test_each_other_state_says_what_which_and_what_next(
    one: Cap, next_call: str | None, expected: str
):
    assert standing(one, next_call=next_call).reason == expected


def test_an_organizations_state_names_the_organization():
    reason = standing(cap("1"), shared("50")).reason or ""
    assert "organization agency has spent its budget of 50.00 USD" in reason
    assert "budget set --organization agency --monthly AMOUNT" in reason
    assert refused(cap("1"), shared("50")).startswith("organization agency has spent")
