"""Tokens: static ones, and those that are granted for a day, renewed in time and kept sealed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import SourceChanged, TenantMustAct
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.core.tokens import Token
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.apps import READ_ALL
from sync_assets.sources.shopify import Shopify
from sync_assets_tests.contracts.wordpress_lab import Impatient
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import connected


class Kept:
    """Tokens in memory."""

    def __init__(self) -> None:
        self.held: dict[str, Token] = {}

    def get(self, tenant_id: str) -> Token | None:
        return self.held.get(tenant_id)

    def put(self, tenant_id: str, token: Token) -> None:
        self.held[tenant_id] = token


def source(clock: Clock, tokens: Kept | None = None) -> Shopify:
    backoff = Impatient(base=0.01)
    return Shopify(allow_private=True, backoff=backoff, tokens=tokens, clock=clock)


def grants(site: ShopSite) -> int:
    return sum(request.path.endswith("access_token") for request in site.received)


def read(tenant: Tenant, clock: Clock, tokens: Kept | None = None) -> int:
    with source(clock, tokens).connect(tenant, SyncOptions(), StopSignal()) as connection:
        (collection,) = connection.collections("products")
        return sum(len(page.sightings) for page in collection.listing())


def test_an_id_and_a_secret_are_good_for_a_token(site: ShopSite, granted: Tenant, clock: Clock):
    assert read(granted, clock) == 20
    assert grants(site) == 1


def test_a_token_serves_until_shortly_before_its_end(site: ShopSite, granted: Tenant, clock: Clock):
    tokens = Kept()
    read(granted, clock, tokens)
    clock.forward(hours=23)
    read(granted, clock, tokens)
    assert grants(site) == 1
    clock.forward(minutes=56)
    read(granted, clock, tokens)
    assert grants(site) == 2


def test_a_token_that_ends_in_the_middle_is_renewed(site: ShopSite, granted: Tenant, clock: Clock):
    with source(clock).connect(granted, SyncOptions(), StopSignal()) as connection:
        (collection,) = connection.collections("products")
        site.apps.end_all()
        assert sum(len(page.sightings) for page in collection.listing()) == 20
    assert grants(site) == 2


def test_a_token_for_another_secret_is_not_used(site: ShopSite, granted: Tenant, clock: Clock):
    tokens = Kept()
    read(granted, clock, tokens)
    other = site.install("other")
    account = Credentials(other.client_id, other.client_secret)
    read(Tenant("loja", "shopify", "agency", site.url, account), clock, tokens)
    assert grants(site) == 2


def test_a_secret_that_is_wrong_asks_the_tenant_to_act(site: ShopSite, clock: Clock):
    account = Credentials(site.app.client_id, "shpss_wrong")
    with pytest.raises(TenantMustAct, match="client id and secret") as caught:
        read(Tenant("loja", "shopify", "agency", site.url, account), clock)
    assert "shpss" not in str(caught.value)


def test_a_public_tenant_is_told_that_there_is_no_such_thing(site: ShopSite, clock: Clock):
    with pytest.raises(TenantMustAct, match="shows nothing to strangers"):
        read(Tenant("loja", "shopify", "agency", site.url), clock)


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_no_secret_goes_over_plain_http(
    site: ShopSite, tenant: Tenant, granted: Tenant, clock: Clock, scheme: str
):
    for one in (tenant, granted):
        plain = replace(one, url=site.url.replace("http", scheme, 1))
        with (
            pytest.raises(TenantMustAct, match="--url https://"),
            Shopify(clock=clock).connect(plain, SyncOptions(), StopSignal()),
        ):
            pass
    assert list(site.received) == []


def test_a_file_is_not_fetched_over_plain_http(site: ShopSite, tenant: Tenant, clock: Clock):
    with connected(tenant, clock) as connection:
        connection._client.secrecy = True  # pyright: ignore[reportPrivateUsage]
        (collection,) = connection.collections("products")
        with pytest.raises(SourceChanged, match="begin with https://"):
            list(collection.with_contents().listing())
    assert [x.state for x in site.bulk.all] == ["COMPLETED"]
    assert not any(request.path.startswith("/bulk/") for request in site.received)


@pytest.mark.parametrize(
    ("stream", "scope"),
    [
        ("products", "read_products"),
        ("inventory", "read_inventory"),
        ("inventory", "read_locations"),
        ("orders", "read_orders"),
        ("orders", "read_all_orders"),
    ],
)
def test_a_scope_that_is_missing_is_named(site: ShopSite, clock: Clock, stream: str, scope: str):
    app = site.install("narrow", READ_ALL - {scope})
    tenant = Tenant("loja", "shopify", "agency", site.url, Credentials("token", app.token))
    with (
        source(clock).connect(tenant, SyncOptions(), StopSignal()) as connection,
        pytest.raises(TenantMustAct, match=scope),
    ):
        connection.collections(stream)


@pytest.mark.postgres
def test_granted_tokens_are_stored_sealed_and_shared(
    platform: Platform, site: ShopSite, granted: Tenant
):
    platform.tenants.add(granted)
    for _ in range(2):
        with platform.source(granted).connect(granted, SyncOptions(), StopSignal()):
            pass
    assert grants(site) == 1
    token = platform.access_tokens.get(granted.id)
    assert token is not None
    assert token.ends > token.ends - timedelta(days=1)
    with platform.database.as_tenant(granted.id) as connection:
        (row,) = connection.execute("SELECT sealed::text FROM sync.access_tokens").fetchall()
    assert token.value not in bytes.fromhex(row.sealed[2:]).decode()
