"""Ten processes spend one budget to its end, and not a token more."""

from decimal import Decimal
from pathlib import Path

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import cost
from sync_assets_tests.store.asking import know
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.spenders import BOUND, PRICE, spend_together
from sync_assets_tests.store.spending import Books

pytestmark = pytest.mark.postgres

TOKENS = 150_000
"""What the budget is enough for: some 250 calls."""

BUDGET = cost(TOKENS, PRICE)
TENANTS = [f"tenant-{number}" for number in range(10)]


@pytest.fixture
def books(platform: Platform, owner: Owner) -> Books:
    know(platform, *TENANTS)
    return Books(platform.database, owner)


def billed(bills: Path) -> list[int]:
    """The provider's own count, call by call."""
    return [int(line.split()[1]) for line in bills.read_text().splitlines()]


def assert_used_up_and_not_exceeded(books: Books, bills: Path, spent: Decimal) -> None:
    calls = billed(bills)
    assert sum(calls) <= TOKENS
    assert sum(calls) > TOKENS - BOUND  # another call would not have fitted
    query = "SELECT array[count(*), sum(tokens_billed)] FROM sync.ledger WHERE state = 'settled'"
    assert one(books.owner, query) == [len(calls), sum(calls)]
    assert spent == cost(sum(calls), PRICE) <= BUDGET
    assert set(books.states()) == {"settled", "released"}
    assert books.adds_up()


def test_ten_processes_of_one_organization_spend_no_token_too_many_and_leave_no_call_undone(
    books: Books, database_url: str, tmp_path: Path
):
    books.allow_all(BUDGET)
    spend_together(database_url, TENANTS, tmp_path / "bills")
    assert_used_up_and_not_exceeded(books, tmp_path / "bills", books.shared().spent)


def test_nor_do_ten_of_one_tenant(books: Books, database_url: str, tmp_path: Path):
    books.allow(TENANTS[0], BUDGET)
    spend_together(database_url, TENANTS[:1] * 10, tmp_path / "bills")
    spent = books.budgets.standing(TENANTS[0]).spent
    assert_used_up_and_not_exceeded(books, tmp_path / "bills", spent)
