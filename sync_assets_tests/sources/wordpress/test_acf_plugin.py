from dataclasses import replace

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets_tests.sources.wordpress.conftest import Open
from sync_assets_tests.sources.wordpress.reading import collection, records


@pytest.fixture
def older(tenant: Tenant) -> Tenant:
    """A tenant whose site has the older plugin."""
    return replace(tenant, settings={"acf": "rest_api"})


def _acf(open_site: Open, tenant: Tenant, stream: str, name: str) -> dict[int, object]:
    with open_site(tenant) as connection:
        found = records(collection(connection, stream, name))
    column = {"posts": 13, "terms": 5, "media": 14}[stream]
    return {key: record.values[column] for key, record in found.items()}


def test_fields_of_a_batch_come_in_one_request(
    older: Tenant, site: DemoSite, open_site: Open
) -> None:
    rich = site.site.add("posts", title="A", acf={"nota": 7, "vazio": ""})
    poor = site.site.add("posts", title="B", status="draft")
    found = _acf(open_site, older, "posts", "post")
    assert found == {rich: '{"nota":7,"vazio":null}', poor: None}
    asked = [request.route or "" for request in site.received]
    assert [route for route in asked if "acf" in route] == ["/acf/v3/posts"]
    assert all("acf" not in request.params.get("_fields", "") for request in site.received)


def test_a_plugin_that_refuses_batches_is_asked_one_by_one(
    older: Tenant, site: DemoSite, open_site: Open
) -> None:
    made = {site.site.add("posts", title=str(n), acf={"n": n}): f'{{"n":{n}}}' for n in range(3)}
    refused = b'{"code":"rest_invalid_param"}'
    site.faults.add(Fault(status(400, refused), path="/acf/v3/posts?", times=None))
    assert _acf(open_site, older, "posts", "post") == made


def test_terms_and_media_have_fields_too(older: Tenant, site: DemoSite, open_site: Open) -> None:
    tag = site.site.add("tags", name="Mar", acf={"cor": "azul"})
    image = site.site.add("media", title="Farol", acf={"crédito": "Ana"})
    assert _acf(open_site, older, "terms", "post_tag") == {tag: '{"cor":"azul"}'}
    assert _acf(open_site, older, "media", "attachment") == {image: '{"crédito":"Ana"}'}


def test_a_site_without_the_plugin_says_what_to_do(
    older: Tenant, site: DemoSite, open_site: Open
) -> None:
    site.site.acf_v3 = False
    with pytest.raises(TenantMustAct, match="no plugin 'ACF to REST API'"), open_site(older):
        pass
