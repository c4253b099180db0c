"""Tenants and their credentials."""

import pytest

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tenants import Credentials, Tenant, check_tenant_id

CREDENTIALS = Credentials("sync", "abcd efgh ijkl")


def test_a_secret_never_shows_in_a_repr():
    tenant = Tenant("acme", "wordpress", "Acme", "https://acme.example", CREDENTIALS)
    assert "abcd" not in f"{tenant!r} {tenant} {CREDENTIALS!r} {CREDENTIALS}"
    assert "sync" in repr(CREDENTIALS)


@pytest.mark.parametrize("text", ["a", "7", "acme", "acme-2_b", "a" * 63])
def test_good_ids_are_given_back(text: str):
    assert check_tenant_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "acme corp",
        "-acme",
        "_a",
        "a" * 64,
        "acme\n",
        "ação",
        "a/b",
        "a.b",
        "a\x00",
        "../a",
        "a'--",
    ],
)
def test_bad_ids_are_refused_with_a_rule(text: str):
    with pytest.raises(OperatorMustAct, match="Use up to 63 small letters"):
        check_tenant_id(text)


def test_a_huge_id_does_not_flood_the_message():
    with pytest.raises(OperatorMustAct) as caught:
        check_tenant_id("A" * 10_000)
    assert len(str(caught.value)) < 300
