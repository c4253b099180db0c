"""What a tenant may wish for."""

from dataclasses import replace

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.ports import SyncOptions
from sync_assets.core.rate import Rate
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.sources.wordpress import WordPress
from sync_assets.sources.wordpress.settings import SETTINGS, Wishes
from sync_assets_tests.sources.test_pacing import Known


@pytest.mark.parametrize(("text", "per_second"), [("5", 5.0), (" 0.5 ", 0.5), ("1e2", 100.0)])
def test_a_rate_is_a_number_of_requests_a_second(text: str, per_second: float) -> None:
    assert SETTINGS["requests_per_second"].parse(text) == Rate(per_second)
    assert Wishes.parse("acme", {"requests_per_second": text}).rate == Rate(per_second)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "0.001", "1e9"])
def test_a_rate_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate to keep"):
        SETTINGS["requests_per_second"].parse(text)


@pytest.mark.parametrize("text", ["", "fast", "5/s", "0,5"])
def test_what_is_no_number_is_no_rate(text: str) -> None:
    with pytest.raises(TenantMustAct, match=r"acme.*is no number of requests a second"):
        Wishes.parse("acme", {"requests_per_second": text})


def test_wishes_for_texts_are_wishes_of_a_site_too() -> None:
    assert SETTINGS["embed_unpublished"].parse("on") is True
    assert SETTINGS["embeddings"].parse("off") is False
    assert SETTINGS["language"].parse("pt,en") == ("pt", "en")


def test_tenants_of_one_host_have_one_account(tenant: Tenant, site: DemoSite) -> None:
    known = Known()
    source = WordPress(allow_private=True, paces=known)
    for who in (tenant, replace(tenant, id="globex", url=site.url + "/")):
        wishes = replace(who, settings={"requests_per_second": "50"})
        with source.connect(wishes, SyncOptions(), StopSignal()):
            pass
    account = "wordpress:" + site.url.removeprefix("http://")
    assert known.asked == [(account, Rate(50.0))] * 2


def test_a_tenant_that_wishes_no_limit_is_not_paced(tenant: Tenant) -> None:
    known = Known()
    with WordPress(allow_private=True, paces=known).connect(tenant, SyncOptions(), StopSignal()):
        pass
    assert known.asked == []


def test_a_wish_that_cannot_be_met_asks_the_site_nothing(tenant: Tenant, site: DemoSite) -> None:
    wishes = replace(tenant, settings={"requests_per_second": "fast"})
    source = WordPress(allow_private=True)
    with pytest.raises(TenantMustAct), source.connect(wishes, SyncOptions(), StopSignal()):
        pass
    assert not site.received
