"""What is held at once is bounded by parts, too: a hundred products may have 200,000 variants."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.budget import PLANS
from sync_assets.sources.shopify.bulk_file import MOST_PARTS, batches, parts_of, roots
from sync_assets.sources.shopify.queries import PRODUCT
from sync_assets.sources.shopify.records import to_product
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.test_shop_bulk import records, source


def lines(products: int, variants: int) -> Iterator[bytes]:
    """The file of a bulk operation."""
    for product in range(1, products + 1):
        owner = f"gid://shopify/Product/{product}"
        yield orjson.dumps({"id": owner, "title": "Camiseta", "options": [], "tags": []})
        for place in range(variants):
            key = product * 5000 + place
            variant = {
                "id": f"gid://shopify/ProductVariant/{key}",
                "title": f"M / Azul {place}",
                "sku": f"SKU-{key}",
                "price": "59.90",
                "selectedOptions": [{"name": "Cor", "value": f"Azul {place}"}],
                "inventoryItem": {"id": f"gid://shopify/InventoryItem/{key}"},
                "updatedAt": "2026-10-01T12:00:00Z",
                "__parentId": owner,
            }
            yield orjson.dumps(variant)


@pytest.mark.parametrize(
    ("products", "variants", "wanted"),
    [
        (250, 3, [100, 100, 50]),
        (6, 2000, [2, 2, 2]),
        (2, 2 * MOST_PARTS, [1, 1]),
        (0, 0, []),
    ],
)
def test_a_batch_has_so_many_records_and_so_many_parts(
    products: int, variants: int, wanted: list[int]
):
    found = list(batches(roots(lines(products, variants), PRODUCT), PRODUCT, 100))
    assert [len(batch) for batch in found] == wanted
    assert sum(parts_of(node, PRODUCT) for batch in found for node in batch) == products * variants


def test_large_products_take_little_memory():
    tracemalloc.start()
    try:
        for batch in batches(roots(lines(12, 2000), PRODUCT), PRODUCT, 100):
            assert [to_product({"id": 1, "node": node}) for node in batch]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 30e6  # 16 MB; all at once they would be 49


def test_pages_become_smaller_where_records_have_many_parts(cache: Path, clock: Clock):
    sizes = Sizes(products=20, orders=0, locations=80)
    with ShopSite.start(sizes=sizes, clock=clock, cache=cache, rate=PLANS["enterprise"]) as site:
        tenant = Tenant("loja", "shopify", "agency", site.url, Credentials("token", site.token))
        with source(clock, 10**9).connect(tenant, SyncOptions(), StopSignal()) as connection:
            (inventory,) = connection.collections("inventory")
            pages = [page.payloads for page in inventory.listing()]
        parts = [sum(len(x["node"]["inventoryLevels"]) for x in page) for page in pages]
        assert parts[0] > MOST_PARTS
        assert max(parts[1:]) <= 1.1 * MOST_PARTS
        assert sum(map(len, pages)) == site.shop.count_items()


@pytest.mark.parametrize(("bulk_from", "operations"), [(25, 1), (26, 0)])
def test_few_products_with_many_variants_are_a_large_shop(
    site: ShopSite, tenant: Tenant, clock: Clock, bulk_from: int, operations: int
):
    site.desk.add_product("De tudo", variants=250 - site.shop.count_items())
    records(tenant, clock, "products", bulk_from)
    assert len(site.bulk.all) == operations
