"""What the API shows of an order: its parts as lists, its money as exact as it was."""

from decimal import Decimal

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import Scope
from sync_assets_tests.gateway.conftest import Client
from sync_assets_tests.store.test_children import held, order, page

pytestmark = pytest.mark.postgres


def test_an_order_comes_with_its_lines_and_exact_money(platform: Platform, client: Client):
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1.10"}, total=Decimal("0.30"), currency="BRL")))
    key = platform.keys.add("agency", [Scope.READ], name="reader")[1]
    answer = client(key).get("/v1/tenants/loja/records/orders")
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["records"]
    record = found["record"]
    assert (found["key"], record["total"], record["currency"]) == (1, "0.30", "BRL")
    assert [(line["line_id"], line["unit_price"]) for line in record["lines"]] == [(10, "1.10")]
    assert record["refunds"] == []
