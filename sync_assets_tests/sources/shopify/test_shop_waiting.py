"""Waiting for a bulk operation: what counts as progress, and when there has been enough of it."""

from collections.abc import Generator, Iterator

import pytest

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import ListingPage
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.bulk.operation import Operation
from sync_assets.sources.shopify.bulk import Pauses
from sync_assets.sources.shopify.connection import ShopifyConnection
from sync_assets.sources.shopify.queries import RUN
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import OPTIONS, QUICK, connected, source


@pytest.fixture
def connection(site: ShopSite, tenant: Tenant, clock: Clock) -> Generator[ShopifyConnection]:
    """Operations stay in front of their work until a test says how far they are."""
    site.bulk.knobs.waits = 60
    with connected(tenant, clock) as connection:
        yield connection


def listing(connection: ShopifyConnection, stream: str = "products") -> Iterator[ListingPage]:
    (collection,) = connection.collections(stream)
    return collection.with_contents().listing()


def occupy(connection: ShopifyConnection) -> None:
    """Another part of the app begins an operation."""
    query = "{ products { edges { node { id } } } }"
    connection._client.ask(RUN, {"query": query})  # pyright: ignore[reportPrivateUsage]


def test_only_an_operation_that_gets_on_is_progress(site: ShopSite, connection: ShopifyConnection):
    pages = listing(connection)
    assert next(pages) == ListingPage(())
    (operation,) = site.bulk.all
    assert next(pages) == ListingPage(())
    operation.state = "RUNNING"
    assert next(pages) == ListingPage((), at_work=True)
    assert next(pages) == ListingPage(())
    operation.objects += 5
    assert next(pages) == ListingPage((), at_work=True)
    assert next(pages) == ListingPage(())


def test_an_operation_that_is_being_cancelled_is_no_progress(
    site: ShopSite, connection: ShopifyConnection
):
    pages = listing(connection)
    next(pages)
    (operation,) = site.bulk.all
    operation.state = "CANCELING"
    assert next(pages) == ListingPage(())


def test_somebody_elses_operation_is_no_progress(site: ShopSite, connection: ShopifyConnection):
    occupy(connection)
    pages = listing(connection, "inventory")
    other: Operation = site.bulk.all[0]
    other.state = "RUNNING"
    for _ in range(3):
        other.objects += 5
        assert next(pages) == ListingPage(())
    assert site.bulk.all == [other]


def test_an_app_that_stays_busy_is_left_for_later(
    site: ShopSite, tenant: Tenant, clock: Clock, connection: ShopifyConnection
):
    occupy(connection)
    impatient = source(clock, pauses=Pauses(looks=QUICK.looks, busy=0.2))
    with impatient.connect(tenant, OPTIONS, StopSignal()) as second:
        assert isinstance(second, ShopifyConnection)
        with pytest.raises(RetryLater, match="as many bulk operations under way") as caught:
            list(listing(second, "inventory"))
    assert caught.value.after == 0.2
    assert len(site.bulk.all) == 1
