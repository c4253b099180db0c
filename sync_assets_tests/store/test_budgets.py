"""Budgets of tenants and organizations, in the store."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, CostState
from sync_assets.core.errors import OperatorMustAct, UnknownTenant
from sync_assets_tests.store.asking import know
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.spending import AUGUST, Books, call

pytestmark = pytest.mark.postgres


@pytest.fixture
def books(platform: Platform, owner: Owner) -> Books:
    """Two tenants of one organization, and one of another; by default there is no cap."""
    know(platform, "acme", "globex")
    know(platform, "initech", organization="other")
    return Books(platform.database, owner)


def test_a_tenant_without_a_budget_has_that_of_the_settings(books: Books):
    standing = replace(books.budgets, default=Decimal(5)).standing("acme")
    assert (standing.monthly, standing.left, standing.spent) == (Decimal(5), Decimal(5), 0)
    assert standing.caps[0].is_default
    assert books.budgets.standing("acme").monthly is None


def test_a_budget_of_its_own_replaces_it_until_it_is_taken_back(books: Books):
    books.budgets = replace(books.budgets, default=Decimal(5))
    for monthly, cap in ((Decimal("7.25"), Decimal("7.25")), ("none", None), ("default", 5)):
        books.budgets.set_tenant("acme", Change(monthly))  # type: ignore[arg-type]
        assert books.budgets.standing("acme").monthly == cap
        assert books.budgets.standing("globex").monthly == 5


def test_the_least_and_the_greatest_amount_are_kept_exactly(books: Books):
    for amount in ("0.0000000001", "9999999999.9999999999", "0"):
        books.budgets.set_tenant("acme", Change(Decimal(amount)))
        assert books.budgets.standing("acme").monthly == Decimal(amount)


def test_a_block_and_a_budget_are_set_apart_from_each_other(books: Books):
    books.budgets.set_tenant("acme", Change(blocked=True, reason="unpaid"))
    assert books.budgets.standing("acme").state is CostState.BLOCKED
    books.allow("acme", 10)
    blocked = books.budgets.standing("acme")
    assert (blocked.state, blocked.monthly) == (CostState.BLOCKED, Decimal(10))
    assert "unpaid" in (blocked.reason or "")
    books.budgets.set_tenant("acme", Change(blocked=False))
    free = books.budgets.standing("acme")
    assert (free.state, free.monthly, free.caps[0].reason) == (CostState.NORMAL, Decimal(10), None)


def test_a_block_leaves_the_default_in_force(books: Books):
    books.budgets = replace(books.budgets, default=Decimal(5))
    books.budgets.set_tenant("acme", Change(blocked=True))
    books.budgets.set_tenant("acme", Change(blocked=False))
    assert books.budgets.standing("acme").monthly == 5


def test_an_organizations_budget_holds_for_all_its_tenants_and_no_other(books: Books):
    books.allow_all(100)
    books.spend(60, "acme")
    books.spend(30, "globex")
    assert books.shared().spent == 90
    assert books.budgets.standing("acme").state is CostState.CAUTION
    assert books.budgets.standing("globex").left == 10
    assert len(books.budgets.standing("initech").caps) == 1


def test_a_blocked_organization_blocks_its_tenants(books: Books):
    books.budgets.set_organization("agency", Change(blocked=True, reason="left"))
    assert books.budgets.standing("acme").state is CostState.BLOCKED
    assert books.budgets.standing("initech").state is CostState.NORMAL


def test_a_new_month_brings_a_new_budget(books: Books):
    books.allow("acme", 100)
    books.allow_all(100)
    books.spend(100)
    assert books.budgets.standing("acme").state is CostState.THROTTLED
    books.now = AUGUST
    assert books.budgets.standing("acme").state is CostState.NORMAL
    assert (books.spent("acme"), books.shared().spent) == ((0, 0), 0)


def test_a_raised_budget_lets_spend_at_once_and_a_lowered_one_blocks(books: Books):
    books.allow("acme", 100)
    books.spend(100)
    books.allow("acme", 200)
    assert books.budgets.standing("acme").state is CostState.NORMAL
    books.allow("acme", 80)
    assert books.budgets.standing("acme").state is CostState.BLOCKED


def test_what_is_in_flight_is_told_apart_from_what_is_spent(books: Books):
    books.allow("acme", 100)
    books.ledger.reserve(call(bound=100))
    standing = books.budgets.standing("acme")
    assert (standing.spent, standing.in_flight, standing.left) == (0, 100, 100)
    assert standing.state is CostState.NORMAL


def test_a_reservation_that_nobody_settles_is_spent_after_two_minutes(books: Books):
    books.allow("acme", 100)
    books.grow_old(books.ledger.reserve(call(bound=100)))
    standing = books.budgets.standing("acme")
    assert (standing.spent, standing.in_flight, standing.left) == (100, 0, 0)
    assert standing.state is CostState.THROTTLED


def test_a_tenant_that_changes_its_organization_leaves_there_what_it_spent(
    books: Books, platform: Platform
):
    books.spend(60)
    platform.tenants.update(replace(platform.tenants.get("acme"), organization="other"))
    books.spend(5)
    assert (books.shared("agency").spent, books.shared("other").spent) == (60, 5)
    assert books.spent("acme") == (65, 0)


def test_a_budget_in_another_currency_than_the_prices_is_never_compared_with_them(books: Books):
    books.allow("acme", 10)
    euros = replace(books.budgets, currency="EUR")
    with pytest.raises(OperatorMustAct, match=r"of acme is in USD, and the prices are in EUR"):
        euros.standing("acme")
    euros.set_tenant("acme", Change(Decimal(9)))
    assert (euros.standing("acme").currency, euros.standing("acme").monthly) == ("EUR", 9)


def test_nobody_has_a_budget_who_is_not_registered(books: Books):
    with pytest.raises(UnknownTenant, match="nobody"):
        books.budgets.standing("nobody")
    with pytest.raises(UnknownTenant, match="nobody"):
        books.allow("nobody")
    with pytest.raises(OperatorMustAct, match=r"organization 'typo'. There is agency, other\."):
        books.allow_all(1, "typo")
    with pytest.raises(OperatorMustAct, match="typo"):
        books.shared("typo")


def test_a_purged_tenants_money_stays_spent_for_its_organization(
    books: Books, platform: Platform, owner: Owner
):
    books.allow("acme")
    books.spend(60, "acme")
    open_one = books.ledger.reserve(call("acme", 7))
    books.spend(30, "globex")
    platform.tenants.purge("acme", [])
    shared = books.shared()
    assert (shared.spent, shared.in_flight) == (90, 7)
    for table in ("tenant_budgets", "ledger", "spending"):
        query = "SELECT count(*) FROM sync.{} WHERE tenant_id = 'acme'"
        assert one(owner, query.format(table)) == 0  # type: ignore[arg-type]
    books.ledger.release(open_one)
    assert books.shared().in_flight == 0
    assert books.adds_up()
