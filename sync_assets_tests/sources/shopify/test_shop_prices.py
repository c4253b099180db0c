"""What a question is thought to cost, and how much smaller it becomes when it is too dear."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from sync_assets.core.points import Unmetered
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.shop import ShopSite
from sync_assets.sources.shopify.queries import ORDER
from sync_assets.sources.shopify.reading import Reading
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import connected


class Noting(Unmetered):
    """Notes what was taken."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def take(self, points: int, stop: StopSignal) -> None:
        del stop
        self.taken.append(points)


def ten_each(request: Request) -> Response | None:
    """Each record that is asked for by its id costs ten points."""
    if b'"ids":' not in request.body:
        return None
    told = json.loads(request.answer().body)
    number = len(json.loads(request.body)["variables"]["ids"])
    told["extensions"]["cost"]["requestedQueryCost"] = 10 * number
    return Response.json(told)


def test_a_question_for_more_records_has_a_price_of_its_own(
    site: ShopSite, tenant: Tenant, clock: Clock
):
    site.faults.add(ten_each)
    keys = sorted(order.id for order in site.shop.orders if len(order.lines) < 50)
    with connected(tenant, clock) as connection:
        client = connection._client  # pyright: ignore[reportPrivateUsage]
        reading, purse = Reading(client, ORDER), Noting()
        reading.fetch(keys[:30])
        reading.fetch(keys[:1])
        client.purse = purse
        for number in (30, 1, 30):
            reading.fetch(keys[:number])
    assert purse.taken == [300, 10, 300]


class TooDear:
    """Refuses the first questions for whole orders, all at the same moment."""

    def __init__(self, together: int) -> None:
        self._barrier = threading.Barrier(together)
        self._left = together
        self._lock = threading.Lock()
        self.parts: list[int] = []

    def __call__(self, request: Request) -> Response | None:
        variables = json.loads(request.body)["variables"] if request.body else {}
        if "parts" not in variables:
            return None
        with self._lock:
            self.parts.append(variables["parts"])
            self._left -= 1
            if self._left < 0:
                return None
        self._barrier.wait(10)
        error = {"message": "Too dear", "extensions": {"code": "MAX_COST_EXCEEDED"}}
        return Response.json({"errors": [error]})


def test_refusals_at_the_same_moment_halve_once(site: ShopSite, tenant: Tenant, clock: Clock):
    trouble = TooDear(together=2)
    site.faults.add(trouble)
    keys = sorted(order.id for order in site.shop.orders)[:2]
    with connected(tenant, clock) as connection, ThreadPoolExecutor(2) as pool:
        reading = Reading(connection._client, ORDER)  # pyright: ignore[reportPrivateUsage]
        list(pool.map(lambda key: reading.fetch([key]), keys))
    assert trouble.parts == [50, 50, 25, 25]
