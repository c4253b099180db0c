"""Allows a tenant so many tokens, and looks at what was stored and booked for it."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, cost
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS
from sync_assets_tests.embeddings.fake_provider import FakeProvider, Seen

PRICE = Decimal(1)
"""Of a million tokens, as the platform of these tests is told."""

_STORED = """
    SELECT DISTINCT c.content FROM cms.chunks c JOIN cms.vectors v USING (set_id, hash)
"""
_BOOKED = """
    SELECT state, count(*)::int, coalesce(sum(tokens_billed), 0)::int, sum(tokens_reserved)::int,
      sum(inputs)::int
    FROM sync.ledger WHERE tenant_id = %(tenant)s GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Booked:
    """The ledger's entries of a state: how many, their tokens and their texts."""

    calls: int = 0
    billed: int = 0
    bound: int = 0
    inputs: int = 0


def allow(platform: Platform, tenant: str, tokens: int) -> None:
    """Give a tenant a budget of so many tokens a month."""
    platform.budgets.set_tenant(tenant, Change(cost(tokens, PRICE)))


def booked(platform: Platform, tenant: str) -> dict[str, Booked]:
    """What the ledger says of a tenant, by the entries' states."""
    with platform.database.as_control() as connection:
        rows = connection.execute(_BOOKED, {"tenant": tenant}).fetchall()
    return {state: Booked(*numbers) for state, *numbers in rows}


def stored(platform: Platform, tenant: str) -> set[str]:
    """The texts of a tenant that have a vector, in whichever set."""
    with platform.database.as_tenant(tenant) as connection:
        return set(connection.execute(_STORED).scalars())


def asked_for(calls: list[Seen]) -> Counter[str]:
    """How often each text was sent."""
    return Counter(text for seen in calls for text in seen.body["input"])


def sent(fake: FakeProvider, since: int = 0) -> Counter[str]:
    """How often each text was sent to the provider, from one request on."""
    return asked_for(fake.seen[since:])


def sync_streams(platform: Platform, tenant: str, sync_id: UUID) -> None:
    """Sync all but the embeddings, as the steps before them do."""
    request = platform.request(tenant, sync_id=sync_id)
    for part in request.streams:
        if part != EMBEDDINGS:
            platform.run_stream(request, part, StopSignal())
