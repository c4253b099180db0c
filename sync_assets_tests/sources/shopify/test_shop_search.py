"""Products are embedded and found by meaning, because their stream says what its texts are."""

from collections.abc import Iterator

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo.shop import ShopSite
from sync_assets.settings import Settings

pytestmark = pytest.mark.postgres


@pytest.fixture
def embedding(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    del settings
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDINGS", "true")
    platform = Platform(Settings())
    yield platform
    platform.close()


def test_a_product_is_found_and_a_draft_is_not(embedding: Platform, site: ShopSite, tenant: Tenant):
    found, hidden = sorted(product.id for product in site.shop.products)[:2]
    text = "<p>Rede de dormir feita à mão, de algodão</p>"
    site.desk.edit_product(found, title="Rede", description_html=text, status="ACTIVE")
    site.desk.edit_product(hidden, title="Rede", description_html=text, status="DRAFT")
    embedding.tenants.add(tenant)
    request = embedding.request(tenant.id, ("products", "embeddings"))
    for outcome in embedding.run_tenant(request, StopSignal()):
        assert outcome.error is None
    hits = embedding.search(tenant.id, "rede de algodão").hits
    assert (hits[0].source_type, hits[0].record_id) == ("shop_product", found)
    assert hidden not in {hit.record_id for hit in hits}
