"""Processes that call a provider until the budget is spent: `python -m … URL TENANT FILE`."""

import subprocess
import sys
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from random import Random

from sync_assets.core.budget import Call
from sync_assets.core.errors import BudgetSpent, RetryLater
from sync_assets.store.budgets import Budgets
from sync_assets.store.database import Database
from sync_assets.store.ledger import Ledger
from sync_assets_tests.store.spending import JULY, ZONE

PRICE = Decimal("0.13")
BOUND = 1_000
"""Tokens that a call may take; it takes from a fifth of them to all."""


def spend_together(url: str, tenants: list[str], bills: Path) -> None:
    """Start a process for each name, let all go at once, and have them end well."""
    with ExitStack() as stack:
        started = [stack.enter_context(_process(url, name, bills)) for name in tenants]
        for process in started:
            stack.callback(process.kill)
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
        assert [process.wait(timeout=120) for process in started] == [0] * len(started)


def _process(url: str, tenant: str, bills: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__, url, tenant, str(bills)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class Provider:
    """Counts by itself what it bills: a line a call, each written at once."""

    def __init__(self, bills: Path) -> None:
        self._bills = bills
        self._random = Random()  # noqa: S311 - another one in each process

    def call(self, tenant: str) -> int | None:
        """What it bills; None if it refuses."""
        time.sleep(self._random.uniform(0.001, 0.01))
        if self._random.random() < 0.1:
            return None
        tokens = self._random.randint(BOUND // 5, BOUND)
        with self._bills.open("a") as file:
            file.write(f"{tenant} {tokens}\n")
        return tokens


def spend(url: str, tenant: str, bills: str) -> None:
    """Call the provider for a tenant until there is no room for another call."""
    database, provider = Database(url), Provider(Path(bills))
    ledger = Ledger(database, Budgets(database, ZONE, None, "USD", lambda: JULY))
    call = Call(tenant, "query", "a-model", 1, BOUND // 4, BOUND, PRICE)
    database.keep().close()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    while True:
        try:
            reservation = ledger.reserve(call)
        except RetryLater:
            time.sleep(0.005)
            continue
        except BudgetSpent:
            break
        tokens = provider.call(tenant)
        if tokens is None:
            ledger.release(reservation)
        else:
            with database.as_tenant(tenant) as connection:
                ledger.settle(connection, reservation, tokens)
    database.close()


if __name__ == "__main__":
    spend(*sys.argv[1:])
