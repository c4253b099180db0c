"""Every call to a provider is booked before it is made, and closed once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change
from sync_assets.core.errors import BudgetSpent, OperatorMustAct, RetryLater, UnknownTenant
from sync_assets_tests.store.asking import know
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.spending import AUGUST, Books, call

pytestmark = pytest.mark.postgres


@pytest.fixture
def books(platform: Platform, owner: Owner) -> Books:
    """Two tenants of one organization; acme may spend 1,000."""
    know(platform, "acme", "globex")
    books = Books(platform.database, owner)
    books.allow("acme", 1_000)
    return books


# An entry's life


def test_an_entry_says_who_called_for_what_and_what_it_cost(books: Books, owner: Owner):
    sync_id = uuid4()
    reservation = books.ledger.reserve(call(bound=100, sync_id=sync_id))
    books.settle(reservation, 80)
    row = owner.execute("""
        SELECT tenant_id, organization, month::text, sync_id, purpose, model, inputs,
          tokens_estimated, tokens_reserved, tokens_billed, price_per_million, currency,
          reserved, billed, state, settled_at >= at
        FROM sync.ledger
    """).fetchone()
    tokens, money = (25, 100, 80), (Decimal(1_000_000), "USD", 100, 80)
    whose = ("acme", "agency", "2026-07-01", sync_id)
    assert row == (*whose, "embed", "a-model", 3, *tokens, *money, "settled", True)


def test_a_settled_call_costs_what_was_billed(books: Books):
    reservation = books.ledger.reserve(call(bound=100))
    assert books.spent() == (0, 100)
    books.settle(reservation, 80)
    assert books.spent() == (80, 0)
    assert books.adds_up()


def test_a_provider_that_does_not_say_is_counted_at_the_bound(books: Books, owner: Owner):
    books.settle(books.ledger.reserve(call(bound=100)), None)
    assert books.spent() == (100, 0)
    assert one(owner, "SELECT tokens_billed FROM sync.ledger") is None


def test_a_released_call_costs_nothing(books: Books):
    books.ledger.release(books.ledger.reserve(call(bound=1_000)))
    assert books.spent() == (0, 0)
    books.spend(1_000)
    assert books.adds_up()


def test_a_transaction_that_fails_settles_nothing(books: Books, platform: Platform):
    reservation = books.ledger.reserve(call(bound=100))

    def store() -> None:
        with platform.database.as_tenant("acme") as connection:
            books.ledger.settle(connection, reservation, 80)
            raise RuntimeError("the vectors cannot be stored")

    with pytest.raises(RuntimeError):
        store()
    assert books.spent() == (0, 100)
    books.settle(reservation, 80)
    assert books.spent() == (80, 0)


def test_what_a_dead_attempt_had_reserved_stays_counted(books: Books):
    dead, other = uuid4(), uuid4()
    for sync_id in (dead, dead, other):
        books.ledger.reserve(call(bound=100, sync_id=sync_id))
    assert books.ledger.lose(dead) == 2
    assert books.spent() == (200, 100)
    assert books.ledger.lose(dead) == 0
    assert books.states() == ["lost", "lost", "reserved"]
    assert books.adds_up()


def test_what_was_believed_lost_and_is_settled_after_all_costs_what_was_billed(books: Books):
    sync_id = uuid4()
    reservation = books.ledger.reserve(call(bound=100, sync_id=sync_id))
    books.ledger.lose(sync_id)
    books.settle(reservation, 80)
    assert books.spent() == (80, 0)
    assert books.adds_up()


def test_losing_and_settling_at_once_counts_once(books: Books):
    def race(sync_id: UUID) -> None:
        reservation = books.ledger.reserve(call(bound=10, sync_id=sync_id))
        with ThreadPoolExecutor(2) as both:
            for done in (
                both.submit(books.ledger.lose, sync_id),
                both.submit(books.settle, reservation, 8),
            ):
                done.result()

    for _ in range(20):
        race(uuid4())
    assert books.spent() == (160, 0)
    assert books.adds_up()


def test_an_entry_is_closed_once(books: Books, caplog: pytest.LogCaptureFixture):
    settled, released = (books.ledger.reserve(call(bound=100)) for _ in range(2))
    books.settle(settled, 80)
    books.ledger.release(released)
    for reservation in (settled, released):
        books.settle(reservation, 50)
        books.ledger.release(reservation)
    assert books.states() == ["settled", "released"]
    assert books.spent() == (80, 0)
    assert caplog.text.count("closed already") == 2


def test_a_bill_beyond_the_bound_is_counted_and_said(
    books: Books, caplog: pytest.LogCaptureFixture
):
    books.settle(books.ledger.reserve(call(bound=1_000)), 1_300)
    assert books.spent() == (1_300, 0)
    assert "a-model billed 1300 tokens for a call that cannot take more than 1000" in caplog.text
    with pytest.raises(BudgetSpent, match="far beyond"):
        books.ledger.reserve(call(bound=1))


def test_a_call_belongs_to_the_month_in_which_it_was_reserved(books: Books):
    reservation = books.ledger.reserve(call(bound=900))
    books.now = AUGUST
    assert books.spent() == (0, 0)
    books.settle(reservation, 900)
    assert books.spent() == (0, 0)
    books.spend(1_000)


# What is let through


def test_the_budget_is_used_up_to_the_last_call_that_fits(books: Books):
    for tokens in (400, 400, 200):
        books.spend(tokens)
    assert books.spent() == (1_000, 0)
    with pytest.raises(BudgetSpent, match=r"acme has spent its budget of 1000\.00 USD"):
        books.ledger.reserve(call(bound=1))


def test_a_call_that_does_not_fit_is_refused_and_a_smaller_one_is_not(books: Books):
    books.spend(900)
    with pytest.raises(BudgetSpent, match=r"has 100\.00 left .* the next call may cost 101\.00"):
        books.ledger.reserve(call(bound=101))
    books.spend(100)
    assert books.states() == ["settled", "settled"]  # what is refused leaves no entry


def test_a_call_that_only_calls_in_flight_keep_out_may_come_again(books: Books):
    first = books.ledger.reserve(call(bound=600))
    with pytest.raises(RetryLater) as caught:
        books.ledger.reserve(call(bound=600))
    assert caught.value.after == 1
    books.settle(first, 400)
    books.ledger.reserve(call(bound=600))


def test_one_in_flight_for_two_minutes_is_waited_for_no_longer(books: Books):
    books.grow_old(books.ledger.reserve(call(bound=600)))
    with pytest.raises(BudgetSpent, match=r"has 400\.00 left"):
        books.ledger.reserve(call(bound=600))


def test_the_organizations_budget_holds_for_its_tenants_together(books: Books):
    books.allow_all(1_000)
    books.spend(600, "globex")
    with pytest.raises(BudgetSpent, match=r"organization agency has 400\.00 left"):
        books.ledger.reserve(call("acme", 401))
    in_flight = books.ledger.reserve(call("acme", 400))
    with pytest.raises(RetryLater, match="organization agency"):
        books.ledger.reserve(call("globex", 1))
    books.ledger.release(in_flight)
    books.spend(400, "globex")


def test_whoever_is_blocked_reserves_nothing(books: Books):
    books.budgets.set_tenant("acme", Change(blocked=True, reason="unpaid"))
    for price in (Decimal(0), Decimal(1)):
        with pytest.raises(BudgetSpent, match=r"blocked \(unpaid\)"):
            books.ledger.reserve(call(price=price))
    assert books.states() == []


def test_a_free_call_is_booked_whatever_was_spent(books: Books, owner: Owner):
    books.spend(1_000)
    free = books.ledger.reserve(call(bound=10**9, price=Decimal(0)))
    books.settle(free, 77)
    assert one(owner, "SELECT sum(tokens_billed) FROM sync.ledger") == 1_077
    assert books.spent() == (1_000, 0)
    assert books.adds_up()


def test_a_free_call_waits_for_no_other(books: Books, owner: Owner):
    """Only money needs the one-at-a-time of an organization."""
    with owner.transaction():
        owner.execute("SELECT pg_advisory_xact_lock(hashtextextended('agency', 1))")
        with ThreadPoolExecutor(1) as aside:
            free = aside.submit(books.ledger.reserve, call(price=Decimal(0)))
            assert free.result(timeout=10).id > 0


def test_nobody_reserves_who_is_not_registered(books: Books):
    for price in (Decimal(0), Decimal(1)):
        with pytest.raises(UnknownTenant, match="nobody"):
            books.ledger.reserve(call("nobody", price=price))


# Tenants apart


def test_a_tenant_settles_no_entry_of_another(books: Books, platform: Platform):
    theirs = books.ledger.reserve(call("globex", 100))
    with platform.database.as_tenant("acme") as connection:
        books.ledger.settle(connection, theirs, 1)
    assert books.states() == ["reserved"]
    assert books.spent("globex") == (0, 100)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sync.ledger SET reserved = 0",
        "DELETE FROM sync.ledger",
        "DELETE FROM sync.spending",
        "UPDATE sync.spending SET month = month - 40",
        "UPDATE sync.tenant_budgets SET monthly = 9999",
        "SELECT * FROM sync.organization_budgets",
    ],
)
def test_a_tenant_cannot_help_itself_to_money(books: Books, platform: Platform, statement: str):
    books.spend(100)
    with (
        pytest.raises(OperatorMustAct, match="permission denied"),
        platform.database.as_tenant("acme") as connection,
    ):
        connection.execute(statement)
