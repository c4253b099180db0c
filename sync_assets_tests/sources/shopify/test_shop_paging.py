"""A listing that goes in circles is left, wherever the circle begins and however long it is."""

from collections.abc import Iterator
from itertools import chain, count, cycle
from typing import Any

import orjson
import pytest

from sync_assets.core.errors import SourceChanged
from sync_assets.core.tenants import Tenant
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.shop import ShopSite
from sync_assets.sources.shopify.paging import Rounds, pages
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import connected


class Circles(Exception):
    pass


@pytest.mark.parametrize("before", [0, 1, 5, 100])
@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_a_circle_is_noticed_soon(before: int, length: int):
    cursors = chain(map(str, range(before)), cycle(f"c{n}" for n in range(length)))
    asked = 0

    def ask(_: str | None) -> tuple[list[int], str]:
        nonlocal asked
        asked += 1
        return [], next(cursors)

    with pytest.raises(Circles):
        list(pages(ask, Circles))
    assert asked <= 3 * (before + length) + 1


def test_a_long_listing_is_no_circle():
    rounds = Rounds()
    assert not any(rounds.closed_by(str(number)) for number in range(100_000))


class Endless:
    """The pages of one connection have the cursors A, B, A, B … and there is always another."""

    def __init__(self, field: str) -> None:
        self._field, self._numbers = field, count()

    def __call__(self, request: Request) -> Response | None:
        asked = orjson.loads(request.body)
        if f"{self._field}(first" not in asked["query"]:
            return None
        if asked["variables"].get("after") is None:
            told = orjson.loads(request.answer().body)
        else:
            empty = {self._field: {"nodes": [], "pageInfo": {}}}
            told = {"data": {**empty, "node": empty}}
        cursor = "AB"[next(self._numbers) % 2]
        for holder in _holders(told, self._field):
            holder[self._field]["pageInfo"] = {"hasNextPage": True, "endCursor": cursor}
        return Response.json(told)


def _holders(value: Any, field: str) -> Iterator[dict[str, Any]]:
    """The objects that have the connection."""
    if isinstance(value, dict) and "pageInfo" in (value.get(field) or {}):
        yield value
    for entry in value.values() if isinstance(value, dict) else value:
        if isinstance(entry, dict | list):
            yield from _holders(entry, field)


@pytest.mark.parametrize(
    ("stream", "field"),
    [("products", "products"), ("inventory", "inventoryItems"), ("inventory", "inventoryLevels")],
)
def test_a_shop_that_lists_in_circles_is_left(
    site: ShopSite, tenant: Tenant, clock: Clock, stream: str, field: str
):
    with connected(tenant, clock, bulk_from=10**9) as connection:
        (collection,) = connection.collections(stream)
        site.faults.add(Endless(field))
        with pytest.raises(SourceChanged, match="in circles"):
            list(collection.listing())


def test_events_that_go_in_circles_are_left(site: ShopSite, tenant: Tenant, clock: Clock):
    with connected(tenant, clock, bulk_from=10**9) as connection:
        (collection,) = connection.collections("orders")
        recent = collection.recent(clock.now)
        assert recent is not None
        site.faults.add(Endless("events"))
        with pytest.raises(SourceChanged, match="in circles"):
            list(recent.deleted())
