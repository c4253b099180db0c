"""Tenants, their budgets and searches in their texts."""

from contextlib import ExitStack
from decimal import Decimal

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change
from sync_assets.demo import DemoSite
from sync_assets.gateway import registering, tenants
from sync_assets_tests.gateway.conftest import Client, Organization

pytestmark = pytest.mark.postgres


def wish(site: DemoSite, **more: object) -> dict[str, object]:
    account = {"username": site.username, "password": site.password}
    return {"name": "blog", "source": "wordpress", "url": site.url, "credentials": account} | more


def test_a_tenant_is_registered_once_its_site_has_been_asked(
    platform: Platform, demo_site: DemoSite, ours: Organization, client: Client
):
    admin = client(ours.admin)
    answer = admin.post("/v1/tenants", json=wish(demo_site, schedule="0 */6 * * *"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["id"].startswith("blog-")
    assert answer.headers["location"] == f"/v1/tenants/{made['id']}"
    assert (made["organizationId"], made["public"]) == ("ours", False)
    assert "credentials" not in made
    assert demo_site.password not in answer.text
    stored = platform.tenants.get(made["id"]).credentials
    assert stored is not None
    assert stored.secret == demo_site.password
    assert admin.get(answer.headers["location"]).json() == made


def test_an_account_that_is_no_good_registers_nothing(
    platform: Platform, demo_site: DemoSite, ours: Organization, client: Client
):
    bad = wish(demo_site, credentials={"username": "nobody", "password": "planted-wrong"})
    answer = client(ours.admin).post("/v1/tenants", json=bad)
    assert answer.status_code == 422
    assert "planted" not in answer.text
    assert "sync-assets" not in answer.text
    assert len(platform.tenants.all()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://a.test"},
        {"url": "https://user:planted@a.test"},
        {"url": "https://a.test/?x"},
        {"source": "nothing"},
        {"settings": {"nothing": "1"}},
        {"settings": {"acf": "planted"}},
        {"schedule": "every day"},
        {"schedule": "0 0 31 2 *"},
        {"name": "No Name"},
    ],
)
def test_what_cannot_be_a_tenant_is_refused(
    wrong: dict[str, object], demo_site: DemoSite, ours: Organization, client: Client
):
    answer = client(ours.admin).post("/v1/tenants", json=wish(demo_site, **wrong))
    assert answer.status_code == 422
    assert "sync-assets" not in answer.text


def test_a_tenant_is_changed_and_keeps_what_is_not_named(
    platform: Platform, demo_site: DemoSite, ours: Organization, client: Client
):
    admin = client(ours.admin)
    made = admin.post("/v1/tenants", json=wish(demo_site, settings={"acf": "inline"})).json()
    path = f"/v1/tenants/{made['id']}"
    changed = admin.patch(
        path, json={"settings": {"acf": None, "post_types": "evento"}, "check": False}
    )
    assert changed.json()["settings"] == {"post_types": "evento"}
    assert not changed.json()["public"]
    assert admin.patch(path, json={"schedule": "off"}).json()["schedule"] == "off"
    assert admin.patch(path, json={"schedule": "default"}).json()["schedule"] == "default"
    opened = admin.patch(path, json={"public": True})
    assert opened.status_code == 200, opened.text
    assert opened.json()["public"]
    assert platform.tenants.get(made["id"]).credentials is None


def test_a_removed_tenant_is_there_no_more(platform: Platform, ours: Organization, client: Client):
    admin, path = client(ours.admin), f"/v1/tenants/{ours.tenant}"
    assert admin.delete(path).json() == {"id": ours.tenant, "status": "removed"}
    assert admin.get(path).status_code == 404
    assert admin.delete(path).status_code == 404
    assert not platform.tenants.get(ours.tenant).active


def test_tenants_come_in_pages(ours: Organization, theirs: Organization, client: Client):
    admin = client(ours.admin)
    for _ in range(4):
        body = {"name": "a", "source": "wordpress", "url": "https://a.test", "check": False}
        assert admin.post("/v1/tenants", json=body).status_code == 201
    found, cursor = [], None
    while True:
        page = admin.get(
            "/v1/tenants", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        found += [tenant["id"] for tenant in page.json()["tenants"]]
        cursor = page.json()["nextCursor"]
        if cursor is None:
            break
    assert found == sorted(found)
    assert len(set(found)) == 5
    assert theirs.tenant not in found


def test_a_budget_is_shown_and_set_within_the_organizations(
    platform: Platform, ours: Organization, client: Client
):
    platform.budgets.set_organization(ours.name, Change(Decimal(100)))
    admin, path = client(ours.admin), f"/v1/tenants/{ours.tenant}/budget"
    assert admin.get(path).json()["isDefault"]
    assert admin.put(path, json={"monthly": "7.50"}).json()["monthly"] == "7.50"
    assert admin.put(path, json={"monthly": "none"}).json()["monthly"] is None
    blocked = admin.put(path, json={"blocked": True, "reason": "too dear"}).json()
    assert (blocked["state"], blocked["blocked"]) == ("BLOCKED", True)
    assert "too dear" in blocked["reason"]
    assert "sync-assets" not in blocked["reason"]
    assert admin.put(path, json={"blocked": False}).json()["state"] == "NORMAL"
    assert client(ours.syncer).put(path, json={"blocked": False}).status_code == 403


@pytest.mark.parametrize("more", ["7.50", "none", "default"])
def test_without_a_budget_of_the_organization_a_key_only_lowers(
    more: str, platform: Platform, ours: Organization, client: Client
):
    admin, path = client(ours.admin), f"/v1/tenants/{ours.tenant}/budget"
    assert admin.put(path, json={"monthly": "2.00"}).json()["monthly"] == "2.00"
    refused = admin.put(path, json={"monthly": more})
    assert refused.status_code == 403
    assert "2.00" in refused.json()["detail"]
    assert admin.put(path, json={"monthly": "1.50"}).status_code == 200
    platform.budgets.set_tenant(ours.tenant, Change(blocked=True, reason="contract ended"))
    assert admin.put(path, json={"blocked": False}).status_code == 403
    standing = platform.budgets.standing(ours.tenant)
    assert (standing.monthly, standing.caps[0].blocked) == (Decimal("1.50"), True)


def test_an_organization_registers_no_more_than_so_many(
    ours: Organization, theirs: Organization, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tenants, "MOST", 2)
    body = {"name": "a", "source": "wordpress", "url": "https://a.test", "check": False}
    admin = client(ours.admin)
    assert [admin.post("/v1/tenants", json=body).status_code for _ in range(2)] == [201, 409]
    assert client(theirs.admin).post("/v1/tenants", json=body).status_code == 201


def test_one_organization_does_not_take_all_turns_at_asking_sites(
    demo_site: DemoSite, ours: Organization, theirs: Organization, client: Client
):
    with ExitStack() as slow:
        for _ in range(2):
            slow.enter_context(registering.asking.taken(ours.name))
        refused = client(ours.admin).post("/v1/tenants", json=wish(demo_site))
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert client(theirs.admin).post("/v1/tenants", json=wish(demo_site)).status_code == 201
    assert client(ours.admin).post("/v1/tenants", json=wish(demo_site)).status_code == 201


@pytest.mark.parametrize("amount", ["-1", "x", "1e400", "0.00000000001", "NaN", "99999999999"])
def test_what_is_no_amount_is_refused(amount: str, ours: Organization, client: Client):
    path = f"/v1/tenants/{ours.tenant}/budget"
    assert client(ours.admin).put(path, json={"monthly": amount}).status_code == 422


def test_a_search_before_anything_is_embedded_says_so(ours: Organization, client: Client):
    path = f"/v1/tenants/{ours.tenant}/search"
    answer = client(ours.reader).get(path, params={"q": "opening hours"})
    assert answer.status_code == 200
    assert answer.json()["hits"] == []
    assert "embedded" in answer.json()["notes"][0]
    assert "sync-assets" not in answer.text
    assert client(ours.reader).get(path, params={"q": "x", "type": "nothing"}).status_code == 422
    assert client(ours.reader).get(path).status_code == 422
